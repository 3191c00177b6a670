import { PdpError } from '../../engine/error.ts';
import { columnText } from '../column-text.ts';
import type { Database } from '../database.ts';
import { query } from '../pool.ts';

/** A decision that somebody reports on. */
export interface ReportedDecision {
  /** Its record, as it was hashed. */
  readonly record: string;
  /** By PostgreSQL's clock, in milliseconds; negative where the clock of whoever decided is ahead. */
  readonly ageMs: number;
}

/** A report as it is kept and settled. */
export interface ReportClaim {
  /** UUID. */
  readonly decisionId: string;
  /** SHA-256 of the report in one form: equal for equal ones. */
  readonly digest: Buffer;
  readonly failed: boolean;
  /** Real costs by the names of limits, none of them negative. */
  readonly costs: ReadonlyMap<string, bigint>;
  /** UUIDv7, of the report's record. */
  readonly recordId: string;
}

/** What became of a reservation. */
export interface SettledUse {
  readonly name: string;
  /** What the decision had used of the limit. */
  readonly reserved: bigint;
  /** What it counts for from now on. */
  readonly charged: bigint;
}

/** The report that a decision has. */
export interface KeptReport {
  /** Of the report that was first. */
  readonly digest: Buffer;
  /** Absent: it is not settled yet. */
  readonly settled: readonly SettledUse[] | undefined;
}

/** The same, to whoever claims it. */
export interface ClaimedReport extends KeptReport {
  /** Who is to record it. `own`: whoever asked; `other`: somebody else is at it; `nobody`: its record is in the log. */
  readonly recordedBy: 'own' | 'other' | 'nobody';
}

/** Amounts are text, since JSON's numbers are not exact. */
type SettledJson = readonly Readonly<Record<'name' | 'reserved' | 'charged', string>>[];

/**
 * Finds a decision in the log.
 * @param who the credential that got it, by its stable name, and the stores that it may speak for.
 * @returns `undefined` where it is not there, or is somebody else's: the two look the same.
 */
export async function findDecision(
  database: Database,
  decisionId: string,
  who: { readonly subject: string; readonly stores: readonly string[] },
): Promise<ReportedDecision | undefined> {
  const [row] = await query<{ record: string; age_ms: number }>(
    database,
    `select record, (extract(epoch from limit_clock() - time) * 1000)::float8 as age_ms from decisions
      where decision_id = $1 and kind = 'decision' and subject = $2 and store = any ($3)`,
    [decisionId, columnText(who.subject), who.stores],
  );

  return row === undefined ? undefined : { record: row.record, ageMs: row.age_ms };
}

/** The report that a decision has already. */
export async function findReport(database: Database, decisionId: string): Promise<KeptReport | undefined> {
  const [row] = await query<{ digest: Buffer; settled: SettledJson | null }>(
    database,
    'select digest, settled from outcomes where decision_id = $1',
    [decisionId],
  );

  return row === undefined ? undefined : { digest: row.digest, settled: usesOf(row.settled) };
}

/**
 * Makes a report the one of its decision, unless that has one.
 * @param patienceMs how old an attempt must be that came to nothing, for the same report to take over.
 * @returns the one that it has then.
 */
export async function claimReport(
  database: Database,
  claim: ReportClaim,
  patienceMs: number,
): Promise<ClaimedReport> {
  const { decisionId, digest, failed, costs, recordId } = claim;
  const amounts = Object.fromEntries([...costs].map(([name, amount]) => [name, `${amount}`]));
  const [row] = await query<ClaimedRow>(
    database,
    `select * from claim_outcome($1, $2, $3, $4, $5, $6::float8 * interval '1 millisecond')`,
    [decisionId, digest, failed, JSON.stringify(amounts), recordId, patienceMs],
  );
  if (row === undefined) throw new PdpError('internal', 'a claim had no answer');
  const other = row.is_recorded ? 'nobody' : 'other';

  return { digest: row.digest, settled: usesOf(row.settled), recordedBy: row.is_own ? 'own' : other };
}

interface ClaimedRow {
  readonly digest: Buffer;
  readonly settled: SettledJson | null;
  readonly is_own: boolean;
  readonly is_recorded: boolean;
}

/** Lets the same report be tried again at once, where it could not be recorded. */
export async function abandonReport(
  database: Database,
  { decisionId, recordId }: Pick<ReportClaim, 'decisionId' | 'recordId'>,
): Promise<void> {
  await query(database, 'select abandon_outcome($1, $2)', [decisionId, recordId]);
}

/**
 * Settles the report of a decision, once it is in the decision log; again, it changes nothing.
 * @param periodMs for how long after its use a reservation can be reported.
 */
export async function settleReport(
  database: Database,
  decisionId: string,
  periodMs: number,
): Promise<readonly SettledUse[]> {
  const [row] = await query<{ settled: SettledJson }>(
    database,
    `select settled from settle_outcomes(array[$1::uuid], $2::float8 * interval '1 millisecond')`,
    [decisionId, periodMs],
  );

  return usesOf(row?.settled ?? []) ?? [];
}

function usesOf(settled: SettledJson | null): readonly SettledUse[] | undefined {
  return settled?.map(({ name, reserved, charged }) => ({
    name,
    reserved: BigInt(reserved),
    charged: BigInt(charged),
  }));
}
