import type { Database } from './database.ts';
import { query } from './pool.ts';

/** A record's text and what stands in columns so that it can be found. */
export interface DecisionRow extends DecisionColumns {
  readonly record: string;
}

export interface DecisionColumns {
  readonly decision_id: string;
  readonly kind: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly store: string | null;
  readonly subject: string;
  readonly principal_type: string | null;
  readonly principal_id: string | null;
  readonly action_type: string | null;
  readonly action_id: string | null;
  readonly resource_type: string | null;
  readonly resource_id: string | null;
  readonly decision: string | null;
  readonly reason_code: string;
  readonly bundle_digest: string | null;
  readonly trace_id: string;
  readonly process_id: string;
  readonly boot_id: string;
  readonly seq: number;
  /** Of an enforced decision: the break-glass that it was made under. */
  readonly break_glass: string | null;
}

/** A text as a column holds it: Postgres refuses a NUL, and half a surrogate pair is no UTF-8. */
export function columnText(text: string): string {
  const wellFormed = text.toWellFormed();

  return wellFormed.includes('\0') ? wellFormed.replaceAll('\0', '\ufffd') : wellFormed;
}

/** An encrypted input; bytes as base64. */
export interface InputRow {
  readonly kek_id: string;
  readonly wrapped_key: string;
  readonly nonce: string;
  readonly ciphertext: string;
}

/** Which stores a caller may read; records without a store are seen by `all` alone. */
export type StoreScope = readonly string[] | 'all';

/**
 * Adds records with their inputs in one statement; one that is there already is left as it is, its input too,
 * so that an erased input does not come back.
 * @throws PdpError as `toStoreError` says.
 */
export async function insertDecisions(
  database: Database,
  rows: readonly (DecisionRow & Partial<InputRow>)[],
): Promise<void> {
  await query(database, INSERT, [`[${rows.map(rowText).join()}]`]);
}

/**
 * A record is JSON already. Postgres gives an object that stands where a text is wanted as it was written, so its quotes need no
 * escapes; with an escaped NUL in it, only a string will do.
 */
function rowText({ record, ...columns }: DecisionRow & Partial<InputRow>): string {
  const written = record.includes('\\u') ? JSON.stringify(record) : record;

  return `{"record":${written},${JSON.stringify(columns).slice(1)}`;
}

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
    `select ${COLUMNS.map((name) => SELECTED[name] ?? name).join(', ')} from decisions
     where (process_id, boot_id, seq, decision_id) > ($1, $2::uuid, $3::bigint, $4::uuid)
     order by process_id, boot_id, decisions.seq, decision_id limit ${limit}`,
    [from.process_id, from.boot_id, from.seq, from.decision_id],
  );
}

const NIL_UUID = '00000000-0000-0000-0000-000000000000';

const COLUMN_TYPES = {
  decision_id: 'uuid',
  kind: 'text',
  time: 'timestamptz',
  store: 'text',
  subject: 'text',
  principal_type: 'text',
  principal_id: 'text',
  action_type: 'text',
  action_id: 'text',
  resource_type: 'text',
  resource_id: 'text',
  decision: 'text',
  reason_code: 'text',
  bundle_digest: 'text',
  trace_id: 'text',
  process_id: 'text',
  boot_id: 'uuid',
  seq: 'bigint',
  break_glass: 'uuid',
  record: 'text',
} as const satisfies Record<keyof DecisionRow, string>;

const COLUMNS = Object.keys(COLUMN_TYPES);

/** Columns that are not read as they are: the driver would make a Date in local terms, and a text of a bigint. */
const SELECTED: Readonly<Record<string, string>> = {
  time: `to_char(time at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as time`,
  seq: 'seq::float8 as seq',
};

// One parameter for the whole batch: the driver escapes array elements one by one, JSON.stringify is native.
const INSERT = `
  with line as materialized (
    select * from json_to_recordset($1::json) as line (
      ${Object.entries(COLUMN_TYPES)
        .map(([name, type]) => `${name} ${type}`)
        .join(', ')},
      kek_id text, wrapped_key text, nonce text, ciphertext text
    )
  ), added as (
    insert into decisions (${COLUMNS.join(', ')})
    select ${COLUMNS.join(', ')} from line
    on conflict (decision_id) do nothing
    returning decision_id
  )
  insert into decision_inputs (decision_id, kek_id, wrapped_key, nonce, ciphertext)
  select decision_id, kek_id, decode(wrapped_key, 'base64'), decode(nonce, 'base64'), decode(ciphertext, 'base64')
  from line join added using (decision_id) where kek_id is not null
  on conflict (decision_id) do nothing`;

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
