import { createCedarEvaluator } from '../../services/engine/cedar/evaluator.ts';
import { type CedarInstance, CedarText } from '../../services/engine/cedar/instance.ts';
import { createCompiledEvaluator } from '../../services/engine/compiled/evaluator.ts';
import { conditionOf, type Est } from '../../services/engine/compiled/shape.ts';
import { readContext } from '../../services/engine/data/context.ts';
import { readEntities } from '../../services/engine/data/entities.ts';
import { checkRequest } from '../../services/engine/data/request.ts';
import type { Evaluator } from '../../services/engine/evaluator.ts';
import type { Policy } from '../../services/engine/policy.ts';
import { parseTrustedJson } from '../../services/engine/raw/json.ts';
import { type RawNode, RawObject } from '../../services/engine/raw/raw.ts';
import { readSchema } from '../../services/engine/schema/read.ts';
import type { Schema } from '../../services/engine/schema/schema.ts';
import { readScope } from '../../services/engine/slice/scope.ts';
import { EntityUid } from '../../services/engine/value/value.ts';
import type { CorpusTest } from './corpus.ts';

/** What came out of one corpus test. */
export interface CorpusResult {
  readonly requests: number;
  /** One line per request that was answered otherwise than by Cedar; empty: passed. */
  readonly differences: readonly string[];
  /** Whether Cedar's validator agrees with the corpus; judged apart, since 4.13 turned one error into a warning. */
  readonly validation: { readonly expected: boolean; readonly actual: boolean };
}

interface CorpusRequest {
  readonly principal: EntityUid;
  readonly action: EntityUid;
  readonly resource: EntityUid;
  readonly context: RawNode;
  readonly expected: string;
}

/**
 * Decides every request of a test through request check, slice and evaluation. The source and presence rules are
 * Palisade's own, so the test's entities stand as they are, action entities included, and the caps on them are lifted.
 */
export function runCorpusTest(instance: CedarInstance, test: CorpusTest): CorpusResult {
  const file = parseTrustedJson(test.text);
  const schema = readSchema(resolve(instance, test.schema));
  const policies = [readPolicy(instance, test.policies)];
  const evaluators = [
    createCedarEvaluator(test.schema, schema, policies),
    createCompiledEvaluator(schema, policies),
  ];
  const entities = new Map(
    readEntities(schema, parseTrustedJson(test.entities), UNLIMITED).map((entity) => [
      entity.uid.key,
      entity,
    ]),
  );
  const requests = asArray(member(file, 'requests')).map(readRequest);
  const differences = requests.flatMap((request, index) =>
    evaluators.flatMap((evaluator) => {
      const actual = decide(evaluator, schema, request, (key) => entities.get(key));

      return actual === request.expected
        ? []
        : [`request ${index}, ${evaluator.name}: expected ${request.expected}, got ${actual}`];
    }),
  );

  return {
    requests: requests.length,
    differences,
    validation: { expected: member(file, 'shouldValidate') === true, actual: validates(instance, test) },
  };
}

const UNLIMITED = {
  allowActions: true,
  maxEntities: Number.POSITIVE_INFINITY,
  maxAncestors: Number.POSITIVE_INFINITY,
  maxChain: Number.POSITIVE_INFINITY,
};

function decide(
  evaluator: Evaluator,
  schema: Schema,
  { principal, action, resource, context }: CorpusRequest,
  entity: Parameters<Evaluator['evaluate']>[0]['entity'],
): string {
  try {
    const checked = checkRequest(schema, { principal, action, resource });
    const { decision, determining, errors } = evaluator.evaluate({
      principal,
      action,
      resource,
      context: readContext(schema, checked.action, context),
      // Actions come from the schema; the corpus lists them among the entities too.
      entity: (key) => (schema.actions.has(key) ? undefined : entity(key)),
    });

    return verdictText(
      decision,
      determining,
      errors.map(({ policyId }) => policyId),
    );
  } catch (thrown) {
    return `an error: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  }
}

function verdictText(decision: unknown, reason: readonly unknown[], errors: readonly unknown[]): string {
  return `${String(decision)} by [${reason.toSorted().join()}] with errors in [${errors.toSorted().join()}]`;
}

/** Every corpus test has one policy, whose id is positional. */
function readPolicy(instance: CedarInstance, text: string): Policy {
  const est = success(instance.call('policyToJson', new CedarText(JSON.stringify(text))));
  const effect = member(toRaw(est['json']), 'effect') === 'forbid' ? 'forbid' : 'permit';

  return {
    id: 'policy0',
    effect,
    annotations: {},
    scope: readScope(est['json']),
    literals: literalsOf(est['json']),
    work: [],
    condition: conditionOf(est['json'] as Est),
    source: { kind: 'static', text },
  };
}

function literalsOf(est: unknown): { type: string; id: string }[] {
  if (typeof est !== 'object' || est === null) return [];
  const own = '__entity' in est ? [est.__entity as { type: string; id: string }] : [];

  return [...own, ...Object.values(est).flatMap(literalsOf)];
}

function resolve(instance: CedarInstance, schema: string): unknown {
  success(instance.call('checkParseSchema', new CedarText(JSON.stringify(schema))));

  return success(instance.call('schemaToJsonWithResolvedTypes', schema))['json'];
}

function validates(instance: CedarInstance, { schema, policies }: CorpusTest): boolean {
  const call = {
    validationSettings: { mode: 'strict' },
    schema,
    policies: { staticPolicies: { policy0: policies } },
  };
  const { validationErrors, validationWarnings } = success(
    instance.call('validate', new CedarText(JSON.stringify(call))),
  );
  const warnings = JSON.stringify(validationWarnings);

  return (
    asArray(toRaw(validationErrors)).length === 0 && !warnings.includes('unable to find an applicable action')
  );
}

function success(answer: unknown): Record<string, unknown> {
  const object = answer as Record<string, unknown>;
  if (object['type'] === 'success') return object;

  throw new Error(`Cedar refused a corpus file: ${JSON.stringify(answer)}`);
}

function readRequest(raw: RawNode): CorpusRequest {
  const ids = (name: string) => asArray(member(raw, name));

  return {
    principal: readUid(member(raw, 'principal')),
    action: readUid(member(raw, 'action')),
    resource: readUid(member(raw, 'resource')),
    context: member(raw, 'context'),
    expected: verdictText(member(raw, 'decision'), ids('reason'), ids('errors')),
  };
}

function readUid(raw: RawNode): EntityUid {
  return new EntityUid(String(member(raw, 'type')), String(member(raw, 'id')));
}

function member(raw: RawNode, name: string): RawNode {
  const value = raw instanceof RawObject ? raw.entries.get(name) : undefined;
  if (value === undefined) throw new Error(`a corpus file lacks ${name}`);

  return value;
}

function asArray(raw: RawNode): readonly RawNode[] {
  if (!Array.isArray(raw)) throw new Error('a corpus file holds another form than expected');

  return raw;
}

function toRaw(json: unknown): RawNode {
  return parseTrustedJson(
    JSON.stringify(json, (_key, value) => (typeof value === 'bigint' ? Number(value) : value)),
  );
}
