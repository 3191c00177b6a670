import type { Database } from './database.ts';
import { query } from './pool.ts';

const PARTITIONED = ['decisions', 'decision_inputs'] as const;

/**
 * Makes the monthly partitions of the decision log that are missing; run by the role that migrates.
 * Rows that lie in the default partition meanwhile move over.
 * @param database one connection, so that each month is one transaction.
 * @param from any moment of the first month, UTC.
 * @param months how many, the first included.
 * @returns the names of the partitions made.
 * @throws PdpError as `toStoreError` says.
 */
export async function createPartitions(database: Database, from: Date, months: number): Promise<string[]> {
  const made: string[] = [];

  for (let index = 0; index < months; index += 1) {
    const start = Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + index);
    const end = Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + index + 1);
    for (const table of PARTITIONED) {
      const name = `${table}_${new Date(start).toISOString().slice(0, 7).replace('-', '_')}`;
      if (await exists(database, name)) continue;

      await createPartition(database, table, name, { from: uuidAt(start), to: uuidAt(end) });
      made.push(name);
    }
  }

  return made;
}

/** The lowest UUIDv7-shaped id of a millisecond since the epoch: its first 48 bits (RFC 9562, 5.7). */
export function uuidAt(milliseconds: number): string {
  const hex = Math.max(0, milliseconds).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

interface IdRange {
  readonly from: string;
  readonly to: string;
}

async function exists(database: Database, name: string): Promise<boolean> {
  const rows = await query(database, 'select to_regclass($1) where to_regclass($1) is not null', [name]);
  return rows.length > 0;
}

/** Attached rather than made in place: that locks the parent so weakly that inserts into other months go on. */
async function createPartition(database: Database, table: string, name: string, ids: IdRange): Promise<void> {
  // No value here comes from outside; a partition's bounds cannot be parameters.
  const range = `decision_id >= '${ids.from}' and decision_id < '${ids.to}'`;

  await query(
    database,
    `
    do $$
    begin
      -- A row that came into the default partition after the move would refuse the new one.
      lock table ${table}_default in access exclusive mode;
      create table ${name} (like ${table} including all);
      with moved as (delete from ${table}_default where ${range} returning *)
      insert into ${name} select * from moved;
      alter table ${table} attach partition ${name} for values from ('${ids.from}') to ('${ids.to}');
    exception
      -- Another runner made it at this moment.
      when duplicate_table then null;
    end
    $$`,
  );
}
