import { setTimeout as sleep } from 'node:timers/promises';
import { PdpError } from '../../engine/error.ts';
import { LIMITS } from '../../engine/limits.ts';
import type { PastDecision } from '../../ledger/history.ts';
import { readRecord } from '../../ledger/record.ts';
import type { Database } from '../../store/database.ts';
import { findDecision } from '../../store/outcomes/outcomes.ts';
import { refuseLate } from '../deciding.ts';
import type { CallScope } from '../types.ts';

/** The decision that a report is about. */
export interface Reported {
  readonly decision: PastDecision;
  /** By PostgreSQL's clock, in milliseconds. */
  readonly ageMs: number;
}

const FIRST_WAIT_MS = 25;
const LONGEST_WAIT_MS = 400;
/** What the answer itself takes: what is not found is to be told so, and not to be late. */
const MARGIN_MS = 100;
/** A record is in PostgreSQL well within this time, unless PostgreSQL was away. */
const YOUNG_MS = 60_000;

/**
 * Finds the decision that a report is about. One that was made a moment ago may not have reached PostgreSQL, so it is waited for within
 * the deadline. It was an allow that could be acted on, of this credential; anything else is as if it were not there.
 * @throws PdpError `not_found`, with `retryAfterMs` where the decision may still come; `unavailable`.
 */
export async function findReported(
  database: Database,
  decisionId: string,
  scope: CallScope,
  now: number,
): Promise<Reported> {
  const age = Math.abs(now - timeOf(decisionId));
  const until = age < YOUNG_MS ? scope.deadline - MARGIN_MS : 0;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    const found = await findDecision(database, decisionId, scope.caller);
    refuseLate(scope);
    if (found !== undefined) return allowed(found.record, found.ageMs);
    if (performance.now() + waitMs > until) throw absent(age < LIMITS.outcome_ms);
    await sleep(waitMs);
  }
}

/** The time within a UUIDv7, in milliseconds since the epoch (RFC 9562, 5.7). */
function timeOf(uuid: string): number {
  return Number.parseInt(uuid.replace('-', '').slice(0, 12), 16);
}

function allowed(text: string, ageMs: number): Reported {
  const decision = readRecord(text);
  if (decision.kind !== 'decision' || decision.decision !== 'allow' || decision.mode !== 'enforce')
    throw absent(false);

  return { decision, ageMs };
}

function absent(mayCome: boolean): PdpError {
  return new PdpError('not_found', 'this credential was not allowed anything by a decision of this id', {
    field: 'decision_id',
    ...(mayCome ? { retryAfterMs: 1_000 } : {}),
  });
}
