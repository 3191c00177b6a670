import type { CompiledBundle } from '../bundles/compile.ts';
import type { BundleDecision } from '../bundles/decide.ts';
import type { Enforcement, Explanation, Mode } from './types.ts';

/** CHECK reads and changes nothing, and a PEP must not act on it. */
export function enforcementOf(mode: Mode): Enforcement {
  return mode === 'check' ? 'check_only' : 'enforced';
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
