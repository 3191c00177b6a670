import type { Evaluation, EvaluationRequest } from '../engine/evaluator.ts';
import type { Effect, Policy } from '../engine/policy.ts';
import { closureOf } from '../engine/reach.ts';
import { uidText } from '../engine/traced/cedar-text.ts';
import { unitOf } from '../engine/traced/clauses.ts';
import { createTracedEvaluator, type TracedEvaluator } from '../engine/traced/evaluator.ts';
import { type ExplainedClause, explainClauses } from '../engine/traced/explain.ts';
import { createRecorder, type PolicyTrace } from '../engine/traced/recorder.ts';
import {
  type MatchedParts,
  matchedParts,
  SCOPE_PARTS,
  type ScopePart,
  scopeText,
} from '../engine/traced/scope.ts';
import type { EntityUid } from '../engine/value/value.ts';
import type { CompiledBundle } from './compile.ts';
import { type BundleDecision, decideByBundle } from './decide.ts';
import type { AskedRequest, InformOptions } from './inform.ts';
import type { Place, Places } from './places.ts';
import { watchedEvaluator } from './watched-evaluator.ts';

/** Why a request was decided as it was. */
export interface Explanation {
  /** Those whose scope matches, in the order of files and text; only the one that was asked for, if one was. */
  readonly policies: readonly ExplainedPolicy[];
  /** How many others there are, and how many of them each part of the scope excludes; one can be excluded by several. */
  readonly excluded: Readonly<Record<'total' | ScopePart, number>>;
}

export interface ExplainedPolicy extends Place {
  readonly policy_id: string;
  /** Of a link: its template, which is what has the place. */
  readonly template_id?: string;
  readonly effect: Effect;
  readonly scope: readonly ExplainedPart[];
  /** `excluded`: its scope does not match, so its conditions were not looked at. */
  readonly outcome: 'matched' | 'not_matched' | 'failed' | 'excluded';
  readonly determining: boolean;
  readonly clauses: readonly ExplainedClause[];
}

/** One part of a policy's scope, and what the request has there. */
export interface ExplainedPart {
  readonly text: string;
  readonly matches: boolean;
  readonly value: string;
  /** What it stands in; every `in` is true for these. */
  readonly within: readonly string[];
}

export interface ExplainedDecision {
  readonly decided: BundleDecision;
  readonly explanation: Explanation;
}

/**
 * Decides a request as the server does, and says why.
 * @param policyId the policy to explain, also where its scope excludes it; absent: all whose scope matches.
 * @throws PdpError as `decideByBundle`.
 */
export function explainDecision(
  bundle: CompiledBundle,
  places: Places,
  asked: AskedRequest,
  facts: Parameters<typeof decideByBundle>[2],
  policyId?: string,
  options: InformOptions = {},
): ExplainedDecision {
  const policies = [...bundle.policies.values()];
  const recorder = createRecorder();
  const traced = createTracedEvaluator(bundle.schema, policies, recorder);
  const watched = { ...bundle, evaluator: watchedEvaluator(bundle.evaluator, traced) };
  const decided = decideByBundle(watched, asked, facts, options);
  const { request } = decided.informed;
  const matched = matchedParts(bundle.schema, policies, request);
  const traces = new Map(recorder.traces.map((trace) => [trace.policy.id, trace]));
  const explained = policies.flatMap((policy, position) => {
    const isWanted = policyId === undefined ? traces.has(policy.id) : policy.id === policyId;
    if (!isWanted) return [];

    return explainPolicy(policy, traces.get(policy.id), {
      traced,
      evaluation: decided.evaluation,
      scope: SCOPE_PARTS.map((part) =>
        explainPart(part, policy, matched[part].has(position), bundle, request),
      ),
      place: places.get(unitOf(policy)) ?? { file: '', line: 0 },
    });
  });

  return { decided, explanation: { policies: explained, excluded: excludedOf(policies, matched) } };
}

function explainPolicy(
  policy: Policy,
  trace: PolicyTrace | undefined,
  {
    traced,
    evaluation,
    scope,
    place,
  }: {
    readonly traced: TracedEvaluator;
    readonly evaluation: Evaluation;
    readonly scope: readonly ExplainedPart[];
    readonly place: Place;
  },
): ExplainedPolicy {
  const { id, effect, source } = policy;

  return {
    policy_id: id,
    ...(source.kind === 'link' ? { template_id: source.templateId } : {}),
    effect,
    ...place,
    scope,
    outcome: outcomeOf(trace),
    determining: evaluation.determining.includes(id),
    clauses: trace === undefined ? [] : explainClauses(traced.clausesOf(policy), trace),
  };
}

function outcomeOf(trace: PolicyTrace | undefined): ExplainedPolicy['outcome'] {
  if (trace === undefined) return 'excluded';
  if (trace.outcome.kind === 'error') return 'failed';

  return trace.outcome.value === true ? 'matched' : 'not_matched';
}

function explainPart(
  part: ScopePart,
  { scope }: Policy,
  matches: boolean,
  { schema }: CompiledBundle,
  request: EvaluationRequest,
): ExplainedPart {
  const uid = request[part];
  const groups = schema.actions.get(uid.key)?.ancestors ?? [];
  const within = part === 'action' ? groups.map(uidText) : ancestorsOf(uid, request);

  return { text: scopeText(part, scope), matches, value: uidText(uid), within };
}

/** As uids in Cedar text; a key holds its id as it is, behind the first `::"`. */
function ancestorsOf(uid: EntityUid, { entity }: EvaluationRequest): readonly string[] {
  return closureOf(uid, entity)
    .slice(1)
    .map((key) => {
      const quote = key.indexOf('::"');
      return uidText({ type: key.slice(0, quote), id: key.slice(quote + 3, -1) });
    })
    .sort();
}

function excludedOf(policies: readonly Policy[], matched: MatchedParts): Explanation['excluded'] {
  const positions = [...policies.keys()];
  const without = (part: ScopePart): number => positions.filter((at) => !matched[part].has(at)).length;
  const total = positions.filter((at) => SCOPE_PARTS.some((part) => !matched[part].has(at))).length;

  return {
    total,
    principal: without('principal'),
    action: without('action'),
    resource: without('resource'),
  };
}
