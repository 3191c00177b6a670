import { approvalNeeded, couldLift } from '../../bundles/approvals/needed.ts';
import type { ApprovalRequirement, ApprovalStatus } from '../../engine/approval.ts';
import { LIMITS } from '../../engine/limits.ts';
import type { CedarRecord } from '../../engine/value/value.ts';
import type { StandingApproval } from '../../store/approvals/ask.ts';
import type { DecisionPath } from '../authorize.ts';
import { type Begun, digestOf } from '../deciding.ts';
import type { Judged } from '../judge.ts';
import { type ApprovalCode, denyUnapproved } from '../settle.ts';
import type { Known, StatefulRequest } from '../stateful/stateful-request.ts';
import type { ReplyApproval } from '../types.ts';
import { uuidv7 } from '../uuid.ts';

/** What is said of a request once it is known what people say of it. */
export interface Said {
  readonly judged: Judged;
  /** With the approval, where there is a good one. */
  readonly known: Known;
  /** The question that stands for it, or the approval that it consumes. */
  readonly approval: ReplyApproval | undefined;
}

/**
 * Looks whether people can lift a denial, or have. Where the call names an approval that is good for exactly this request, it is judged
 * again by that; where it names none, they are asked, unless that changes nothing.
 * @returns `undefined` where another decision has the key of the call: that one asks.
 * @throws PdpError `unavailable` or `overloaded` where PostgreSQL cannot be asked.
 */
export async function liftByApproval(
  path: Pick<DecisionPath, 'approvals'>,
  begun: Begun,
  request: StatefulRequest,
  denied: Judged,
  known: Known,
): Promise<Said | undefined> {
  const { call, scope, store, at } = begun;
  const { bundle } = begun.selected;
  const stands: Said = { judged: denied, known, approval: undefined };
  const requirement = approvalNeeded(bundle, denied.decided, denied.settled);
  if (requirement === undefined) return stands;

  if (call.approval_id !== '') return presented();
  const suppose = (fact: CedarRecord) => request.judge({ ...known, approval: { fact } }).settled.decision;
  if (!couldLift(requirement, at, suppose)) return stands;
  // Nobody else could be told from whoever comes back without a credential, and a check changes nothing.
  if (call.mode === 'check' || scope.caller.credential_id === undefined) return refused('approval_required');

  return asked(requirement);

  async function presented(): Promise<Said> {
    const { approval_id: id } = call;
    const found = await path.approvals.find(id, store, scope);
    if (found === undefined || found.subject !== scope.caller.subject) {
      return refused('approval_invalid', 'There is no such approval.');
    }
    if (found.requestDigest !== digestOf(begun, denied.decided.informed)) {
      return refused('approval_invalid', 'The approval is for another request.');
    }
    const { status, expiresAt } = found;
    const approval = path.approvals.shown({ approvalId: id, status, expiresAt });
    if (status !== 'approved') return refused('approval_invalid', `The approval is ${status}.`, approval);
    const settling = { approval_id: id, request_digest: found.requestDigest };
    const lifted = { ...known, approval: { fact: found.fact, settling } };

    const judged = request.judge(lifted);
    if (judged.settled.decision === 'deny') return { judged, known: lifted, approval };

    return { judged, known: lifted, approval: { ...approval, status: 'consumed' } };
  }

  async function asked(wanted: ApprovalRequirement): Promise<Said | undefined> {
    // What would run is shown out of the record of this decision, so nobody is asked for one that is not made.
    if (await request.claim()) return undefined;
    const { principal, action, resource } = call;
    const { evaluation, informed } = denied.decided;
    const standing = await path.approvals.ask(
      {
        id: uuidv7(at),
        store,
        subject: scope.caller.subject,
        requestDigest: digestOf(begun, informed),
        decisionId: request.decisionId,
        bundleDigest: bundle.ref.digest,
        principal,
        action,
        resource,
        runId: call.run?.run_id ?? '',
        policies: evaluation.determining,
        message: denied.decided.verdict.message,
        requirement: wanted,
        memoryMs: LIMITS.approval_denial_ms,
        cap: LIMITS.open_approvals,
        capOfPrincipal: LIMITS.open_approvals_of_principal,
      },
      scope,
    );
    if (standing === undefined) return refused('approval_required', TOO_MANY);

    return refused('approval_required', WORDS[standing.status], path.approvals.shown(standing));
  }

  function refused(code: ApprovalCode, message?: string, approval?: ReplyApproval): Said {
    const settled = denyUnapproved(bundle, denied.settled, code, message);

    return { judged: { ...denied, settled }, known, approval };
  }
}

/** The same once an approval that was good when it was looked at is not good any more. */
export function approvalGone({ selected: { bundle } }: Begun, denied: Judged): Judged {
  return { ...denied, settled: denyUnapproved(bundle, denied.settled, 'approval_invalid', GONE) };
}

const GONE = 'The approval has been used or has expired.';
const TOO_MANY =
  'Too many questions are open or were denied of late: wait for their answers, and do not ask for this.';
/** Of a pending one the policies have the word. */
const WORDS: Partial<Record<ApprovalStatus, string>> = {
  approved: 'This is approved: ask again with its approval_id.',
  denied: 'This was denied by who could approve it. Do not ask again.',
};

/** What a reply tells of a question. */
export type Shown = Pick<StandingApproval, 'approvalId' | 'status' | 'expiresAt'>;
