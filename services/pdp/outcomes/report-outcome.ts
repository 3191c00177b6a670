import { setTimeout as sleep } from 'node:timers/promises';
import { PdpError } from '../../engine/error.ts';
import { LIMITS } from '../../engine/limits.ts';
import type { PastDecision } from '../../ledger/history.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { OutcomeEntry } from '../../ledger/record.ts';
import type { Reservation } from '../../ledger/spool/space.ts';
import type { Database } from '../../store/database.ts';
import {
  abandonReport,
  type ClaimedReport,
  claimReport,
  findReport,
  type KeptReport,
  type ReportClaim,
  type SettledUse,
  settleReport,
} from '../../store/outcomes/outcomes.ts';
import { asksForDecisions } from '../admit.ts';
import { refuseLate } from '../deciding.ts';
import type { Observer } from '../observe/observer.ts';
import { recordBytes } from '../record.ts';
import type { Caller, CallScope } from '../types.ts';
import { uuidv7 } from '../uuid.ts';
import { findReported, type Reported } from './find-reported.ts';
import { reportDigest } from './report-digest.ts';
import type { OutcomeCall, OutcomeReply } from './types.ts';

export interface OutcomePath {
  readonly database: Database;
  readonly ledger: Pick<Ledger, 'append' | 'reserve'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly observer: Pick<Observer, 'reported'>;
}

/**
 * Takes the report of what an allowed call came to: find the decision, keep the report as the one of its decision, record it, settle what
 * was reserved by it. Nothing comes of a report that is not in the decision log. From the moment that it is kept, it is carried through
 * whatever the caller does; where that fails, the same report again goes on from there.
 * @throws PdpError `permission_denied` for a caller without a runtime credential, `not_found` as `findReported`, `invalid_request` for a
 * cost of a limit that did not count the decision, `conflict` where another report was first, `precondition_failed` where it comes
 * too late, `unavailable`.
 */
export async function reportOutcome(
  path: OutcomePath,
  call: OutcomeCall,
  scope: CallScope,
): Promise<OutcomeReply> {
  refuseLate(scope);
  refuseUnknown(scope.caller);
  const reported = await findReported(path.database, call.decision_id, scope, path.now());
  refuseForeignCosts(call, reported.decision);

  const digest = reportDigest(call);
  const before = await findReport(path.database, call.decision_id);
  const done = before === undefined ? tooLate(reported) : settledBy(before, digest);
  if (done !== undefined) return replyTo(call, done);

  return replyTo(call, await take(path, call, scope, reported.decision, digest));
}

/** How long an attempt has for its record before another one takes over: its caller was told something by then. */
const PATIENCE_MS = LIMITS.deadline_ms;
const LOOK_AGAIN_MS = 50;

async function take(
  path: OutcomePath,
  call: OutcomeCall,
  scope: CallScope,
  decision: PastDecision,
  digest: Buffer,
): Promise<readonly SettledUse[]> {
  const { database, ledger } = path;
  const entry = outcomeEntry(call, scope, decision, path.now());
  const space = ledger.reserve(recordBytes(entry, ''));
  const claim: ReportClaim = {
    decisionId: call.decision_id,
    digest,
    failed: call.outcome === 'failure',
    costs: call.cost,
    recordId: entry.decision_id,
  };
  try {
    const kept = await claimed(database, claim, scope);
    if (kept.settled !== undefined) return kept.settled;
    if (kept.recordedBy === 'own') await record(path, entry, space, claim);
  } finally {
    space.release();
  }
  const settled = await settleReport(database, call.decision_id, LIMITS.outcome_ms);
  path.observer.reported(call.outcome, decision.store);

  return settled;
}

/** Somebody may be at the same report: then that one is waited for, so that it is recorded once. */
async function claimed(database: Database, claim: ReportClaim, scope: CallScope): Promise<ClaimedReport> {
  for (;;) {
    const kept = await claimReport(database, claim, PATIENCE_MS);
    settledBy(kept, claim.digest);
    if (kept.settled !== undefined || kept.recordedBy !== 'other') return kept;
    await sleep(LOOK_AGAIN_MS);
    refuseLate(scope);
  }
}

async function record(
  { database, ledger }: OutcomePath,
  entry: OutcomeEntry,
  space: Reservation,
  claim: ReportClaim,
): Promise<void> {
  try {
    await ledger.append(entry, null, space);
  } catch (thrown) {
    // Where that fails too, the next attempt has to wait.
    await abandonReport(database, claim).catch(() => undefined);
    throw thrown;
  }
}

/** Nobody vouches for an anonymous caller: whoever asks next on this machine is as anonymous as the one who got the decision. */
function refuseUnknown(caller: Caller): void {
  if (caller.credential_id !== undefined && asksForDecisions(caller)) return;

  throw new PdpError(
    'permission_denied',
    'outcomes are reported by the runtime credential that got the decision',
  );
}

function refuseForeignCosts({ cost }: OutcomeCall, { limits = [] }: PastDecision): void {
  for (const name of cost.keys()) {
    if (limits.some((limit) => limit.name === name)) continue;

    throw new PdpError('invalid_request', 'no limit of this name counted the decision', {
      field: `cost.${name}`,
    });
  }
}

function tooLate({ ageMs }: Reported): undefined {
  if (ageMs <= LIMITS.outcome_ms) return undefined;

  throw new PdpError('precondition_failed', 'this decision is too old to be reported on; it counts in full', {
    field: 'decision_id',
    limit: { name: 'outcome_ms', max: LIMITS.outcome_ms },
  });
}

function settledBy(kept: KeptReport, digest: Buffer): readonly SettledUse[] | undefined {
  if (kept.digest.equals(digest)) return kept.settled;

  throw new PdpError('conflict', 'another outcome of this decision was reported before', {
    field: 'decision_id',
  });
}

function replyTo({ decision_id, outcome }: OutcomeCall, limits: readonly SettledUse[]): OutcomeReply {
  return { decision_id, outcome, limits };
}

function outcomeEntry(
  call: OutcomeCall,
  { caller, transport, trace }: CallScope,
  { store, principal, action, resource, run }: PastDecision,
  at: number,
): OutcomeEntry {
  return {
    kind: 'outcome',
    decision_id: uuidv7(at),
    time: new Date(at).toISOString(),
    transport,
    credential: { id: caller.credential_id ?? null, subject: caller.subject },
    request_id: '',
    run,
    mode: 'enforce',
    trace: { trace_id: trace.trace_id, parent_span_id: trace.parent_span_id ?? null },
    store,
    principal,
    action,
    resource,
    outcome: {
      of: call.decision_id,
      result: call.outcome,
      cost: Object.fromEntries(call.cost),
      input_tokens: call.input_tokens ?? null,
      output_tokens: call.output_tokens ?? null,
      duration_ms: call.duration_ms ?? null,
      output_digest: call.output_digest === '' ? null : call.output_digest,
    },
  };
}
