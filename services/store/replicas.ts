import { z } from 'zod';
import { columnText } from './column-text.ts';
import type { Database } from './database.ts';
import { query } from './pool.ts';

/** How a process stands to what a store has deployed, in its own words. */
export const REPLICA_STORE = z.object({
  /** That it decides by; 0: by none. */
  sequence: z.coerce.bigint(),
  /** Of the state that it decides by; earlier versions do not say. */
  stateSequence: z.coerce.bigint().optional(),
  digest: z.string().nullable(),
  canary: z.string().nullable(),
  /** `loading`: it knows a newer one and does not serve it yet; `failed`: it cannot. */
  state: z.enum(['served', 'loading', 'failed', 'unsigned', 'none']),
  /** The sequence that it should serve. */
  wanted: z.coerce.bigint(),
  /** Why it does not; `null`: it does, or will. */
  problem: z.string().nullable(),
});
export type ReplicaStore = z.infer<typeof REPLICA_STORE>;

/** What a process says of itself. */
export interface ReplicaReport {
  /** Of this start. */
  readonly bootId: string;
  readonly processId: string;
  /** Milliseconds since PostgreSQL had last confirmed what it decides by. */
  readonly ageMs: number;
  /** By the store's name. */
  readonly stores: ReadonlyMap<string, ReplicaStore>;
}

/** The same as PostgreSQL has it. */
export interface ReplicaRow extends ReplicaReport {
  readonly startedAt: Date;
  /** Milliseconds since it was last heard, by the database's clock. */
  readonly silentMs: number;
}

/** Longest text of a problem; the process log has the rest. */
const PROBLEM_UNITS = 300;
/** Processes that are told, those heard last. */
const LISTED = 500;
/** What a process that was killed leaves is told for so long. */
const FORGOTTEN_AFTER = '15 minutes';

/** Says how a process is; the row is made by the first report and renewed by each. */
export async function reportReplica(database: Database, report: ReplicaReport): Promise<void> {
  const { bootId, processId, ageMs, stores } = report;
  await query(
    database,
    `insert into replicas (boot_id, process_id, age_ms, stores) values ($1, $2, $3, $4)
     on conflict (boot_id) do update set seen_at = now(), age_ms = excluded.age_ms, stores = excluded.stores`,
    [bootId, columnText(processId), Math.round(ageMs), storesText(stores)],
  );
}

/** Takes a process off the list that stops. */
export async function removeReplica(database: Database, bootId: string): Promise<void> {
  await query(database, 'delete from replicas where boot_id = $1', [bootId]);
}

/** Forgets processes that have not been heard for long. */
export async function forgetReplicas(database: Database): Promise<void> {
  await query(database, `delete from replicas where seen_at < now() - interval '${FORGOTTEN_AFTER}'`);
}

/** Every process that was heard lately, by its name; one that reports nonsense is told without its stores. */
export async function listReplicas(database: Database): Promise<ReplicaRow[]> {
  const rows = await query<{
    bootId: string;
    processId: string;
    startedAt: Date;
    ageMs: string;
    silentMs: number;
    stores: object;
  }>(
    database,
    `select boot_id as "bootId", process_id as "processId", started_at as "startedAt", age_ms as "ageMs",
       greatest(0, extract(epoch from now() - seen_at) * 1000)::float8 as "silentMs", stores
     from replicas where seen_at > now() - interval '${FORGOTTEN_AFTER}'
     order by seen_at desc limit ${LISTED}`,
  );

  return rows
    .map((row) => ({ ...row, ageMs: Number(row.ageMs), stores: readStores(row.stores) }))
    .toSorted((one, other) => compare(one.processId, other.processId) || compare(one.bootId, other.bootId));
}

function storesText(stores: ReadonlyMap<string, ReplicaStore>): string {
  return JSON.stringify(
    Object.fromEntries(
      [...stores].map(([name, store]) => [
        name,
        {
          ...store,
          sequence: String(store.sequence),
          stateSequence: store.stateSequence?.toString(),
          wanted: String(store.wanted),
          problem: store.problem === null ? null : columnText(store.problem.slice(0, PROBLEM_UNITS)),
        },
      ]),
    ),
  );
}

function readStores(stores: object): ReadonlyMap<string, ReplicaStore> {
  return new Map(
    Object.entries(stores).flatMap(([name, stored]) => {
      const { data } = REPLICA_STORE.safeParse(stored);

      return data === undefined ? [] : [[name, data]];
    }),
  );
}

function compare(one: string, other: string): number {
  if (one === other) return 0;

  return one < other ? -1 : 1;
}
