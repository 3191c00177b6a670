import { readConditions } from '../../../services/bundles/est.ts';
import { CedarRefusal, readAnswer } from '../../../services/engine/cedar/answer.ts';
import { policySetText } from '../../../services/engine/cedar/call-text.ts';
import { type CedarInstance, CedarText } from '../../../services/engine/cedar/instance.ts';
import { createCompiledEvaluator } from '../../../services/engine/compiled/evaluator.ts';
import { conditionOf, type Est } from '../../../services/engine/compiled/shape.ts';
import { readContext } from '../../../services/engine/data/context.ts';
import { type Entity, readEntities } from '../../../services/engine/data/entities.ts';
import { checkRequest } from '../../../services/engine/data/request.ts';
import { PdpError } from '../../../services/engine/error.ts';
import type { EvaluationRequest } from '../../../services/engine/evaluator.ts';
import type { Policy } from '../../../services/engine/policy.ts';
import { parseJson } from '../../../services/engine/raw/json.ts';
import type { RawUid } from '../../../services/engine/raw/raw.ts';
import type { Schema } from '../../../services/engine/schema/schema.ts';
import { readScope } from '../../../services/engine/slice/scope.ts';
import { EntityUid } from '../../../services/engine/value/value.ts';
import { type FuzzPolicy, policyText } from './random-policy.ts';
import type { Asked, World } from './world.ts';

/** What an evaluator says of a request, as text that is equal for equal answers. */
export type Verdict = string;

/** A policy of both evaluators, and its JSON form. */
export interface ReadPolicy {
  readonly policy: Policy;
  readonly est: Est;
}

/** @throws Error where Cedar does not parse the policy. */
export function readPolicy(cedar: CedarInstance, fuzzed: FuzzPolicy): ReadPolicy {
  const { id, effect, link } = fuzzed;
  const text = policyText(fuzzed);
  const { json: est } = succeed(
    cedar.call(link === undefined ? 'policyToJson' : 'templateToJson', new CedarText(JSON.stringify(text))),
    text,
  ) as { readonly json: Est };
  const { literals, work } = readConditions(est);

  return {
    est,
    policy: {
      id,
      effect,
      annotations: {},
      scope: readScope(est, link?.values),
      literals,
      work,
      condition: conditionOf(est),
      source: link === undefined ? { kind: 'static', text } : { kind: 'link', templateText: text, ...link },
    },
  };
}

/** What is refused before anything is evaluated. */
export type Part = 'entities' | 'principal, action or resource' | 'context';

/** What was compared of one request. */
export interface Judgement {
  readonly cedar: Verdict;
  readonly compiled: Verdict;
  /** The request as it was evaluated; absent where it was refused. */
  readonly request?: EvaluationRequest;
  /** What we refused first. */
  readonly refused?: Part;
}

/** Both evaluators over one world. */
export interface Judges {
  /** Judges requests over the same entities. */
  over(entities: string): (asked: Asked) => Judgement;
}

const SET = 'set';
const SCHEMA = 'schema';

/** @throws Error where Cedar does not take the schema or the policies. */
export function createJudges(
  cedar: CedarInstance,
  { schema, schemaText }: Pick<World, 'schema' | 'schemaText'>,
  policies: readonly Policy[],
): Judges {
  succeed(cedar.call('preparseSchema', SCHEMA, new CedarText(JSON.stringify(schemaText))), schemaText);
  succeed(cedar.call('preparsePolicySet', SET, new CedarText(policySetText(policies))), 'the policies');
  const evaluate = memoized(() => createCompiledEvaluator(schema, policies));

  return {
    over(entities) {
      const known = memoized(() => readAll(schema, entities));

      return (asked) => {
        const compiled = judge(() => {
          const all = within('entities', known);
          const { action } = within('principal, action or resource', () => checkRequest(schema, asked));
          const request = {
            principal: entityUid(asked.principal),
            action: action.uid,
            resource: entityUid(asked.resource),
            context: within('context', () =>
              readContext(schema, action, parseJson(asked.context, 'context')),
            ),
            entity: (key: string) => all.get(key),
          };

          return { request, compiled: verdict(evaluate().evaluate(request)) };
        });

        return { cedar: askCedar(cedar, asked, entities), ...compiled };
      };
    },
  };
}

export const REFUSED: Verdict = 'refused';

/** Refusals are what is compared; anything else that is thrown is a difference from all that Cedar may say. */
function judge(run: () => Omit<Judgement, 'cedar'>): Omit<Judgement, 'cedar'> {
  try {
    return run();
  } catch (thrown) {
    if (thrown instanceof Refusal) return { compiled: REFUSED, refused: thrown.part };

    return { compiled: `threw ${String(thrown)}` };
  }
}

class Refusal extends Error {
  readonly part: Part;

  constructor(part: Part) {
    super(part);
    this.part = part;
  }
}

function within<T>(part: Part, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw thrown instanceof PdpError && thrown.code === 'invalid_request' ? new Refusal(part) : thrown;
  }
}

function memoized<T>(make: () => T): () => T {
  let made: { readonly value: T } | { readonly thrown: unknown } | undefined;

  return () => {
    made ??= attempt(make);
    if ('thrown' in made) throw made.thrown;

    return made.value;
  };
}

function attempt<T>(make: () => T): { readonly value: T } | { readonly thrown: unknown } {
  try {
    return { value: make() };
  } catch (thrown) {
    return { thrown };
  }
}

/** Cedar itself, over all policies and all entities. */
function askCedar(cedar: CedarInstance, asked: Asked, entities: string): Verdict {
  const { principal, action, resource, context } = asked;
  const call = `{"principal":${JSON.stringify(principal)},"action":${JSON.stringify(action)},"resource":${JSON.stringify(resource)},
    "context":${context},"entities":${entities},"preparsedPolicySetId":"${SET}","preparsedSchemaName":"${SCHEMA}","validateRequest":true}`;
  try {
    const { decision, reason, errors } = readAnswer(cedar.call('statefulIsAuthorized', new CedarText(call)));

    return verdict({
      decision,
      determining: reason.toSorted(),
      errors: errors.toSorted((a, b) => (a.policyId < b.policyId ? -1 : 1)),
    });
  } catch (thrown) {
    if (thrown instanceof CedarRefusal) return REFUSED;
    throw thrown;
  }
}

/** As it is: what the evaluator answers is sorted. */
function verdict(answer: {
  readonly decision: string;
  readonly determining: readonly string[];
  readonly errors: readonly { readonly policyId: string }[];
}): Verdict {
  const errors = answer.errors.map(({ policyId }) => policyId);

  return `${answer.decision} by [${answer.determining.join()}], failed [${errors.join()}]`;
}

function readAll(schema: Schema, entities: string): ReadonlyMap<string, Entity> {
  const read = readEntities(schema, parseJson(entities, 'entities'), { allowActions: true });

  return new Map(read.map((entity) => [entity.uid.key, entity]));
}

function entityUid({ type, id }: RawUid): EntityUid {
  return new EntityUid(type, id);
}

function succeed(answer: unknown, what: string): object {
  if (typeof answer === 'object' && answer !== null && 'type' in answer && answer.type === 'success')
    return answer;

  throw new Error(`Cedar refuses ${what}: ${JSON.stringify(answer)}`);
}
