import { describe, expect, test } from 'vitest';
import type { ActionConstraint, Policy, Scope } from '../../../services/engine/policy.ts';
import type { Schema } from '../../../services/engine/schema/schema.ts';
import { createPolicyIndex } from '../../../services/engine/slice/policy-index.ts';
import { EntityUid } from '../../../services/engine/value/value.ts';

const SCHEMA: Pick<Schema, 'actions'> = { actions: new Map() };

function policyOf(action: ActionConstraint): Policy {
  return { scope: { principal: { op: 'all' }, action, resource: { op: 'all' } } } as unknown as Policy;
}

function schemaOf(group: EntityUid, members: readonly string[]): Schema {
  const actions = [
    { uid: group, ancestors: [] },
    ...members.map((id) => ({ uid: new EntityUid('Action', id), ancestors: [group] })),
  ];

  return { actions: new Map(actions.map((action) => [action.uid.key, action])) } as unknown as Schema;
}

function selected(index: ReturnType<typeof createPolicyIndex>, id: string): number[] {
  return index.slice({
    principal: { type: 'User', keys: ['User::"a"'] },
    action: `Action::"${id}"`,
    resource: { type: 'Doc', keys: ['Doc::"a"'] },
  });
}

describe('the index of policies by scope', () => {
  const two = ['a', 'b'].map((id) => ({ type: 'Action', id }));

  test.each(['\n', ',', '\u0000', '","', '"\nAction::"', '", "'])(
    'keeps one action whose id looks like two with %j between them apart from the two',
    (between) => {
      const one = `a"${between}Action::"b`;
      const bare = `a${between}b`;
      const constraints: ActionConstraint[] = [
        { op: 'in', uids: [{ type: 'Action', id: one }] },
        { op: 'in', uids: [{ type: 'Action', id: bare }] },
        { op: 'in', uids: two },
      ];
      for (const order of [constraints, constraints.toReversed()]) {
        const index = createPolicyIndex(SCHEMA as Schema, order.map(policyOf));
        const at = (constraint: ActionConstraint | undefined) =>
          order.indexOf(constraint as ActionConstraint);

        expect(selected(index, one)).toEqual([at(constraints[0])]);
        expect(selected(index, bare)).toEqual([at(constraints[1])]);
        expect(selected(index, 'a')).toEqual([at(constraints[2])]);
        expect(selected(index, 'b')).toEqual([at(constraints[2])]);
      }
    },
  );

  const group = new EntityUid('Action', 'group');
  const readers = schemaOf(group, ['read', 'list']);
  const named = (op: '==' | 'in', ...ids: string[]): ActionConstraint => ({
    op,
    uids: ids.map((id) => ({ type: 'Action', id })),
  });

  test('finds a policy once that names an action in several ways', () => {
    const index = createPolicyIndex(
      readers,
      [named('in', 'list', 'group', 'read'), named('in', 'read', 'group'), named('in', 'read', 'read')].map(
        policyOf,
      ),
    );

    expect(selected(index, 'read')).toEqual([0, 1, 2]);
    expect(selected(index, 'list')).toEqual([0, 1]);
    expect(selected(index, 'group')).toEqual([0, 1]);
    expect(selected(index, 'other')).toEqual([]);
  });

  test('tells what is in a group from what it is equal to', () => {
    const constraints = [
      named('==', 'group'),
      named('in', 'group'),
      named('==', 'read'),
      named('in', 'read'),
      named('in'),
    ];
    const index = createPolicyIndex(readers, constraints.map(policyOf));

    expect(selected(index, 'read')).toEqual([1, 2, 3]);
    expect(selected(index, 'group')).toEqual([0, 1]);
    expect(selected(index, 'list')).toEqual([1]);
  });

  test('knows no action of the request before', () => {
    const index = createPolicyIndex(readers, [named('==', 'read'), named('in', 'list')].map(policyOf));

    expect(selected(index, 'read')).toEqual([0]);
    expect(selected(index, 'other')).toEqual([]);
    expect(selected(index, 'list')).toEqual([1]);
    expect(selected(index, 'read')).toEqual([0]);
  });

  test('knows no resource of the request before', () => {
    const scope: Scope = {
      principal: { op: '==', uid: { type: 'User', id: 'a' } },
      action: { op: 'all' },
      resource: { op: '==', uid: { type: 'Doc', id: 'a' } },
    };
    const index = createPolicyIndex(readers, [{ scope } as unknown as Policy]);
    const about = (keys: readonly string[]) =>
      index.slice({
        principal: { type: 'User', keys: ['User::"a"'] },
        action: 'Action::"read"',
        resource: { type: 'Doc', keys },
      });

    expect(about(['Doc::"b"', 'Doc::"a"'])).toEqual([]);
    expect(about(['Doc::"a"'])).toEqual([0]);
    expect(about([])).toEqual([]);
  });

  test('takes no place for each action of a group and each policy that names it', () => {
    const many = Array.from({ length: 15_000 }, (_, index) => `a${index}`);
    const index = createPolicyIndex(
      schemaOf(group, many),
      many.slice(0, 5_000).map((id) => policyOf(named('in', 'group', id))),
    );

    expect(selected(index, 'a7')).toHaveLength(5_000);
    expect(selected(index, 'other')).toEqual([]);
  });
});
