import type { IncomingMessage } from 'node:http';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type {} from 'zod-openapi';
import { PdpError, toPdpError } from '../../engine/error.ts';
import type { EvaluatorName } from '../../engine/evaluator.ts';
import { parseDuration } from '../../engine/extension/duration.ts';
import { getBundleArchive } from '../../store/bundles.ts';
import { uuidAt } from '../../store/decision-partitions.ts';
import { deploymentHistory } from '../../store/deployments.ts';
import { listOverrides } from '../../store/evaluator-overrides.ts';
import { newestOf } from '../../store/replay-rows.ts';
import type { ReplayProgress, ReplayTask } from '../replay/messages.ts';
import type { RunReplay } from '../replay/replays.ts';
import { publicError } from '../wire/errors.ts';
import { type JsonValue, jsonText } from '../wire/rest/json-text.ts';
import { digestOf } from './bundles.ts';
import { checkUpload } from './check-upload.ts';
import { type AdminContext, goneSignal, storeOf } from './context.ts';
import { readQuery } from './input.ts';
import { type AdminRoute, createAdminRoutes } from './routes.ts';

const AGO = 'in Cedar duration text such as `7d` or `1h30m`.';
const RANGE = {
  since: z
    .string()
    .optional()
    .meta({ description: `How far back to begin, ${AGO} Left out: with the first record.` }),
  until: z
    .string()
    .optional()
    .meta({ description: `How far back to end, ${AGO} Left out: now.` }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ description: 'At most so many records, the newest.' }),
};

/** Parameters of `POST /v1/stores/{store}/replay/verification`. */
export const REPLAY_VERIFICATION_QUERY = z.strictObject(RANGE);

/** Parameters of `POST /v1/stores/{store}/replay`. */
export const REPLAY_QUERY = z.strictObject({
  ...RANGE,
  digest: z.string().optional().meta({
    description: 'A bundle that was pushed. Left out: the candidate is the body, and is not stored.',
  }),
});

/** `/v1/stores/{store}/replay`: decides past requests again. The inputs are opened here and do not leave. */
export function replayRoutes(context: AdminContext): readonly AdminRoute[] {
  const routes = createAdminRoutes();
  const waiting = (): number => context.ledger.stats().waitingRecords;

  routes.post('/v1/stores/:store/replay', 'replay', async (request, response) => {
    const { digest, ...range } = readQuery(request, REPLAY_QUERY);
    const task = await taskOf(context, request, range);
    await context.replays.alone(async (run) => {
      const { archive, digest: candidate } =
        digest === undefined
          ? await checkUpload(request, response)
          : await storedBundle(context, request, digestOf(digest));
      const evaluator = await evaluatorOf(context, request, candidate);
      await answer(
        request,
        response,
        { ...task, subject: { kind: 'candidate', archive, digest: candidate, evaluator } },
        run,
        waiting,
      );
    });
  });

  routes.post('/v1/stores/:store/replay/verification', 'replay', async (request, response) => {
    const task = await taskOf(context, request, readQuery(request, REPLAY_VERIFICATION_QUERY));
    refuseBody(request);
    await context.replays.alone((run) =>
      answer(request, response, { ...task, subject: { kind: 'verification' } }, run, waiting),
    );
  });

  return routes.all;
}

type RangeQuery = z.infer<typeof REPLAY_VERIFICATION_QUERY>;

/** What to replay, but for the subject, and how the report begins. */
interface Asked extends Omit<ReplayTask, 'subject'> {
  readonly head: { readonly store: string; readonly from: string | null; readonly until: string };
}

async function taskOf(
  { poolFor }: AdminContext,
  request: Request,
  { since, until, limit }: RangeQuery,
): Promise<Asked> {
  const store = storeOf(request);
  const now = Date.now();
  const from = since === undefined ? 0 : now - millisecondsOf('since', since);
  const end = until === undefined ? now : now - millisecondsOf('until', until);
  if (from > end) {
    throw new PdpError('invalid_request', 'since must lie further back than until', { field: 'since' });
  }
  // Throws where there is no such store.
  await deploymentHistory(poolFor(request), store, 1);

  const range = { store, from: uuidAt(from), before: until === undefined ? LAST_ID : uuidAt(end) };

  return {
    range: limit === undefined ? range : await newestOf(poolFor(request), range, limit),
    head: {
      store,
      from: since === undefined ? null : timeText(from),
      until: timeText(end),
    },
  };
}

/** Without an end everything is read that is there: the clock of a process that decides may be ahead of this one. */
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Long before the first record a time is of no interest, and `Date` knows no time at all. */
function timeText(milliseconds: number): string {
  return new Date(Math.max(0, milliseconds)).toISOString();
}

function millisecondsOf(field: string, text: string): number {
  const milliseconds = parseDuration(text)?.milliseconds;
  if (milliseconds !== undefined && milliseconds >= 0n) return Number(milliseconds);

  throw new PdpError('invalid_request', `${field} is a duration such as 7d or 1h30m`, { field });
}

async function storedBundle(
  { poolFor }: AdminContext,
  request: Request,
  digest: string,
): Promise<{ readonly archive: Uint8Array; readonly digest: string }> {
  refuseBody(request);

  return { archive: await getBundleArchive(poolFor(request), digest, [storeOf(request)]), digest };
}

function refuseBody({ headers }: IncomingMessage): void {
  if (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0) return;

  throw new PdpError('invalid_request', 'the bundle is named already; leave the body out', { field: 'body' });
}

/** Whoever serves the candidate would judge it so. */
async function evaluatorOf(
  { poolFor, evaluator }: AdminContext,
  request: Request,
  digest: string,
): Promise<EvaluatorName> {
  const overridden = (await listOverrides(poolFor(request))).some((one) => one.digest === digest);

  return overridden ? 'cedar' : evaluator;
}

/** How often a client is told how far it is; also what keeps a connection from being taken for dead. */
const PROGRESS_MS = 500;

/**
 * Lines of JSON: progress as long as it runs, then the report, or the error that it ended in.
 * @param waiting how many records of this process are not in PostgreSQL yet.
 */
async function answer(
  request: Request,
  response: Response,
  { head, ...task }: ReplayTask & Asked,
  run: RunReplay,
  waiting: () => number,
): Promise<void> {
  const gone = goneSignal(request, response);
  if (gone.aborted) return;

  let progress: ReplayProgress = { read: 0, replayed: 0, total: undefined };
  const say = (line: { readonly [name: string]: JsonValue }): void => {
    if (!response.writableEnded && !response.destroyed) response.write(`${jsonText(line)}\n`);
  };
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  say({ progress: { ...progress } });
  const telling = setInterval(() => say({ progress: { ...progress } }), PROGRESS_MS);
  try {
    const report = await run(
      task,
      (next) => {
        progress = next;
      },
      gone,
    );
    say({ progress: { ...progress } });
    const told = report as unknown as { readonly [name: string]: JsonValue };
    say({ report: { ...head, ...told, waiting: waiting() } });
  } catch (thrown) {
    const { code, message, field, limit } = publicError(toPdpError(thrown));
    say({ error: { code, detail: message, field, limit } });
  } finally {
    clearInterval(telling);
    response.end();
  }
}
