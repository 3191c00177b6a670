import { PdpError } from '../../engine/error.ts';
import { exceedsLimit, LIMITS } from '../../engine/limits.ts';
import { type RawNode, RawObject, TypedRecord } from '../../engine/raw/raw.ts';
import type {
  AuthorizeCall,
  ConstraintsCall,
  RawUid,
  Run,
  RunCall,
  StartRunCall,
  WaitCall,
} from '../types.ts';

/** The fields of one Authorize message as a transport read them; undefined is absent. */
export interface AuthorizeEnvelope extends Optional<Omit<AuthorizeCall, 'run'>> {
  readonly run?: Optional<Run> | undefined;
}

type Optional<Fields> = { readonly [Name in keyof Fields]?: Fields[Name] | undefined };

/** The same of one Constraints message. */
export interface ConstraintsEnvelope extends Optional<Omit<ConstraintsCall, 'run'>> {
  readonly run?: Optional<Run> | undefined;
}

const EMPTY_RECORD = new RawObject(new Map());

/**
 * Makes the one form of an Authorize message from what either transport read: absent parts get their meaning here, and
 * nowhere else, so that a request means the same however it came.
 * @throws PdpError `invalid_request` where the principal, action or resource is absent, or the context or entities are of
 *   another kind; `too_large` over `identifier_bytes` and `set_elements`.
 */
export function authorizeCall(envelope: AuthorizeEnvelope): AuthorizeCall {
  return {
    principal: required('principal', envelope.principal),
    action: required('action', envelope.action),
    resource: required('resource', envelope.resource),
    context: record('context', envelope.context),
    entities: list('entities', envelope.entities),
    policy_store: identifier('policy_store', envelope.policy_store),
    request_id: identifier('request_id', envelope.request_id),
    idempotency_key: identifier('idempotency_key', envelope.idempotency_key),
    run: envelope.run === undefined ? null : run(envelope.run),
    mode: envelope.mode ?? 'enforce',
    detail: envelope.detail ?? 'basic',
    expected_bundle_digest: identifier('expected_bundle_digest', envelope.expected_bundle_digest),
    at_least_sequence: envelope.at_least_sequence ?? 0n,
    approval_id: identifier('approval_id', envelope.approval_id),
    supported_obligations: identifiers('supported_obligations', envelope.supported_obligations),
  };
}

/** The same for a Constraints message. @throws PdpError as `authorizeCall`. */
export function constraintsCall(envelope: ConstraintsEnvelope): ConstraintsCall {
  const { actions = [] } = envelope;
  if (actions.length > LIMITS.set_elements) throw exceedsLimit('set_elements', 'actions');

  return {
    principal: required('principal', envelope.principal),
    actions: actions.map(({ type, id }) => ({ type, id })),
    resource_types: identifiers('resource_types', envelope.resource_types),
    entities: list('entities', envelope.entities),
    policy_store: identifier('policy_store', envelope.policy_store),
    request_id: identifier('request_id', envelope.request_id),
    run: envelope.run === undefined ? null : run(envelope.run),
    detail: envelope.detail ?? 'basic',
    expected_bundle_digest: identifier('expected_bundle_digest', envelope.expected_bundle_digest),
    at_least_sequence: envelope.at_least_sequence ?? 0n,
  };
}

/** The same for a StartRun message. @throws PdpError as `authorizeCall`. */
export function startRunCall(envelope: Optional<StartRunCall>): StartRunCall {
  return {
    principal: required('principal', envelope.principal),
    policy_store: identifier('policy_store', envelope.policy_store),
    parent_run_id: identifier('parent_run_id', envelope.parent_run_id),
    conversation_id: identifier('conversation_id', envelope.conversation_id),
    request_id: identifier('request_id', envelope.request_id),
  };
}

/** The same for EndRun and GetRun. @throws PdpError as `authorizeCall`. */
export function runCall(envelope: Optional<RunCall>): RunCall {
  return {
    run_id: identifier('run_id', envelope.run_id),
    request_id: identifier('request_id', envelope.request_id),
  };
}

/** The same for a WaitForApproval message. @throws PdpError as `authorizeCall`. */
export function waitCall({ approval_id, policy_store, timeout_ms }: Optional<WaitCall>): WaitCall {
  if (approval_id === undefined || approval_id === '') {
    throw new PdpError('invalid_request', 'approval_id is required', { field: 'approval_id' });
  }

  return {
    approval_id: identifier('approval_id', approval_id),
    policy_store: identifier('policy_store', policy_store),
    timeout_ms: timeout_ms ?? 0n,
  };
}

function required(field: string, uid?: RawUid): RawUid {
  if (uid === undefined) throw new PdpError('invalid_request', `${field} is required`, { field });

  return { type: uid.type, id: uid.id };
}

/** JSON's null is not absent: it is of another kind. */
function record(field: string, node: RawNode = EMPTY_RECORD): RawNode {
  if (node instanceof RawObject || node instanceof TypedRecord) return node;

  throw new PdpError('invalid_request', `${field} must be an object`, { field });
}

function list(field: string, nodes: AuthorizeCall['entities'] = []): AuthorizeCall['entities'] {
  if (Array.isArray(nodes)) return nodes;

  throw new PdpError('invalid_request', `${field} must be a list`, { field });
}

function run(given: Optional<Run>): Run {
  return {
    run_id: identifier('run.run_id', given.run_id),
    parent_run_id: identifier('run.parent_run_id', given.parent_run_id),
    step: given.step ?? 0n,
    tool_call_id: identifier('run.tool_call_id', given.tool_call_id),
    conversation_id: identifier('run.conversation_id', given.conversation_id),
    agent_id: identifier('run.agent_id', given.agent_id),
    tool_name: identifier('run.tool_name', given.tool_name),
  };
}

function identifier(field: string, text = ''): string {
  // Three bytes of UTF-8 for one UTF-16 unit at most, so nearly every identifier need not be counted.
  if (3 * text.length > LIMITS.identifier_bytes && Buffer.byteLength(text) > LIMITS.identifier_bytes)
    throw exceedsLimit('identifier_bytes', field);

  return text;
}

function identifiers(field: string, texts: readonly string[] = []): readonly string[] {
  if (texts.length > LIMITS.set_elements) throw exceedsLimit('set_elements', field);

  return texts.map((text, index) => identifier(`${field}[${index}]`, text));
}
