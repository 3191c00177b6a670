import { createHash, randomUUID } from 'node:crypto';
import type { LimitUse } from '../../../services/store/limits/uses.ts';
import { consumeLimits, recordUses } from '../../../services/store/limits/uses.ts';
import { claimReport, type ReportClaim, settleReport } from '../../../services/store/outcomes/outcomes.ts';
import { decision, type LimitDatabase, use } from '../limits/support.ts';

export const HOUR_MS = 3_600_000;
export const PATIENCE_MS = 2_000;

/** A use that waits for a report, and may be given back. */
export function refundable(...of: Parameters<typeof use>): LimitUse {
  return { ...use(...of), reserved: true, refundable: true };
}

/** A use that waits for a report, which may only add to it. */
export function charged(...of: Parameters<typeof use>): LimitUse {
  return { ...use(...of), reserved: true };
}

/** Counts one decision alone, as one whose record is durable. */
export async function allowed({ serving }: Pick<LimitDatabase, 'serving'>, ...uses: readonly LimitUse[]) {
  const counted = decision(...uses);
  const [answer] = await consumeLimits(serving, [counted]);
  if (answer?.consumed !== true) throw new Error('there was no room');
  await recordUses(serving, [counted.decisionId]);

  return counted.decisionId;
}

export function claimOf(
  decisionId: string,
  said: { readonly failed?: boolean; readonly costs?: Readonly<Record<string, bigint>> } = {},
): ReportClaim {
  const { failed = false, costs = {} } = said;
  const text = JSON.stringify([failed, Object.entries(costs).map(([name, cost]) => [name, `${cost}`])]);

  return {
    decisionId,
    digest: createHash('sha256').update(text).digest(),
    failed,
    costs: new Map(Object.entries(costs)),
    recordId: randomUUID(),
  };
}

/** Keeps and settles a report, as if its record were in the log. */
export async function reported(
  { serving }: Pick<LimitDatabase, 'serving'>,
  ...of: Parameters<typeof claimOf>
) {
  const claim = claimOf(...of);
  await claimReport(serving, claim, PATIENCE_MS);

  return settleReport(serving, claim.decisionId, HOUR_MS);
}

/** What is used of each limit, with the number of its entries, as `name used/entries`. */
export async function state({ serving }: Pick<LimitDatabase, 'serving'>): Promise<readonly string[]> {
  const { rows } = await serving.query(
    `select name, used, (select count(*) from limit_entries e where e.counter = c.counter) as entries
       from limit_counters c order by name, key`,
  );

  return rows.map(({ name, used, entries }) => `${name} ${used}/${entries}`);
}

/** A row of the log, as far as claims and sweeps look at it. */
export function logOutcome(owner: LimitDatabase['owner'], recordId: string): Promise<unknown> {
  return owner.query(
    `insert into decisions (decision_id, kind, time, subject, reason_code, trace_id, process_id, boot_id, seq, record)
     values ($1, 'outcome', now(), 'tester', 'failure', '', 'p', gen_random_uuid(), 0, '{}')`,
    [recordId],
  );
}
