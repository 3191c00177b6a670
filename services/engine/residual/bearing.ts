import { constantsOf } from '../compiled/literals.ts';
import type { Effect, Policy } from '../policy.ts';
import { expressionText } from '../traced/expression-text.ts';
import { scopeText } from '../traced/scope.ts';
import type { PreparedCondition } from './condition.ts';
import { evaluatePartially, type PartialRequest, type PolicyLiterals } from './evaluate.ts';
import { mayBe, type Partial } from './partial.ts';
import { resourcesLeft } from './resource-scope.ts';

/** What is left of a policy once principal and action are known. */
export interface PolicyResidual {
  readonly policyId: string;
  readonly effect: Effect;
  /** Which resources its head leaves, as Cedar text, such as `resource in Repo::"a"`; `resource`: all. */
  readonly resource: string;
  /** A Cedar expression over resource and context; `true`: nothing is left to hold. */
  readonly condition: string;
}

/** What one policy means for requests about one type of resource. */
export interface PolicyBearing {
  /** It may permit one of them. */
  readonly permits: boolean;
  /** It denies all of them: as a forbid it holds or fails, whatever the resource and the context are. */
  readonly denies: boolean;
  /** Absent where it says nothing, or a permit can never hold. */
  readonly residual?: (() => PolicyResidual) | undefined;
}

const NO_BEARING: PolicyBearing = { permits: false, denies: false };

/**
 * Judges one policy whose head leaves the principal and the action. A failing permit permits nothing, and a failing forbid denies
 * (see `settleEvaluation`), so both count as what they lead to.
 * @throws PdpError `too_large` over `evaluation_work`; count from the start with `startMeter`.
 */
export function bearingOf(
  policy: Policy,
  condition: PreparedCondition,
  request: PartialRequest,
): PolicyBearing {
  const left = resourcesLeft(request.schema, policy.scope.resource, request.resourceType);
  if (left === 'none') return NO_BEARING;

  const literals = [...policy.condition.literals];
  const policyLiterals = { constants: constantsOf(policy.condition.literals), literals };
  const partial = evaluatePartially(condition, policyLiterals, request);
  const residual = (): PolicyResidual => ({
    policyId: policy.id,
    effect: policy.effect,
    resource: scopeText('resource', policy.scope),
    condition: textOf(partial, policyLiterals),
  });
  if (policy.effect === 'permit') {
    return mayBe(partial, true) ? { permits: true, denies: false, residual } : NO_BEARING;
  }
  if (partial.kind === 'known' && partial.value === false) return NO_BEARING;

  return { permits: false, denies: left === 'all' && !mayBe(partial, false), residual };
}

function textOf(partial: Partial, { literals }: PolicyLiterals): string {
  return partial.kind === 'known' ? String(partial.value) : expressionText(partial.node, literals);
}
