/** The load of a soak, in a process of its own so that its memory and its core are not the server's. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Metadata, status } from '@grpc/grpc-js';
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
      const { answered, refusals, problem } = await send(client, metadata, requests);
      decided += answered;
      refused += refusals;
      // They are asked again.
      asked -= refusals;
      if (problem !== undefined) errors.push(problem);
      if (refusals > 0) await sleep(REFUSED_PAUSE_MS);
    }
  }
}

interface Sent {
  readonly answered: number;
  readonly refusals: number;
  readonly problem: string | undefined;
}

/** A call that is refused as a whole, such as for its deadline, counts as a refusal of each of its items. */
function send(
  client: AuthorizationServiceClient,
  metadata: Metadata,
  requests: AuthorizeRequest[],
): Promise<Sent> {
  return new Promise((resolve) => {
    client.authorizeBatch({ requests }, metadata, { deadline: Date.now() + DEADLINE_MS }, (error, reply) => {
      if (error === null) resolve(countResults(reply?.results ?? [], requests.length));
      else if (error.code === status.UNAVAILABLE) resolve(allRefused(requests.length));
      else resolve({ answered: 0, refusals: 0, problem: String(error) });
    });
  });
}

function countResults(results: readonly AuthorizeResult__Output[], sent: number): Sent {
  const answered = results.filter(({ response }) => response).length;
  const refusals = results.filter(({ error }) => error?.code === 'unavailable').length;
  const other = results.find(({ error }) => error && error.code !== 'unavailable')?.error;
  const problem = `${sent - answered - refusals} of ${sent} failed: ${other?.code} ${other?.message}`;

  return { answered, refusals, problem: answered + refusals === sent ? undefined : problem };
}

function allRefused(sent: number): Sent {
  return { answered: 0, refusals: sent, problem: undefined };
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
