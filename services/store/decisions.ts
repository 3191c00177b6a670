import { columnText } from './column-text.ts';
import type { Database } from './database.ts';
import { COLUMN_TYPES, type DecisionRow, type InputRow } from './decision-row.ts';
import { query } from './pool.ts';

/** Which stores a caller may read; records without a store are seen by `all` alone. */
export type StoreScope = readonly string[] | 'all';

/** A position that no chain reaches by itself: rows beyond it are not continued, or one of them could end a chain. */
const LAST_CONTINUED = 2 ** 31;

/** The newest record of a chain; `undefined` where it has none. */
export async function lastOfChain(
  database: Database,
  chain: Pick<DecisionRow, 'process_id' | 'boot_id'>,
): Promise<Pick<DecisionRow, 'seq' | 'record'> | undefined> {
  const [last] = await query<Pick<DecisionRow, 'seq' | 'record'>>(
    database,
    `select seq::float8 as seq, record from decisions
     where process_id = $1 and boot_id = $2 and seq < $3 order by seq desc, decision_id limit 1`,
    [chain.process_id, chain.boot_id, LAST_CONTINUED],
  );

  return last;
}

/**
 * Keeps a line that cannot be a row.
 * @param digest SHA-256 of the line.
 * @throws PdpError as `toStoreError` says.
 */
export async function insertRefused(
  database: Database,
  refused: { readonly digest: Buffer; readonly line: Buffer; readonly problem: string },
): Promise<void> {
  await query(
    database,
    'insert into refused_records (digest, line, problem) values ($1, $2, $3) on conflict (digest) do nothing',
    [refused.digest, refused.line, refused.problem],
  );
}

/** @returns how many lines are kept as bytes because they could not be rows. */
export async function countRefused(database: Database): Promise<number> {
  const [row] = await query<{ count: string }>(database, 'select count(*) from refused_records');
  return Number(row?.count);
}

/** What a record must match; absent: anything. */
export interface DecisionFilter {
  readonly principal?: EntityFilter | undefined;
  readonly action?: EntityFilter | undefined;
  readonly resource?: EntityFilter | undefined;
  readonly decision?: string | undefined;
  readonly reasonCode?: string | undefined;
  readonly subject?: string | undefined;
  readonly bundleDigest?: string | undefined;
  readonly traceId?: string | undefined;
  readonly breakGlass?: string | undefined;
  /** Whether to find calls of administration, and only those. */
  readonly administration: boolean;
  /** Ids not below this one. */
  readonly from?: string | undefined;
  /** Ids below this one. */
  readonly before?: string | undefined;
}

export interface EntityFilter {
  readonly type: string;
  readonly id: string;
}

export interface FoundDecision {
  readonly decision_id: string;
  readonly record: string;
}

/** Finds records, the newest first. */
export function selectDecisions(
  database: Database,
  stores: StoreScope,
  filter: DecisionFilter,
  limit: number,
): Promise<FoundDecision[]> {
  const where = new Conditions(stores);
  where.entity('principal', filter.principal);
  where.entity('action', filter.action);
  where.entity('resource', filter.resource);
  where.add('decision = ?', filter.decision);
  where.add('reason_code = ?', filter.reasonCode);
  where.add('subject = ?', filter.subject);
  where.add('bundle_digest = ?', filter.bundleDigest);
  where.add('trace_id = ?', filter.traceId);
  where.add('break_glass = ?', filter.breakGlass);
  where.add(filter.administration ? 'kind = ?' : 'kind <> ?', 'administration');
  where.add('decision_id >= ?', filter.from);
  where.add('decision_id < ?', filter.before);

  return query(
    database,
    `select decision_id, record from decisions where ${where.text()} order by decision_id desc limit ${limit}`,
    where.values,
  );
}

/** @returns `undefined` if there is none, or none that the stores show. */
export async function selectDecision(
  database: Database,
  stores: StoreScope,
  decisionId: string,
): Promise<FoundDecision | undefined> {
  const where = new Conditions(stores);
  where.add('decision_id = ?', decisionId);

  const [row] = await query<FoundDecision>(
    database,
    `select decision_id, record from decisions where ${where.text()}`,
    where.values,
  );
  return row;
}

