import type { Evaluation } from './evaluator.ts';
import { NO_OBLIGATIONS, type Obligation, uniteObligations } from './obligation.ts';
import type { Policy } from './policy.ts';

export type PolicyCode = 'permitted' | 'forbidden' | 'not_permitted' | 'policy_error';
/** Why a decision is as it is: its policies, a limit over which they would have allowed, or people who have not. */
export type DecidedCode = PolicyCode | 'limit_exceeded' | 'approval_required';

/** The final word on one evaluation, before limits, approvals and obligations. */
export interface Verdict {
  readonly decision: 'allow' | 'deny';
  readonly reasonCode: DecidedCode;
  /** For the model that was refused; empty on an allow. */
  readonly message: string;
  /** `@code` of the determining policies, sorted: they refine the reason code in records and explanations. */
  readonly policyCodes: readonly string[];
  /** What the determining permits of an allow demand of who enforces it, each once and ordered; none on a deny. */
  readonly obligations: readonly Obligation[];
  /** `@alternative` of the forbids that determined a deny: what would be allowed instead. */
  readonly alternatives: readonly string[];
}

/** What a deny says where no policy has words for it. */
export const MESSAGES = {
  forbidden: 'A policy forbids this.',
  not_permitted: 'No policy permits this.',
  policy_error: 'A policy could not be evaluated, so this is not allowed.',
  limit_exceeded: 'A limit would be exceeded.',
  approval_required: 'This needs an approval.',
} as const;

/**
 * Hardens Cedar's answer: an allow needs a determining permit, and no forbid may have failed to evaluate.
 *
 * Cedar skips a policy that errors (`cedar-policy-core/src/authorizer.rs`), so an erroring forbid would fail open.
 */
export function settleEvaluation(
  evaluation: Evaluation,
  policy: (id: string) => Pick<Policy, 'effect' | 'annotations' | 'obligations'> | undefined,
): Verdict {
  const reasonCode = reasonCodeOf(evaluation, policy);
  const determining = reasonCode === 'policy_error' ? [] : evaluation.determining.map(policy);
  const policyCodes = [...annotationsOf(determining, 'code')].sort();
  if (reasonCode === 'permitted') {
    const obligations = obligationsOf(determining);
    return { decision: 'allow', reasonCode, message: '', policyCodes, obligations, alternatives: [] };
  }

  const reasons = [...annotationsOf(determining, 'reason')];

  return {
    decision: 'deny',
    reasonCode,
    message: reasons.length > 0 ? reasons.join(' ') : MESSAGES[reasonCode],
    policyCodes,
    obligations: NO_OBLIGATIONS,
    alternatives: [...annotationsOf(determining, 'alternative')],
  };
}

/** An allow that would be over a limit: what its policies said stays in the record. */
export function denyOverLimit(verdict: Pick<Verdict, 'policyCodes'>, name: string): Verdict {
  return denied(verdict, 'limit_exceeded', `${MESSAGES.limit_exceeded.slice(0, -1)}: ${name}.`);
}

/** A request whose run does not stand, or cannot take what it would read. */
export function denyWithoutRun(verdict: Pick<Verdict, 'policyCodes'>, message: string): Verdict {
  return denied(verdict, 'not_permitted', message);
}

function denied(
  { policyCodes }: Pick<Verdict, 'policyCodes'>,
  reasonCode: DecidedCode,
  message: string,
): Verdict {
  return {
    decision: 'deny',
    reasonCode,
    message,
    policyCodes,
    obligations: NO_OBLIGATIONS,
    alternatives: [],
  };
}

function reasonCodeOf(
  { decision, determining, errors }: Evaluation,
  policy: (id: string) => Pick<Policy, 'effect'> | undefined,
): PolicyCode {
  if (decision === 'deny' && determining.length > 0) return 'forbidden';
  if (decision === 'deny') return errors.length > 0 ? 'policy_error' : 'not_permitted';

  const permitted = determining.length > 0 && determining.every((id) => policy(id)?.effect === 'permit');
  const onlyPermitsFailed = errors.every(({ policyId }) => policy(policyId)?.effect === 'permit');

  return permitted && onlyPermitsFailed ? 'permitted' : 'policy_error';
}

/** A permit without obligations beside one with them does not free from these. */
function obligationsOf(
  policies: readonly (Pick<Policy, 'obligations'> | undefined)[],
): readonly Obligation[] {
  const lists: (readonly Obligation[])[] = [];
  for (const policy of policies) if (policy?.obligations !== undefined) lists.push(policy.obligations);

  return lists.length === 0 ? NO_OBLIGATIONS : uniteObligations(lists);
}

function annotationsOf(
  policies: readonly (Pick<Policy, 'annotations'> | undefined)[],
  name: string,
): ReadonlySet<string> {
  const values = new Set<string>();
  for (const policy of policies) {
    const value = policy?.annotations[name];
    if (value !== undefined && value !== '') values.add(value);
  }

  return values;
}
