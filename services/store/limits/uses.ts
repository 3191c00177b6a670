import type { Database } from '../database.ts';
import { query } from '../pool.ts';

/** What one decision uses of one limit. */
export interface LimitUse {
  readonly store: string;
  readonly name: string;
  /** Key and window in words: where the store knows the name by another definition, nothing is counted. */
  readonly definition: string;
  /** Which counter of the limit. */
  readonly key: string;
  readonly max: bigint;
  /** Not negative. */
  readonly amount: bigint;
  /** Whether it waits for a report of what it really cost. */
  readonly reserved: boolean;
  /** Whether a report may give some of it back. */
  readonly refundable: boolean;
}

/** A decision that is to be counted, by all of its limits or by none. */
export interface CountedDecision {
  readonly decisionId: string;
  /** Of the credential. */
  readonly subject: string;
  readonly uses: readonly LimitUse[];
}

/** What is used of a limit, in its own unit. */
export interface LimitCount {
  readonly name: string;
  readonly used: bigint;
  /** When some of it is free again, in milliseconds since the epoch; absent where nothing is used, or it counts as long as the run. */
  readonly resetsAt: number | undefined;
}

export interface Consumed {
  /** Whether the decision was counted; if not, `counts` is why. */
  readonly consumed: boolean;
  readonly counts: readonly LimitCount[];
}

interface CountRow {
  readonly decision: number;
  readonly name: string;
  readonly used: string;
  readonly resets_at: Date | null;
}

// Decisions wait for these, and parsing and planning them would take a tenth of that.
const CONSUME = { name: 'consume_limits', text: 'select * from consume_limits($1)' };
const READ = { name: 'read_limits', text: 'select * from read_limits($1)' };

/**
 * Counts decisions in their order, in one statement, and so in one commit.
 * @returns one answer for each; `undefined` where the store does not know one of its limits.
 * @throws PdpError `unavailable` where it is not known what was counted.
 */
export async function consumeLimits(
  database: Database,
  decisions: readonly CountedDecision[],
): Promise<readonly (Consumed | undefined)[]> {
  const charges = JSON.stringify(chargesOf(decisions));
  const rows = await query<CountRow & { consumed: boolean }>(database, CONSUME, [charges]);
  const consumed = new Map(rows.map((row) => [row.decision, row.consumed]));
  const counts = countsOf(rows);

  return decisions.map((_, index) => {
    const own = counts.get(index);

    return own === undefined ? undefined : { consumed: consumed.get(index) === true, counts: own };
  });
}

/**
 * What is used of the limits of some decisions; nothing is counted.
 * @returns as {@link consumeLimits}.
 */
export async function readLimits(
  database: Database,
  decisions: readonly Pick<CountedDecision, 'uses'>[],
): Promise<readonly (readonly LimitCount[] | undefined)[]> {
  const rows = await query<CountRow>(database, READ, [JSON.stringify(chargesOf(decisions))]);
  const counts = countsOf(rows);

  return decisions.map(({ uses }, index) => {
    const own = counts.get(index);

    return own?.length === uses.length ? own : undefined;
  });
}

/**
 * Decisions whose records are durable: what they used is not pending any more. The commit is not waited for: a note that PostgreSQL
 * loses is found by the sweep.
 */
export async function recordUses(database: Database, decisionIds: readonly string[]): Promise<void> {
  await query(database, `select set_config('synchronous_commit', 'off', true), record_limit_uses($1)`, [
    decisionIds,
  ]);
}

/** Decisions that were never made: what they used is free again. */
export async function releaseUses(database: Database, decisionIds: readonly string[]): Promise<void> {
  await query(database, 'select release_limit_uses($1)', [decisionIds]);
}

/** As the functions of the database take them; 64-bit integers as text, since JSON's numbers are not exact. */
export function chargesOf(decisions: readonly (Pick<CountedDecision, 'uses'> & Partial<CountedDecision>)[]) {
  return decisions.flatMap(({ decisionId, subject, uses }, decision) =>
    uses.map(({ store, name, definition, key, max, amount, reserved, refundable }) => ({
      decision,
      id: decisionId,
      subject,
      store,
      name,
      definition,
      key,
      max: `${max}`,
      amount: `${amount}`,
      reserved,
      refundable,
    })),
  );
}

/** Of each decision in the order of names, which is not that of the rows. */
function countsOf(rows: readonly CountRow[]): ReadonlyMap<number, readonly LimitCount[]> {
  const counts = new Map<number, LimitCount[]>();
  const ordered = rows.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  for (const { decision, name, used, resets_at: resetsAt } of ordered) {
    const own = counts.get(decision) ?? [];
    own.push({ name, used: BigInt(used), resetsAt: resetsAt?.getTime() });
    counts.set(decision, own);
  }

  return counts;
}
