import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CedarAnswer, readAnswer } from '../../../services/engine/cedar/answer.ts';
import { policySetText, requestText } from '../../../services/engine/cedar/call-text.ts';
import { createCedarEvaluator } from '../../../services/engine/cedar/evaluator.ts';
import { CedarText, createCedarInstance } from '../../../services/engine/cedar/instance.ts';
import { createCompiledEvaluator } from '../../../services/engine/compiled/evaluator.ts';
import { conditionOf, type Est } from '../../../services/engine/compiled/shape.ts';
import type { Entity } from '../../../services/engine/data/entities.ts';
import type { LoneEntity } from '../../../services/engine/data/entity.ts';
import type { EvaluationRequest } from '../../../services/engine/evaluator.ts';
import type { Policy } from '../../../services/engine/policy.ts';
import { readSchema } from '../../../services/engine/schema/read.ts';
import { readScope } from '../../../services/engine/slice/scope.ts';
import { CedarRecord, EntityUid, type Value } from '../../../services/engine/value/value.ts';

const SCHEMA = `
  entity Group in [Group];
  entity User in [Group] { level: Long, boss?: User };
  entity Folder in [Folder];
  entity Doc in [Folder] { owner: User };
  action any;
  action read, list in [any] appliesTo { principal: [User], resource: [Doc, Folder], context: { n: Long, who?: User } };
  action write in [any] appliesTo { principal: [User], resource: [Doc], context: { n: Long, who?: User } };
  action purge appliesTo { principal: [User], resource: [Doc], context: { n: Long, who?: User } };
`;

const instance = createCedarInstance();
const schema = readSchema(
  (instance.call('schemaToJsonWithResolvedTypes', SCHEMA) as { readonly json: unknown }).json,
);

const few = (type: string, count: number): fc.Arbitrary<string> =>
  fc.integer({ min: 0, max: count - 1 }).map((id) => `${type}::"${id}"`);
const users = few('User', 3);
const groups = few('Group', 4);
const docs = few('Doc', 3);
const folders = few('Folder', 4);
const actions = fc.constantFrom('any', 'read', 'list', 'write', 'purge').map((id) => `Action::"${id}"`);

const principalScope = fc.oneof(
  { arbitrary: fc.constant('principal'), weight: 3 },
  users.map((uid) => `principal == ${uid}`),
  groups.map((uid) => `principal in ${uid}`),
  users.map((uid) => `principal in ${uid}`),
  fc.constantFrom('principal is User', 'principal is Group'),
  groups.map((uid) => `principal is User in ${uid}`),
  fc.constantFrom('principal == ?principal', 'principal in ?principal', 'principal is User in ?principal'),
);
const actionScope = fc.oneof(
  { arbitrary: fc.constant('action'), weight: 3 },
  actions.map((uid) => `action == ${uid}`),
  actions.map((uid) => `action in ${uid}`),
  fc.array(actions, { maxLength: 3 }).map((uids) => `action in [${uids.join()}]`),
);
const resourceScope = fc.oneof(
  { arbitrary: fc.constant('resource'), weight: 3 },
  docs.map((uid) => `resource == ${uid}`),
  folders.map((uid) => `resource in ${uid}`),
  fc.constantFrom('resource is Doc', 'resource is Folder'),
  folders.map((uid) => `resource is Doc in ${uid}`),
  fc.constantFrom('resource == ?resource', 'resource in ?resource'),
);
/** Bodies that are true, false, or fail, some of them only for some requests. */
const body = fc.constantFrom(
  '',
  'when { false }',
  'when { context.n > 1 }',
  'when { context.n + 9223372036854775807 > 0 }',
  'when { principal.level > 1 }',
  'when { principal.boss.level > 1 }',
  'unless { principal has boss }',
  'when { principal has boss.boss && principal.boss.boss in Group::"1" }',
  'when { context.who in Group::"2" }',
  'when { User::"0".level == 0 }',
  'when { resource is Doc && resource.owner in Group::"3" }',
  'when { User::"1" in Group::"0" }',
  'when { resource has owner && resource.owner == principal }',
);

