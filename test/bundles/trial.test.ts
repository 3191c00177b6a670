import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCedar } from '../../services/bundles/cedar.ts';
import { createProblems } from '../../services/bundles/problems.ts';
import { createSampler } from '../../services/bundles/sample-request.ts';
import { readBundleSchema } from '../../services/bundles/schema.ts';
import { type TrialFindings, tryPolicies } from '../../services/bundles/trial.ts';
import { conditionOf, type Est } from '../../services/engine/compiled/shape.ts';
import type { Policy } from '../../services/engine/policy.ts';
import { readScope } from '../../services/engine/slice/scope.ts';

const TEXT = `
type Place = { country: String, tags?: Set<String> };
entity Org;
entity Team in [Org];
entity User in [Team] { manager: User, place: Place, since: datetime, from: ipaddr, credit: decimal, each: duration } tags Long;
entity Color enum ["red", "green"];
entity Doc in [Doc] { owner: User, color: Color, n: Long, open: Bool, all: Set<User> };
action any;
action read in [any] appliesTo { principal: [Color, User], resource: [Color, Doc], context: { place: Place, by: User, pdp: { now: datetime } } };
action write in [any, read] appliesTo { principal: User, resource: Doc };
`;
const cedar = createCedar();
const parsed = readBundleSchema(Buffer.from(TEXT), cedar, createProblems());
if (parsed === undefined) throw new Error('the schema does not parse');
const { schema, text: schemaText } = parsed;

function policyOf(id: string, text: string): Policy {
  const reply = cedar.ask('policyToJson', text);
  if (reply.type !== 'success') throw new Error(`${text}: ${JSON.stringify(reply)}`);

  return {
    id,
    effect: 'permit',
    annotations: {},
    scope: readScope(reply.answer['json']),
    literals: [],
    work: [],
    condition: conditionOf(reply.answer['json'] as Est),
    source: { kind: 'static', text },
  };
}

function run(policies: readonly Policy[]): TrialFindings {
  const steps = tryPolicies(schemaText, schema, policies);
  for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value;
}

const uid = fc.constantFrom(
  'Org::"o"',
  'Team::"t"',
  'User::"u"',
  'Color::"red"',
  'Color::"green"',
  'Doc::"d"',
);
const type = fc.constantFrom('Org', 'Team', 'User', 'Color', 'Doc');
const entity = (name: string) =>
  fc.oneof(
    fc.constant(name),
    uid.map((one) => `${name} == ${one}`),
    uid.map((one) => `${name} in ${one}`),
    type.map((one) => `${name} is ${one}`),
    fc.tuple(type, uid).map(([is, one]) => `${name} is ${is} in ${one}`),
  );
const action = fc.constantFrom(
  'action',
  'action == Action::"read"',
  'action == Action::"any"',
  'action in Action::"any"',
  'action in [Action::"write", Action::"read"]',
);
const scope = fc
  .tuple(entity('principal'), action, entity('resource'))
  .map((parts) => `permit(${parts.join(', ')});`);

describe('the sampler', () => {
  test('makes requests that Cedar takes and that the scope matches, or says that there is none', () => {
    fc.assert(
      fc.property(scope, (text) => {
        const policy = policyOf('p', text);
        const sample = createSampler(schema).sample(policy.scope);
        const warnings = cedar.ask('validate', {
          schema: schemaText,
          policies: { staticPolicies: { p: text } },
        });
        const possible =
          warnings.type === 'success' && (warnings.answer['validationWarnings'] as unknown[]).length === 0;

        expect(run([policy])).toEqual({ trapping: [], refused: [], incomplete: false });
        if (possible) expect(sample).toBeDefined();
      }),
      { numRuns: 300 },
    );
  });
});

describe('a trial', () => {
  const deep = Array(400).fill('resource.open').join(' || ');

  test('finds exactly the policies that trap when they are evaluated, though they parse and validate', () => {
    const policies = Array.from({ length: 30 }, (_, at) =>
      policyOf(
        `p${at}`,
        `permit(principal is User, action == Action::"write", resource) when { ${at % 10 === 3 ? deep : 'resource.open'} };`,
      ),
    );

    expect(run(policies).trapping.map(({ id }) => id)).toEqual(['p3', 'p13', 'p23']);
  });

  test('ends where too many trap', () => {
    const policies = Array.from({ length: 60 }, (_, at) =>
      policyOf(
        `p${at}`,
        `permit(principal == User::"${at}", action == Action::"write", resource) when { ${deep} };`,
      ),
    );

    expect(run(policies).incomplete).toBe(true);
  });
});
