import { type PdpError, toPdpError } from '../../../engine/error.ts';
import { parseJson } from '../../../engine/raw/json.ts';
import type { RawNode } from '../../../engine/raw/raw.ts';
import type {
  AuthorizeCall,
  ConstraintsCall,
  Detail,
  Mode,
  Run,
  RunCall,
  StartRunCall,
  TypedEntityInput,
  WaitCall,
} from '../../types.ts';
import { authorizeCall, constraintsCall, runCall, startRunCall, waitCall } from '../authorize-call.ts';
import type { AuthorizeRequest__Output } from '../generated/palisade/v1/AuthorizeRequest.ts';
import type { ConstraintsRequest__Output } from '../generated/palisade/v1/ConstraintsRequest.ts';
import type { Detail__Output } from '../generated/palisade/v1/Detail.ts';
import type { EndRunRequest__Output } from '../generated/palisade/v1/EndRunRequest.ts';
import type { Mode__Output } from '../generated/palisade/v1/Mode.ts';
import type { Run__Output } from '../generated/palisade/v1/Run.ts';
import type { StartRunRequest__Output } from '../generated/palisade/v1/StartRunRequest.ts';
import type { WaitForApprovalRequest__Output } from '../generated/palisade/v1/WaitForApprovalRequest.ts';
import { decodeMessage } from '../protobuf/decode.ts';
import { peekRequestId } from '../protobuf/peek.ts';
import {
  AUTHORIZE_REQUEST,
  CONSTRAINTS_REQUEST,
  RUN_REQUEST,
  START_RUN_REQUEST,
  WAIT_REQUEST,
} from '../protobuf/request-schema.ts';
import type { Incoming } from './contract.ts';
import { typedContext, typedEntities } from './typed-value.ts';

/** An AuthorizeRequest as read from its bytes. */
export interface GrpcRequest {
  /** Also there where the rest does not decode, if it can be found. */
  readonly request_id: string;
  /** Values of its `traceparent`: none or one. */
  readonly traceparents: readonly string[];
  readonly call: AuthorizeCall | PdpError;
}

const MODES: Readonly<Record<Mode__Output, Mode | undefined>> = {
  MODE_UNSPECIFIED: undefined,
  ENFORCE: 'enforce',
  CHECK: 'check',
};
const DETAILS: Readonly<Record<Detail__Output, Detail | undefined>> = {
  DETAIL_UNSPECIFIED: undefined,
  BASIC: 'basic',
  FULL: 'full',
};

/** Reads one AuthorizeRequest; what is wrong with it is part of the answer, since a batch or stream goes on. */
export function readRequest(incoming: Incoming): GrpcRequest {
  if (!Buffer.isBuffer(incoming)) {
    return { request_id: incoming.request_id, traceparents: [], call: incoming.error };
  }

  try {
    const decoded = decodeMessage(AUTHORIZE_REQUEST, incoming) as unknown as AuthorizeRequest__Output;
    const call = fromMessage(decoded);
    const traceparents = decoded.traceparent === '' ? [] : [decoded.traceparent];
    return { request_id: call.request_id, traceparents, call };
  } catch (thrown) {
    return { request_id: peekRequestId(incoming), traceparents: [], call: toPdpError(thrown) };
  }
}

/** Reads a ConstraintsRequest. @throws PdpError `invalid_request` or `too_large`, with the field at fault. */
export function readConstraints(incoming: Incoming): ConstraintsCall {
  if (!Buffer.isBuffer(incoming)) throw incoming.error;
  const message = decodeMessage(CONSTRAINTS_REQUEST, incoming) as unknown as ConstraintsRequest__Output;

  return constraintsCall({
    principal: message.principal ?? undefined,
    actions: message.actions,
    resource_types: message.resource_types,
    entities: entities(message),
    policy_store: message.policy_store,
    request_id: message.request_id,
    run: message.run === null ? undefined : run(message.run),
    detail: DETAILS[message.detail],
    expected_bundle_digest: message.expected_bundle_digest,
    at_least_sequence: BigInt(message.at_least_sequence),
  });
}

/** Reads a StartRunRequest. @throws PdpError as `readConstraints`. */
export function readStartRun(incoming: Incoming): StartRunCall {
  if (!Buffer.isBuffer(incoming)) throw incoming.error;
  const message = decodeMessage(START_RUN_REQUEST, incoming) as unknown as StartRunRequest__Output;

  return startRunCall({ ...message, principal: message.principal ?? undefined });
}

/** Reads an EndRunRequest or a GetRunRequest. @throws PdpError as `readConstraints`. */
export function readRunCall(incoming: Incoming): RunCall {
  if (!Buffer.isBuffer(incoming)) throw incoming.error;

  return runCall(decodeMessage(RUN_REQUEST, incoming) as unknown as EndRunRequest__Output);
}

/** Reads a WaitForApprovalRequest. @throws PdpError as {@link readConstraints}. */
export function readWait(incoming: Incoming): WaitCall {
  if (!Buffer.isBuffer(incoming)) throw incoming.error;
  const message = decodeMessage(WAIT_REQUEST, incoming) as unknown as WaitForApprovalRequest__Output;

  return waitCall({ ...message, timeout_ms: BigInt(message.timeout_ms) });
}

function fromMessage(message: AuthorizeRequest__Output): AuthorizeCall {
  return authorizeCall({
    principal: message.principal ?? undefined,
    action: message.action ?? undefined,
    resource: message.resource ?? undefined,
    context: context(message),
    entities: entities(message),
    policy_store: message.policy_store,
    request_id: message.request_id,
    idempotency_key: message.idempotency_key,
    run: message.run === null ? undefined : run(message.run),
    mode: MODES[message.mode],
    detail: DETAILS[message.detail],
    expected_bundle_digest: message.expected_bundle_digest,
    at_least_sequence: BigInt(message.at_least_sequence),
    approval_id: message.approval_id,
    supported_obligations: message.supported_obligations,
  });
}

function run(message: Run__Output): Run {
  return { ...message, step: BigInt(message.step) };
}

function context(message: AuthorizeRequest__Output): RawNode | undefined {
  if (message.context) return typedContext(message.context);

  return message.context_json === undefined ? undefined : parseJson(message.context_json, 'context');
}

function entities(
  message: Pick<AuthorizeRequest__Output, 'entities' | 'entities_json'>,
): RawNode | readonly TypedEntityInput[] | undefined {
  if (message.entities) return typedEntities(message.entities.entities);

  return message.entities_json === undefined ? undefined : parseJson(message.entities_json, 'entities');
}
