import { setTimeout as sleep } from 'node:timers/promises';
import { type Metadata, status } from '@grpc/grpc-js';
import type { AuthorizationServiceClient } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizationService.ts';
import type { AuthorizeRequest } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizeRequest.ts';
import type { AuthorizeResult__Output } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizeResult.ts';
import { grpcClient, metadataOf } from '../../pdp/wire/support.ts';
import type { ServerAddresses } from '../../support/server.ts';

const BATCH = 250;
const BATCHES_IN_FLIGHT = 2;
const DEADLINE_MS = 30_000;
/** What the drain gets to make room in the spool. */
const REFUSED_PAUSE_MS = 500;

/** What so many calls came to. */
export interface Asked {
  readonly decided: number;
  /** Those that ended in an error, as they should. */
  readonly refused: number;
  /** Decisions by bundle and reason. */
  readonly reasons: ReadonlyMap<string, number>;
}

/**
 * Asks questions over gRPC in batches, and those again for which the log had no room.
 * @throws Error where a call ends as it should not.
 */
export async function askAll(
  { grpc }: Pick<ServerAddresses, 'grpc'>,
  token: string,
  questions: Iterable<AuthorizeRequest>,
): Promise<Asked> {
  const client = grpcClient(Number(grpc.slice(grpc.lastIndexOf(':') + 1)));
  const metadata = metadataOf({ authorization: `Bearer ${token}` });
  const coming = questions[Symbol.iterator]();
  const reasons = new Map<string, number>();
  let decided = 0;
  let refused = 0;
  try {
    await Promise.all(Array.from({ length: BATCHES_IN_FLIGHT }, loop));
  } finally {
    client.close();
  }

  return { decided, refused, reasons };

  async function loop(): Promise<void> {
    for (;;) {
      let open = batch();
      if (open.length === 0) return;
      while (open.length > 0) {
        const results = await send(client, metadata, open);
        open = results === undefined ? open : open.filter((_, index) => isRefused(results[index]));
        if (open.length > 0) await sleep(REFUSED_PAUSE_MS);
      }
    }
  }

  /** Helpers of iterators would end what is to go on. */
  function batch(): AuthorizeRequest[] {
    const requests: AuthorizeRequest[] = [];
    while (requests.length < BATCH) {
      const { done, value } = coming.next();
      if (done === true) break;
      requests.push(value);
    }

    return requests;
  }

  /** Whether it is to be asked again; else it is counted. */
  function isRefused(result: AuthorizeResult__Output | undefined): boolean {
    if (result?.response) {
      const { bundle, reason_code } = result.response;
      const key = `${bundle?.version} ${reason_code}`;
      reasons.set(key, (reasons.get(key) ?? 0) + 1);
      decided += 1;

      return false;
    }
    if (result?.error?.code === 'unavailable') return true;
    if (result?.error?.code !== 'invalid_request')
      throw new Error(`a call ended in ${result?.error?.code}: ${result?.error?.message}`);
    refused += 1;

    return false;
  }
}

/** A call that is refused as a whole, such as for a spool that is full, is asked again: it has no results. */
function send(
  client: AuthorizationServiceClient,
  metadata: Metadata,
  requests: AuthorizeRequest[],
): Promise<readonly AuthorizeResult__Output[] | undefined> {
  return new Promise((resolve, reject) => {
    client.authorizeBatch({ requests }, metadata, { deadline: Date.now() + DEADLINE_MS }, (error, reply) => {
      if (error === null) resolve(reply?.results ?? []);
      else if (error.code === status.UNAVAILABLE) resolve(undefined);
      else reject(error);
    });
  });
}
