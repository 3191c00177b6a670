import { loadBundle } from '../../../services/pdp/loader.ts';
import { createReplica, type Replica, type ReplicaOptions } from '../../../services/pdp/replica.ts';
import { createSignatureWatch } from '../../../services/pdp/signature-watch.ts';
import type { OpenTestDatabase } from '../../support/postgres.ts';

/** What a process holds of a database, asked for when a test says {@link follow}. */
export function replicaOf({ serving }: OpenTestDatabase, changes: Partial<ReplicaOptions> = {}): Replica {
  return createReplica({
    pool: serving,
    evaluator: 'compiled',
    load: (digest, evaluator) => loadBundle(serving, digest, evaluator),
    signatures: createSignatureWatch({ pool: serving, log: { warn: () => undefined } }),
    onLoadFailure: () => undefined,
    ...changes,
  });
}

/** Takes over all that there is by now. */
export async function follow(replica: Replica): Promise<void> {
  await replica.refresh();
  await replica.settled();
}
