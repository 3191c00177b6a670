import type { CompiledBundle } from '../bundles/compile.ts';
import type { BundleDecision } from '../bundles/decide.ts';
import {
  type DecidedCode,
  denyOverLimit,
  denyWithoutRun,
  MESSAGES,
  type Verdict,
} from '../engine/verdict.ts';
import { monitored } from './monitor.ts';
import { oblige, UNSUPPORTED, unsupported } from './oblige.ts';
import type { Selected } from './select.ts';
import type { AuthorizeCall, Decision, Enforcement, Explanation } from './types.ts';

/** Why an approval does not lift a denial, or does not yet. */
export type ApprovalCode = 'approval_required' | 'approval_invalid';

const DENIALS = {
  ...MESSAGES,
  obligation_unsupported: UNSUPPORTED,
  approval_invalid: 'The approval is not good for this request.',
};

/** What is replied, and what the policies say. They differ only where the effect of policies is monitored. */
export interface Settled extends Omit<Verdict, 'reasonCode'> {
  readonly reasonCode: DecidedCode | 'obligation_unsupported' | 'approval_invalid';
  readonly enforcement: Enforcement;
  readonly policyDecision: Decision;
}

/**
 * Makes a verdict final. CHECK reads and changes nothing, and a PEP must not act on it, so it tells what the policies say.
 * An allow stands only where the caller supports what it obliges to, monitored or not. A deny that monitoring would make such an
 * allow stays the deny of the policies.
 * @throws PdpError what evaluating throws, where policies are monitored.
 */
export function settle(
  selected: Selected,
  call: Pick<AuthorizeCall, 'mode' | 'supported_obligations'>,
  decided: BundleDecision,
): Settled {
  const settled = oblige(enforce(selected, call, decided), call.supported_obligations);

  return selected.bundle.disclosure === 'guidance' ? settled : withhold(settled);
}

function enforce(
  { bundle, staged }: Selected,
  { mode, supported_obligations: supported }: Parameters<typeof settle>[1],
  decided: BundleDecision,
): Settled {
  const { verdict } = decided;
  const policyDecision = verdict.decision;
  if (mode === 'check') return { ...verdict, enforcement: 'check_only', policyDecision };
  if (staged?.monitoring === undefined) return { ...verdict, enforcement: 'enforced', policyDecision };

  const left = monitored(staged.monitoring, bundle, decided);

  return left === undefined || unsupported(left.obligations, supported).length > 0
    ? { ...verdict, enforcement: 'enforced', policyDecision }
    : { ...left, enforcement: 'monitored', policyDecision };
}

/** Makes an allow a deny where a limit has no room for it. That is enforced, also where policies are only monitored. */
export function overLimit(
  bundle: Pick<CompiledBundle, 'disclosure'>,
  settled: Settled,
  limit: string,
): Settled {
  return enforced(bundle, settled, denyOverLimit(settled, limit));
}

/** Makes any verdict a deny where the run that it depends on does not stand. That is enforced in the same way. */
export function denyForRun(
  bundle: Pick<CompiledBundle, 'disclosure'>,
  settled: Settled,
  message: string,
): Settled {
  return enforced(bundle, settled, denyWithoutRun(settled, message));
}

function enforced(
  { disclosure }: Pick<CompiledBundle, 'disclosure'>,
  { enforcement, policyDecision }: Settled,
  verdict: Verdict,
): Settled {
  const settled: Settled = {
    ...verdict,
    enforcement: enforcement === 'check_only' ? 'check_only' : 'enforced',
    policyDecision,
  };

  return disclosure === 'guidance' ? settled : withhold(settled);
}

/** Says of a denial that people can lift it, or why they have not. @param message absent: the words of the policies that ask. */
export function denyUnapproved(
  { disclosure }: Pick<CompiledBundle, 'disclosure'>,
  settled: Settled,
  reasonCode: ApprovalCode,
  message = settled.message,
): Settled {
  const denied: Settled = { ...settled, reasonCode, message };

  return disclosure === 'guidance' ? denied : withhold(denied);
}

/** Leaves what the code says, and nothing in the words of policies. */
function withhold(settled: Settled): Settled {
  if (settled.decision === 'allow') return settled;
  const { reasonCode } = settled;
  const message = reasonCode === 'permitted' ? '' : DENIALS[reasonCode];

  return { ...settled, message, alternatives: [] };
}

/** What a credential that may ask for full detail is told beside the verdict. */
export function explain(bundle: CompiledBundle, { evaluation, verdict }: BundleDecision): Explanation {
  return {
    determining_policies: evaluation.determining.flatMap((id) => {
      const policy = bundle.policies.get(id);

      return policy === undefined
        ? []
        : [{ policy_id: id, effect: policy.effect, annotations: policy.annotations }];
    }),
    errors: evaluation.errors.map(({ policyId, message }) => ({ policy_id: policyId, message })),
    cedar_decision: evaluation.decision,
    policy_decision: verdict.decision,
  };
}
