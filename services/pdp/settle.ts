import type { CompiledBundle } from '../bundles/compile.ts';
import type { BundleDecision } from '../bundles/decide.ts';
import type { Verdict } from '../engine/verdict.ts';
import { monitored } from './monitor.ts';
import type { Selected } from './select.ts';
import type { Decision, Enforcement, Explanation, Mode } from './types.ts';

/** What is replied, and what the policies say. They differ only where the effect of policies is monitored. */
export interface Settled extends Verdict {
  readonly enforcement: Enforcement;
  readonly policyDecision: Decision;
}

/**
 * Makes a verdict final. CHECK reads and changes nothing, and a PEP must not act on it, so it tells what the policies say.
 * @throws PdpError what evaluating throws, where policies are monitored.
 */
export function settle({ bundle, staged }: Selected, mode: Mode, decided: BundleDecision): Settled {
  const { verdict } = decided;
  const policyDecision = verdict.decision;
  if (mode === 'check') return { ...verdict, enforcement: 'check_only', policyDecision };
  if (staged?.monitoring === undefined) return { ...verdict, enforcement: 'enforced', policyDecision };

  const left = monitored(staged.monitoring, bundle, decided);

  return left === undefined
    ? { ...verdict, enforcement: 'enforced', policyDecision }
    : { ...left, enforcement: 'monitored', policyDecision };
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