/** @returns `undefined` if the record is not shown, had no input, or its input is erased. */
export async function selectInput(
  database: Database,
  stores: StoreScope,
  decisionId: string,
): Promise<InputRow | undefined> {
  const where = new Conditions(stores);
  where.add('decision_id = ?', decisionId);

  const [row] = await query<InputRow>(
    database,
    `select kek_id, encode(wrapped_key, 'base64') as wrapped_key, encode(nonce, 'base64') as nonce,
            encode(ciphertext, 'base64') as ciphertext
     from decisions join decision_inputs using (decision_id) where ${where.text()}`,
    where.values,
  );
  return row;
}

/** A place in the order in which records arrived. */
export interface TailPosition {
  readonly landed: string;
  readonly decisionId: string;
}

/** The end of the log as it is now. */
export async function selectTailEnd(database: Database): Promise<TailPosition> {
  const [row] = await query<{ landed: string }>(
    database,
    'select pg_snapshot_xmin(pg_current_snapshot())::text as landed',
  );
  return { landed: row?.landed ?? '0', decisionId: NIL_UUID };
}

/** Records that arrived after a position, in the order of their arrival, as far as no earlier one can still come. */
export function selectTail(
  database: Database,
  stores: StoreScope,
  after: TailPosition,
  limit: number,
): Promise<(FoundDecision & { landed: string })[]> {
  const where = new Conditions(stores);
  where.add('(landed, decision_id) > (?::xid8, ?::uuid)', after.landed, after.decisionId);
  where.add("kind <> 'administration'");

  return query(
    database,
    // Transactions end in another order than they began: rows of one that is older than the oldest unfinished cannot increase.
    `select landed::text, decision_id, record from decisions
     where ${where.text()} and landed < pg_snapshot_xmin(pg_current_snapshot())
     order by decisions.landed, decision_id limit ${limit}`,
    where.values,
  );
}

/** A place in the order of all chains. */
export interface ChainCursor {
  readonly process_id: string;
  readonly boot_id: string;
  readonly seq: number;
  readonly decision_id: string;
}

/** A row of the log with the chain's columns, and the others, as they stand in the table. */
export type ChainRow = DecisionRow;

/** Rows of all chains, chain by chain in the order of `seq`. */
export function selectChainRows(
  database: Database,
  after: ChainCursor | undefined,
  limit: number,
): Promise<ChainRow[]> {
  const from = after ?? { process_id: '', boot_id: NIL_UUID, seq: -1, decision_id: NIL_UUID };

  return query(
    database,
    `select ${Object.keys(COLUMN_TYPES)
      .map((name) => SELECTED[name] ?? name)
      .join(', ')} from decisions
     where (process_id, boot_id, seq, decision_id) > ($1, $2::uuid, $3::bigint, $4::uuid)
     order by process_id, boot_id, decisions.seq, decision_id limit ${limit}`,
    [from.process_id, from.boot_id, from.seq, from.decision_id],
  );
}

const NIL_UUID = '00000000-0000-0000-0000-000000000000';

/** Columns that are not read as they are: the driver would make a Date in local terms, and a text of a bigint. */
const SELECTED: Readonly<Record<string, string>> = {
  time: `to_char(time at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as time`,
  seq: 'seq::float8 as seq',
};

/** Conditions that all hold, with their values as parameters; the stores stand first, so that none forgets them. */
class Conditions {
  readonly values: unknown[] = [];
  readonly #texts: string[] = [];

  constructor(stores: StoreScope) {
    if (stores !== 'all') this.add('store = any(?::text[])', stores);
  }

  /** Each `?` stands for a value; a condition with an absent one is left out. */
  add(text: string, ...values: readonly unknown[]): void {
    if (values.includes(undefined)) return;

    const [first, ...parts] = text.split('?');
    const numbered = parts.map((part, index) => `$${this.values.push(sqlValue(values[index]))}${part}`);
    this.#texts.push([first, ...numbered].join(''));
  }

  entity(role: 'principal' | 'action' | 'resource', entity: EntityFilter | undefined): void {
    this.add(`${role}_type = ?`, entity?.type);
    this.add(`${role}_id = ?`, entity?.id);
    if (role === 'principal') this.add('left(principal_id, 200) = left(?, 200)', entity?.id);
  }

  text(): string {
    return this.#texts.join(' and ') || 'true';
  }
}

function sqlValue(value: unknown): unknown {
  return typeof value === 'string' ? columnText(value) : value;
}
