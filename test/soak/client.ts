/** The load of a soak, in a process of its own so that its memory and its core are not the server's. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Metadata } from '@grpc/grpc-js';
import type { AuthorizationServiceClient } from '../../services/pdp/wire/generated/palisade/v1/AuthorizationService.ts';
import type { AuthorizeRequest } from '../../services/pdp/wire/generated/palisade/v1/AuthorizeRequest.ts';
import type { AuthorizeResult__Output } from '../../services/pdp/wire/generated/palisade/v1/AuthorizeResult.ts';
import { STARTER_QUESTIONS } from '../chaos/questions.ts';
import { grpcClient, metadataOf } from '../pdp/wire/support.ts';
import { largeRequest, requestsOf } from './large-bundle.ts';
import type { SoakOrder, SoakProgress } from './messages.ts';

const BATCH = 250;
const BATCHES_IN_FLIGHT = 2;
const DEADLINE_MS = 30_000;
const REPORT_MS = 250;
/** What the drain gets to make room in the spool. */
const REFUSED_PAUSE_MS = 500;
const ERRORS_KEPT = 10;

process.once('message', (order: SoakOrder) => void run(order));
// The soak is over, or was killed.
process.once('disconnect', () => process.exit());

async function run(order: SoakOrder): Promise<void> {
  const client = grpcClient(Number(order.grpc.slice(order.grpc.lastIndexOf(':') + 1)));
  const metadata = metadataOf({ authorization: `Bearer ${order.token}` });
  const errors: string[] = [];
  let asked = 0;
  let decided = 0;
  let refused = 0;
  const report = (done: boolean): void => {
    const progress: SoakProgress = { decided, refused, errors, done };
    process.send?.(progress);
  };
  const timer = setInterval(() => report(false), REPORT_MS);

  await Promise.all(Array.from({ length: BATCHES_IN_FLIGHT }, loop));
  clearInterval(timer);
  client.close();
  report(true);

  async function loop(): Promise<void> {
    while (asked < order.decisions && errors.length < ERRORS_KEPT) {
      const first = asked;
      const count = Math.min(BATCH, order.decisions - asked);
      asked += count;
      const requests = Array.from({ length: count }, (_, index) => requestAt(order, first + index));
      const results = await send(client, metadata, requests).catch((error: unknown) => {
        errors.push(String(error));
        return [];
      });
      settle(results, count);
      if (results.some(isRefused)) await sleep(REFUSED_PAUSE_MS);
    }
  }

  function settle(results: readonly AuthorizeResult__Output[], sent: number): void {
    const answered = results.filter(({ response }) => response).length;
    const turnedAway = results.filter(isRefused).length;
    decided += answered;
    refused += turnedAway;
    asked -= turnedAway;
    if (answered + turnedAway === sent) return;

    const other = results.find((result) => !result.response && !isRefused(result));
    errors.push(
      `${sent - answered - turnedAway} of ${sent} failed: ${other?.error?.code} ${other?.error?.message}`,
    );
  }
}

function isRefused({ error }: AuthorizeResult__Output): boolean {
  return error?.code === 'unavailable';
}

function send(
  client: AuthorizationServiceClient,
  metadata: Metadata,
  requests: AuthorizeRequest[],
): Promise<readonly AuthorizeResult__Output[]> {
  return new Promise((resolve, reject) => {
    client.authorizeBatch({ requests }, metadata, { deadline: Date.now() + DEADLINE_MS }, (error, reply) => {
      if (error !== null) reject(error);
      else resolve(reply?.results ?? []);
    });
  });
}

function requestAt({ largePolicies }: SoakOrder, at: number): AuthorizeRequest {
  const asked =
    largePolicies > 0
      ? largeRequest(at % requestsOf(largePolicies))
      : STARTER_QUESTIONS[at % STARTER_QUESTIONS.length];
  if (asked === undefined) return {};

  const { principal, action, resource, context } = asked;

  return { principal, action, resource, context_json: JSON.stringify(context), request_id: `soak-${at}` };
}
