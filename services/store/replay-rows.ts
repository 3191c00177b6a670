import type { Database } from './database.ts';
import { query } from './pool.ts';

/** What to read of one store's part of the log. */
export interface ReplayRange {
  readonly store: string;
  /** Ids not below this one. */
  readonly from: string;
  /** Ids below this one. */
  readonly before: string;
  /** Only one of so many equal shares, counted from 0: by the last byte of an id, which is random. */
  readonly share?: { readonly index: number; readonly of: number };
}

/** A record with its encrypted input; null where that was never kept or is erased. */
export interface ReplayRow {
  readonly decision_id: string;
  readonly record: string;
  readonly kek_id: string | null;
  readonly wrapped_key: Buffer | null;
  readonly nonce: Buffer | null;
  readonly ciphertext: Buffer | null;
}

/**
 * Settings of the sessions that read pages. Of a partition that PostgreSQL has not analyzed since it grew, such as one of a month that has just
 * begun, the planner expects next to no rows: it would fetch and sort the whole range for each page, and not follow the index a page far.
 */
export const REPLAY_SETTINGS = { enable_bitmapscan: 'off', enable_sort: 'off' } as const;

// Were the share asked for with `=`, the planner would expect next to no rows, and sort all of them for each page.
const IN_RANGE = `
  d.store = $1 and d.kind in ('decision', 'error') and d.decision_id >= $2::uuid and d.decision_id < $3::uuid
  and abs(get_byte(uuid_send(d.decision_id), 15) * $4::int / 256 - $5::int) < 1
  order by d.decision_id desc`;

// The range stands twice so that partitions of both tables are left out. Lengths of texts that lie apart are read without them. Inputs
// are looked up one by one, which `offset 0` insists on: the planner would rather sort all of the range's for each page.
const PAGE = `
  select decision_id, record, kek_id, wrapped_key, nonce, ciphertext
  from (
    select d.decision_id, d.record, i.kek_id, i.wrapped_key, i.nonce, i.ciphertext,
           coalesce(sum(octet_length(d.record) + coalesce(octet_length(i.ciphertext), 0)) over (
             order by d.decision_id desc rows between unbounded preceding and 1 preceding), 0) as bytes_before
    from (select d.decision_id, d.record from decisions d where ${IN_RANGE} limit $6) d
    left join lateral (
      select i.kek_id, i.wrapped_key, i.nonce, i.ciphertext from decision_inputs i
      where i.decision_id = d.decision_id and i.decision_id >= $2::uuid and i.decision_id < $3::uuid offset 0
    ) i on true
  ) page
  where bytes_before < $7 order by decision_id desc`;

/**
 * One page of a range, the newest first: at most so many rows, and no further row once so many bytes are reached. An empty page is
 * the end of the range.
 * @throws PdpError as `toStoreError` says.
 */
export function selectReplayRows(
  database: Database,
  range: ReplayRange,
  { rows, bytes }: { readonly rows: number; readonly bytes: number },
): Promise<ReplayRow[]> {
  return query(database, PAGE, [...parametersOf(range), rows, bytes]);
}

/**
 * How many records a range holds.
 * @throws PdpError as `toStoreError` says; `unavailable` also where counting takes too long.
 */
export async function countReplayRows(database: Database, range: ReplayRange): Promise<number> {
  const [row] = await query<{ count: string }>(
    database,
    `select count(*) from (select from decisions d where ${IN_RANGE}) counted`,
    parametersOf(range),
  );

  return Number(row?.count);
}

/**
 * The same range, but only its newest records.
 * @param limit how many of them.
 * @throws PdpError as `toStoreError` says.
 */
export async function newestOf(database: Database, range: ReplayRange, limit: number): Promise<ReplayRange> {
  const [last] = await query<{ decision_id: string }>(
    database,
    `select decision_id from decisions d where ${IN_RANGE} offset $6 limit 1`,
    [...parametersOf(range), limit - 1],
  );

  return last === undefined ? range : { ...range, from: last.decision_id };
}

function parametersOf({ store, from, before, share = WHOLE }: ReplayRange): unknown[] {
  return [store, from, before, share.of, share.index];
}

const WHOLE = { index: 0, of: 1 };