const policies = fc
  .array(
    fc.record({
      effect: fc.constantFrom('permit', 'permit', 'forbid'),
      principal: principalScope,
      action: actionScope,
      resource: resourceScope,
      body,
      slots: fc.record({ principal: fc.oneof(users, groups), resource: fc.oneof(docs, folders) }),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((drawn) =>
    drawn.map((policy, index) => {
      const text = `${policy.effect}(${policy.principal}, ${policy.action}, ${policy.resource}) ${policy.body};`;

      return toPolicy(`p${index}`, text, policy.slots);
    }),
  );

const parents = (groupCount: number) => fc.subarray(Array.from({ length: groupCount }, (_, index) => index));
const entities = fc
  .record({
    users: fc.array(
      fc.record({ level: fc.integer({ min: 0, max: 3 }), boss: fc.option(users), in: parents(4) }),
      {
        maxLength: 3,
      },
    ),
    groups: fc.array(parents(4), { maxLength: 4 }),
    docs: fc.array(fc.record({ owner: users, in: parents(4) }), { maxLength: 3 }),
    folders: fc.array(parents(4), { maxLength: 4 }),
  })
  .map((drawn) => {
    const list: LoneEntity[] = [
      ...drawn.users.map((user, index) =>
        entity('User', index, 'Group', user.in, [
          ['level', BigInt(user.level)],
          ...(user.boss === null ? [] : ([['boss', uidOf(user.boss)]] as const)),
        ]),
      ),
      ...drawn.docs.map((doc, index) =>
        entity('Doc', index, 'Folder', doc.in, [['owner', uidOf(doc.owner)]]),
      ),
      // Only upwards, since a cycle is refused before evaluation.
      ...drawn.groups.map((above, index) => entity('Group', index, 'Group', upwards(above, index), [])),
      ...drawn.folders.map((above, index) => entity('Folder', index, 'Folder', upwards(above, index), [])),
    ];

    return closed(list);
  });

const requests = fc.record({
  principal: users.map(uidOf),
  action: fc.constantFrom('read', 'list', 'write', 'purge').map((id) => new EntityUid('Action', id)),
  resource: docs.map(uidOf),
  n: fc.constantFrom(0n, 2n, 9_007_199_254_740_993n),
  who: fc.option(users.map(uidOf)),
});

test('a slice gives the decision, the reasons and the errors of the whole set', () => {
  const seen = { allow: 0, forbidden: 0, errors: 0, multiple: 0 };

  fc.assert(
    fc.property(
      policies,
      entities,
      fc.array(requests, { minLength: 3, maxLength: 6 }),
      (set, known, drawn) => {
        const evaluators = [createCedarEvaluator(SCHEMA, schema, set), createCompiledEvaluator(schema, set)];
        for (const { n, who, ...uids } of drawn) {
          const fields = new Map<string, Value>([['n', n]]);
          if (who !== null) fields.set('who', who);
          const context = new CedarRecord(fields);
          const request = { ...uids, context, entity: (key: string) => known.get(key) };
          const whole = judgeWhole(request, set, [...known.values()]);
          for (const evaluator of evaluators) {
            const { decision, determining, errors } = evaluator.evaluate(request);

            expect({ decision, determining, errors: errors.map(({ policyId }) => policyId) }).toEqual({
              decision: whole.decision,
              determining: whole.reason.toSorted(),
              errors: whole.errors.map(({ policyId }) => policyId).toSorted(),
            });
          }

          if (whole.decision === 'allow') seen.allow += 1;
          if (whole.decision === 'deny' && whole.reason.length > 0) seen.forbidden += 1;
          if (whole.errors.length > 0) seen.errors += 1;
          if (whole.reason.length > 1) seen.multiple += 1;
        }
      },
    ),
    { numRuns: 150, seed: 7 },
  );

  // A generator that never reached these would prove nothing.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20);
});

/** Cedar itself, over all policies and all entities. */
function judgeWhole(request: EvaluationRequest, set: readonly Policy[], all: readonly Entity[]): CedarAnswer {
  const asked = requestText(request, all).slice(0, -1);
  const call = `${asked},"schema":${JSON.stringify(SCHEMA)},"validateRequest":true,"policies":${policySetText(set)}}`;

  return readAnswer(instance.call('isAuthorized', new CedarText(call)));
}

function toPolicy(id: string, text: string, slots: { principal: string; resource: string }): Policy {
  const isTemplate = text.includes('?');
  const answer = instance.call(
    isTemplate ? 'templateToJson' : 'policyToJson',
    new CedarText(JSON.stringify(text)),
  );
  const est = (answer as { readonly json: Est & { effect: Policy['effect'] } }).json;
  const used = (['principal', 'resource'] as const).filter((slot) => text.includes(`?${slot}`));
  const values = Object.fromEntries(used.map((slot) => [`?${slot}`, rawUid(slots[slot])]));

  return {
    id,
    effect: est.effect,
    annotations: {},
    scope: readScope(est, values),
    literals: [...text.slice(text.indexOf(')')).matchAll(/(\w+)::"(\w+)"/g)].map(
      ([, type = '', name = '']) => ({
        type,
        id: name,
      }),
    ),
    work: [],
    condition: conditionOf(est),
    source: isTemplate
      ? { kind: 'link', templateId: `template of ${id}`, templateText: text, values }
      : { kind: 'static', text },
  };
}

function entity(
  type: string,
  id: number,
  parentType: string,
  above: readonly number[],
  attributes: readonly (readonly [string, bigint | EntityUid])[],
): LoneEntity {
  return {
    uid: new EntityUid(type, String(id)),
    attributes: new Map(attributes),
    tags: new Map(),
    parents: above.map((parent) => new EntityUid(parentType, String(parent))),
  };
}

/** Each entity with what it stands below. */
function closed(list: readonly LoneEntity[]): ReadonlyMap<string, Entity> {
  const byKey = new Map(list.map((one) => [one.uid.key, one]));
  const above = (one: LoneEntity | undefined): string[] =>
    (one?.parents ?? []).flatMap(({ key }) => [key, ...above(byKey.get(key))]);

  return new Map(list.map((one) => [one.uid.key, { ...one, ancestors: new Set(above(one)) }]));
}

function upwards(above: readonly number[], own: number): number[] {
  return above.filter((index) => index > own);
}

function uidOf(text: string): EntityUid {
  const { type, id } = rawUid(text);

  return new EntityUid(type, id);
}

function rawUid(text: string): { type: string; id: string } {
  const [type = '', id = ''] = text.split('::');

  return { type, id: JSON.parse(id) as string };
}
