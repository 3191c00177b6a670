import { describe, expect, test } from 'vitest';
import type { ActionConstraint, Policy } from '../../../services/engine/policy.ts';
import type { Schema } from '../../../services/engine/schema/schema.ts';
import { createPolicyIndex } from '../../../services/engine/slice/policy-index.ts';

const SCHEMA: Pick<Schema, 'actions'> = { actions: new Map() };

function policyOf(action: ActionConstraint): Policy {
  return { scope: { principal: { op: 'all' }, action, resource: { op: 'all' } } } as unknown as Policy;
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
});
