import { describe, expect, test } from 'vitest';
import { CedarText, createCedarInstance } from '../../../services/engine/cedar/instance.ts';
import { createCompiledEvaluator } from '../../../services/engine/compiled/evaluator.ts';
import { conditionOf, type Est } from '../../../services/engine/compiled/shape.ts';
import { readContext } from '../../../services/engine/data/context.ts';
import { readEntities } from '../../../services/engine/data/entities.ts';
import type { Policy } from '../../../services/engine/policy.ts';
import { parseJson } from '../../../services/engine/raw/json.ts';
import { readScope } from '../../../services/engine/slice/scope.ts';
import { EntityUid } from '../../../services/engine/value/value.ts';
import { actionOf, schemaOf } from '../data/schemas.ts';
import {
  CONTEXT,
  ENTITIES,
  EXAMPLES,
  type Expected,
  JSON_EXAMPLES,
  REJECTED,
  SCHEMA,
  SCOPES,
} from './semantics-examples.ts';

const cedar = createCedarInstance();
const schema = schemaOf(SCHEMA);
cedar.call('preparseSchema', 'schema', new CedarText(JSON.stringify(SCHEMA)));
const listed = new Map(
  readEntities(schema, parseJson(ENTITIES, 'entities')).map((entity) => [entity.uid.key, entity]),
);
const request = {
  principal: new EntityUid('U', 'a'),
  action: new EntityUid('Action', 'read'),
  resource: new EntityUid('V', 'v'),
  context: readContext(schema, actionOf(schema, 'Action::"read"'), parseJson(CONTEXT, 'context')),
  entity: (key: string) => listed.get(key),
};

describe.each(Object.entries(EXAMPLES))('%s', (_topic, examples) => {
  test.each(examples)('%s → %s', (condition, expected) => {
    const clauses =
      condition === '' || /^(when|unless) \{/.test(condition) ? condition : `when { ${condition} }`;

    expectOnBoth(`permit(principal, action, resource) ${clauses};`, expected);
  });
});

describe('a condition in JSON form', () => {
  test.each(JSON_EXAMPLES)('%j → %s', (body, expected) => {
    const all = { op: 'All' };
    const conditions = [{ kind: 'when', body }];

    expectOnBoth({ effect: 'permit', principal: all, action: all, resource: all, conditions }, expected);
  });
});

describe('a scope is looked at first', () => {
  test.each(SCOPES)('%s → %s', expectOnBoth);
});

test.each(REJECTED)('Cedar does not parse %s', (text) => {
  expect(cedar.call('policyToJson', jsonText(text))).toMatchObject({ type: 'failure' });
});

describe('policies together', () => {
  const satisfied = (effect: string): string => `${effect}(principal, action, resource);`;
  const failing = (effect: string): string => `${effect}(principal, action, resource) when { 1 };`;
  const unsatisfied = (effect: string): string => `${effect}(principal, action, resource) when { false };`;

  test.each<[string, readonly string[], object]>([
    ['nothing is satisfied', [unsatisfied('permit')], { decision: 'deny', determining: [], errors: [] }],
    [
      'all satisfied permits determine',
      [satisfied('permit'), unsatisfied('permit'), satisfied('permit')],
      { decision: 'allow', determining: ['p0', 'p2'], errors: [] },
    ],
    [
      'all satisfied forbids determine, and no permits',
      [
        satisfied('permit'),
        satisfied('permit'),
        satisfied('forbid'),
        satisfied('forbid'),
        unsatisfied('forbid'),
      ],
      { decision: 'deny', determining: ['p2', 'p3'], errors: [] },
    ],
    [
      'a failing forbid forbids nothing',
      [satisfied('permit'), failing('forbid')],
      { decision: 'allow', determining: ['p0'], errors: ['p1'] },
    ],
    [
      'a failing permit permits nothing',
      [failing('permit'), unsatisfied('forbid')],
      { decision: 'deny', determining: [], errors: ['p0'] },
    ],
    [
      'failures are told beside a forbid too',
      [failing('permit'), satisfied('forbid'), failing('forbid')],
      { decision: 'deny', determining: ['p1'], errors: ['p0', 'p2'] },
    ],
  ])('%s', (_what, texts, expected) => {
    const policies = Object.fromEntries(texts.map((text, index) => [`p${index}`, text]));

    expect(compiledAnswer(policies)).toEqual(expected);
    expect(cedarAnswer(policies)).toEqual(expected);
  });
});

/** @param policy Cedar text, or Cedar's JSON form. */
function expectOnBoth(policy: string | Est, expected: Expected): void {
  expect(outcomeIn(cedarAnswer({ p: policy })), 'cedar-wasm').toBe(expected);
  expect(outcomeIn(compiledAnswer({ p: policy })), 'compiled').toBe(expected);
}

interface Answer {
  readonly decision: string;
  readonly determining: readonly string[];
  readonly errors: readonly string[];
}

function outcomeIn({ determining, errors }: Answer): Expected {
  if (errors.length > 0) return 'E';

  return determining.length > 0 ? 'T' : 'F';
}

type Policies = Readonly<Record<string, string | Est>>;

function compiledAnswer(policies: Policies): Answer {
  const read = Object.entries(policies).map(([id, policy]) => readPolicy(id, policy));
  const { decision, determining, errors } = createCompiledEvaluator(schema, read).evaluate(request);

  return { decision, determining, errors: errors.map(({ policyId }) => policyId) };
}

function cedarAnswer(staticPolicies: Policies): Answer {
  const { principal, action, resource } = request;
  const uids = JSON.stringify({ principal, action, resource });
  const parsed = cedar.call('preparsePolicySet', 'set', jsonText({ staticPolicies }));
  expect(parsed).toMatchObject({ type: 'success' });
  const answer = cedar.call(
    'statefulIsAuthorized',
    new CedarText(
      `${uids.slice(0, -1)},"context":${CONTEXT},"entities":${ENTITIES},"validateRequest":true,
        "preparsedSchemaName":"schema","preparsedPolicySetId":"set"}`,
    ),
  );
  expect(answer).toMatchObject({ type: 'success' });
  const { response } = answer as {
    readonly response: {
      readonly decision: string;
      readonly diagnostics: {
        readonly reason: readonly string[];
        readonly errors: readonly { readonly policyId: string }[];
      };
    };
  };
  const { reason, errors } = response.diagnostics;

  return {
    decision: response.decision,
    determining: reason.toSorted(),
    errors: errors.map(({ policyId }) => policyId).toSorted(),
  };
}

function readPolicy(id: string, policy: string | Est): Policy {
  const answer = cedar.call('policyToJson', jsonText(policy));
  expect(answer).toMatchObject({ type: 'success' });
  const { json: est } = answer as { readonly json: Est };

  return {
    id,
    effect: est['effect'] === 'permit' ? 'permit' : 'forbid',
    annotations: {},
    scope: readScope(est),
    literals: [],
    work: [],
    condition: conditionOf(est),
    source: { kind: 'static', text: '' },
  };
}

function jsonText(value: unknown): CedarText {
  return new CedarText(JSON.stringify(value));
}
