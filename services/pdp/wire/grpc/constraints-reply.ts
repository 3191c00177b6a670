import type { TypeConstraint } from '../../../engine/residual/constrain.ts';
import type { ActionConstraints, ConstraintsReply } from '../../types.ts';
import {
  EFFECTS,
  ENFORCEMENTS,
  encoded,
  number,
  text,
  within,
  writeBundle,
  writeSequence,
  writeTime,
} from './reply.ts';

// Numbers of `proto/palisade/v1/authorization.proto`; a test holds what is written here against it.
const RESPONSE = {
  request_id: 1,
  bundle: 2,
  state_sequence: 3,
  enforcement: 4,
  trace_id: 5,
  evaluated_at: 6,
  actions: 7,
} as const;
const ACTION = { action: 1, possible: 2, resource_types: 3 } as const;
const UID = { type: 1, id: 2 } as const;
const TYPE = { type: 1, possible: 2, residuals: 3 } as const;
const RESIDUAL = { policy_id: 1, effect: 2, resource: 3, condition: 4 } as const;

/** Writes what could be allowed as the contract's ConstraintsResponse. */
export function encodeConstraints(reply: ConstraintsReply): Buffer {
  return encoded(() => {
    text(RESPONSE.request_id, reply.request_id);
    writeBundle(RESPONSE.bundle, reply.bundle);
    writeSequence(RESPONSE.state_sequence, reply.state_sequence);
    number(RESPONSE.enforcement, ENFORCEMENTS[reply.enforcement]);
    text(RESPONSE.trace_id, reply.trace_id);
    writeTime(RESPONSE.evaluated_at, reply.evaluated_at);
    for (const action of reply.actions) within(RESPONSE.actions, () => writeAction(action));
  });
}

function writeAction({ action, possible, resource_types }: ActionConstraints): void {
  within(ACTION.action, () => {
    text(UID.type, action.type);
    text(UID.id, action.id);
  });
  number(ACTION.possible, possible ? 1 : 0);
  for (const type of resource_types) within(ACTION.resource_types, () => writeType(type));
}

function writeType({ type, possible, residuals = [] }: TypeConstraint): void {
  text(TYPE.type, type);
  number(TYPE.possible, possible ? 1 : 0);
  for (const { policyId, effect, resource, condition } of residuals) {
    within(TYPE.residuals, () => {
      text(RESIDUAL.policy_id, policyId);
      number(RESIDUAL.effect, EFFECTS[effect]);
      text(RESIDUAL.resource, resource);
      text(RESIDUAL.condition, condition);
    });
  }
}
