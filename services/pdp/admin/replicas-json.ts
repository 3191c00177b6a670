import type { ReplicaRow } from '../../store/replicas.ts';
import type { JsonValue } from '../wire/rest/json-text.ts';

type JsonObject = { readonly [name: string]: JsonValue | undefined };

/** One that has not said anything for so long, and says something every two seconds. */
const SILENT_MS = 10_000;

/** What the processes that were heard lately serve of a store, and whether all of them serve its deployment. */
export function replicasJson(
  rows: readonly ReplicaRow[],
  store: string,
  current: bigint,
): { readonly replicas: readonly JsonObject[]; readonly skew: boolean } {
  const replicas = rows.map((row) => replicaJson(row, store, current));

  return { replicas, skew: replicas.some(({ state }) => state !== 'served') };
}

function replicaJson(row: ReplicaRow, name: string, current: bigint): JsonObject {
  const store = row.stores.get(name);

  return {
    process_id: row.processId,
    boot_id: row.bootId,
    started_at: row.startedAt.toISOString(),
    sequence: store?.sequence ?? 0n,
    state_sequence: store?.stateSequence,
    digest: store?.digest ?? undefined,
    canary: store?.canary ?? undefined,
    state: stateOf(row, name, current),
    problem: store?.problem ?? undefined,
    // By the database's clock: how long ago PostgreSQL confirmed what it decides by, as far as is known.
    age_ms: BigInt(Math.round(row.ageMs + row.silentMs)),
    silent_ms: BigInt(Math.round(row.silentMs)),
  };
}

/** How it stands to what is deployed now, which it may not know yet. */
function stateOf(row: ReplicaRow, name: string, current: bigint): string {
  const store = row.stores.get(name);
  if (row.silentMs > SILENT_MS) return 'silent';
  if (store === undefined) return current === 0n ? 'served' : 'none';
  if (store.state === 'failed' || store.state === 'unsigned') return store.state;
  if (store.sequence > current) return 'ahead';
  if (store.sequence < current) return store.sequence === 0n ? 'none' : 'behind';

  return store.state === 'loading' ? 'loading' : 'served';
}
