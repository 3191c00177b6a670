import type { CompiledBundle } from '../bundles/compile.ts';
import type { BundleDecision } from '../bundles/decide.ts';
import { NO_OBLIGATIONS, type Obligation } from '../engine/obligation.ts';
import { settleEvaluation, type Verdict } from '../engine/verdict.ts';
import type { Monitoring } from './snapshot.ts';

/**
 * What is left of a verdict where the effect of some policies is only monitored: an operator's choice, never a bundle's.
 *
 * A failure is never monitored away. Only a deny that policies decided, `forbidden` or `not_permitted`, in an evaluation in which no
 * policy failed, can become an allow; everything else keeps its verdict. Where policies are named, what is left is the verdict of
 * the bundle without them, so that an allow then still has a permit.
 * @returns `undefined` where the verdict stays as it is.
 * @throws PdpError what evaluating throws.
 */
export function monitored(
  { policies, without }: Monitoring,
  bundle: CompiledBundle,
  { evaluation, verdict, informed }: BundleDecision,
): Verdict | undefined {
  const decidedByPolicies = verdict.reasonCode === 'forbidden' || verdict.reasonCode === 'not_permitted';
  const mayBeAllowed = verdict.decision === 'deny' && decidedByPolicies && evaluation.errors.length === 0;
  if (policies === undefined) return mayBeAllowed ? allowed(verdict, NO_OBLIGATIONS) : undefined;

  // With an enforced policy among those that determined it, the verdict does not rest on the others.
  const { determining } = evaluation;
  if (determining.length === 0 || !determining.every((id) => policies.has(id))) return undefined;
  if (verdict.decision === 'deny' && !mayBeAllowed) return undefined;

  const reduced = without.get(bundle);
  if (reduced === undefined) return undefined;
  const left = settleEvaluation(reduced.evaluator.evaluate(informed.request), (id) =>
    reduced.policies.get(id),
  );
  if (left.decision === verdict.decision) return undefined;

  return left.decision === 'allow' ? allowed(verdict, left.obligations) : left;
}

/** The reason stays that of the policies: why it would not have been allowed. */
function allowed({ reasonCode, policyCodes }: Verdict, obligations: readonly Obligation[]): Verdict {
  return { decision: 'allow', reasonCode, message: '', policyCodes, obligations, alternatives: [] };
}
