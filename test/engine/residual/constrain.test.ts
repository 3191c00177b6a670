import { expect, test } from 'vitest';
import type { Policy } from '../../../services/engine/policy.ts';
import { constrain } from '../../../services/engine/residual/constrain.ts';
import type { ActionType } from '../../../services/engine/schema/schema.ts';
import { EntityUid } from '../../../services/engine/value/value.ts';
import { schemaOf } from '../data/schemas.ts';

const schema = schemaOf(`
entity User, Robot, Doc;
action charge appliesTo { principal: Robot, resource: Doc };`);

const PERMIT: Policy = {
  id: 'p',
  effect: 'permit',
  annotations: {},
  scope: { principal: { op: 'all' }, action: { op: 'all' }, resource: { op: 'all' } },
  literals: [],
  work: [],
  condition: { shape: '[]', literals: [] },
  source: { kind: 'static', text: 'permit(principal, action, resource);' },
};

/** How often an action is looked at to judge so many policies. */
function looksAt(resourceTypes: readonly string[], policies: number): number {
  const charge = schema.actions.get('Action::"charge"');
  if (charge === undefined) throw new Error('the schema lacks it');
  let looks = 0;
  const action: ActionType = {
    ...charge,
    get uid() {
      looks += 1;

      return charge.uid;
    },
  };
  const principal = new EntityUid('User', 'a');
  const state = { schema, principal, entity: () => undefined, isFixed: () => true };
  const set = Array.from({ length: policies }, () => PERMIT);
  const steps = constrain(set, { state, actions: [{ action, resourceTypes }], residuals: false });
  let step = steps.next();
  while (step.done !== true) step = steps.next();

  expect(step.value.map(({ types }) => types.map(({ type }) => type))).toEqual([resourceTypes]);

  return looks;
}

test('gathers no policies for an action that has no resources for the principal', () => {
  expect(looksAt([], 10)).toBe(looksAt([], 1));
  expect(looksAt(['Doc'], 10)).toBeGreaterThan(looksAt(['Doc'], 1));
});
