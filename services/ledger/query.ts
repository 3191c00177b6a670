import { PdpError } from '../engine/error.ts';
import { parseDuration } from '../engine/extension/duration.ts';
import type { Database } from '../store/database.ts';
import { uuidAt } from '../store/decision-partitions.ts';
import {
  type EntityFilter,
  type FoundDecision,
  type StoreScope,
  selectDecision,
  selectDecisions,
  selectInput,
  selectTail,
  selectTailEnd,
  type TailPosition,
} from '../store/decisions.ts';
import { openInput } from './input.ts';
import type { Keyring } from './keyring.ts';
import { readRecord } from './record.ts';

/** What to look for in the log, as an operator writes it; what is absent matches anything. */
export interface LogQuery {
  /** `Type::"id"`, as the other two. */
  readonly principal?: string | undefined;
  readonly action?: string | undefined;
  readonly resource?: string | undefined;
  readonly decision?: string | undefined;
  /** A reason code; of an error record, its error code. */
  readonly reason_code?: string | undefined;
  readonly subject?: string | undefined;
  readonly bundle_digest?: string | undefined;
  readonly trace_id?: string | undefined;
  /** Decisions that were made under it. */
  readonly break_glass?: string | undefined;
  /** Only calls of administration, which are left out otherwise. */
  readonly administration?: boolean | undefined;
  /** How far back, in Cedar's duration text, such as `1h30m`. */
  readonly since?: string | undefined;
  /** At most 1,000; 100 if absent. */
  readonly limit?: number | undefined;
  /** The `next` of the page before. */
  readonly cursor?: string | undefined;
}

export interface LogPage {
  /** Newest first; `record` is the text exactly as it was hashed. */
  readonly records: readonly FoundDecision[];
  /** Continues where this page ends; null: it was the last. */
  readonly next: string | null;
}

export const QUERY_LIMIT = 1_000;
const DEFAULT_LIMIT = 100;

/**
 * Finds records of the stores that the caller may see.
 * @param now milliseconds since the epoch; `since` counts back from it.
 * @throws PdpError `invalid_request` naming the field, or as `toStoreError` says.
 */
export async function queryDecisions(
  database: Database,
  stores: StoreScope,
  query: LogQuery,
  now = Date.now(),
): Promise<LogPage> {
  const limit = checkedLimit(query.limit);
  const records = await selectDecisions(
    database,
    stores,
    {
      principal: entityOf('principal', query.principal),
      action: entityOf('action', query.action),
      resource: entityOf('resource', query.resource),
      decision: query.decision,
      reasonCode: query.reason_code,
      subject: query.subject,
      bundleDigest: query.bundle_digest,
      traceId: query.trace_id,
      breakGlass: query.break_glass === undefined ? undefined : checkedId('break_glass', query.break_glass),
      administration: query.administration ?? false,
      from: query.since === undefined ? undefined : uuidAt(now - millisecondsOf(query.since)),
      before: query.cursor === undefined ? undefined : checkedId('cursor', query.cursor),
    },
    limit,
  );

  return { records, next: records.length < limit ? null : (records.at(-1)?.decision_id ?? null) };
}

/** @throws PdpError `not_found` if there is no such record in the stores that the caller may see. */
export async function getDecision(
  database: Database,
  stores: StoreScope,
  decisionId: string,
): Promise<FoundDecision> {
  const found = await selectDecision(database, stores, checkedId('decision_id', decisionId));
  if (found === undefined)
    throw new PdpError('not_found', `no decision ${decisionId}`, { field: 'decision_id' });

  return found;
}

/**
 * Opens the exact request behind a record, for replay.
 * @throws PdpError `not_found` if there is no such record, or its input was not kept or is erased; else as `openInput`.
 */
export async function getInput(
  database: Database,
  stores: StoreScope,
  keyring: Keyring,
  decisionId: string,
): Promise<string> {
  const { record } = await getDecision(database, stores, decisionId);
  const input = await selectInput(database, stores, decisionId);
  const { commitment, ...binding } = readRecord(record);
  if (input === undefined || commitment === null) {
    throw new PdpError('not_found', `the input of decision ${decisionId} is erased or was not kept`);
  }

  return openInput(keyring, input, binding, commitment);
}

export interface TailPage {
  /** In the order in which they reached the log. */
  readonly records: readonly FoundDecision[];
  /** Where to go on. */
  readonly cursor: string;
}

/**
 * Follows the log: what reached it since the last page, none left out, however late and from whichever process.
 * While a transaction is open on the server, records that land after its beginning wait for its end.
 * @param after the cursor of the page before; absent: the end of the log, without records. What landed while a transaction
 * was open that is older still counts as later.
 * @throws PdpError `invalid_request` for a malformed cursor, or as `toStoreError` says.
 */
export async function tailDecisions(
  database: Database,
  stores: StoreScope,
  after: string | undefined,
  limit = QUERY_LIMIT,
): Promise<TailPage> {
  if (after === undefined) return { records: [], cursor: cursorText(await selectTailEnd(database)) };

  const position = cursorOf(after);
  const records = await selectTail(database, stores, position, checkedLimit(limit));
  const last = records.at(-1);
  return {
    records: records.map(({ decision_id, record }) => ({ decision_id, record })),
    cursor: last === undefined ? after : cursorText({ landed: last.landed, decisionId: last.decision_id }),
  };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const CURSOR = /^(\d{1,19})\.(.+)$/;
const ENTITY = /^(.+?)::"(.*)"$/s;

function checkedLimit(limit = DEFAULT_LIMIT): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= QUERY_LIMIT) return limit;

  throw new PdpError('invalid_request', `limit is a number from 1 to ${QUERY_LIMIT}`, { field: 'limit' });
}

/** A type name holds no quote, so the first `::"` ends it; the id is what stands up to the last quote, as it is. */
function entityOf(field: string, text: string | undefined): EntityFilter | undefined {
  if (text === undefined) return undefined;

  const [, type, id] = ENTITY.exec(text) ?? [];
  if (type !== undefined && id !== undefined) return { type, id };

  throw new PdpError('invalid_request', `${field} is written Type::"id"`, { field });
}

function millisecondsOf(since: string): number {
  const milliseconds = parseDuration(since)?.milliseconds;
  if (milliseconds !== undefined && milliseconds >= 0n) return Number(milliseconds);

  throw new PdpError('invalid_request', 'since is a duration such as 1h30m', { field: 'since' });
}

function checkedId(field: string, id: string): string {
  if (UUID.test(id)) return id;

  throw new PdpError('invalid_request', `${field} is no decision id`, { field });
}

function cursorText({ landed, decisionId }: TailPosition): string {
  return `${landed}.${decisionId}`;
}

function cursorOf(text: string): TailPosition {
  const [, landed, decisionId] = CURSOR.exec(text) ?? [];
  if (landed !== undefined && decisionId !== undefined)
    return { landed, decisionId: checkedId('cursor', decisionId) };

  throw new PdpError('invalid_request', 'cursor is not one of the log', { field: 'cursor' });
}
