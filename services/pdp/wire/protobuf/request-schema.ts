import { enumeration, type MessageSchema, message, nested, scalar } from './schema.ts';

/**
 * The part of `proto/palisade/v1/authorization.proto` that callers send, with the published limit of each list.
 * A test holds it against the proto file.
 */
const ENTITY_UID = message({ 1: scalar('type', 'string'), 2: scalar('id', 'string') });

const RUN = message({
  1: scalar('run_id', 'string'),
  2: scalar('parent_run_id', 'string'),
  3: scalar('step', 'uint64'),
  4: scalar('tool_call_id', 'string'),
  5: scalar('conversation_id', 'string'),
  6: scalar('agent_id', 'string'),
  7: scalar('tool_name', 'string'),
});

const VALUE: MessageSchema = message({
  1: scalar('bool', 'bool', { oneof: 'kind' }),
  2: scalar('long', 'sint64', { oneof: 'kind' }),
  3: scalar('string', 'string', { oneof: 'kind' }),
  4: nested('entity', () => ENTITY_UID, { oneof: 'kind' }),
  5: nested('extension', () => EXTENSION, { oneof: 'kind' }),
  6: nested('set', () => SET, { oneof: 'kind' }),
  7: nested('record', () => RECORD, { oneof: 'kind' }),
});

const EXTENSION = message(
  {
    1: scalar('fn', 'string'),
    2: nested('args', () => VALUE, { repeated: true, limit: 'set_elements' }),
  },
  { container: true },
);

const SET = message(
  { 1: nested('elements', () => VALUE, { repeated: true, limit: 'set_elements' }) },
  { container: true },
);

const FIELD = message({ 1: scalar('name', 'string'), 2: nested('value', () => VALUE) });

const RECORD = message(
  { 1: nested('fields', () => FIELD, { repeated: true, limit: 'record_fields' }) },
  { container: true },
);

const ENTITY = message({
  1: nested('uid', () => ENTITY_UID),
  2: nested('attrs', () => RECORD),
  3: nested('parents', () => ENTITY_UID, { repeated: true, limit: 'entity_ancestors' }),
  4: nested('tags', () => RECORD),
});

const ENTITY_LIST = message({
  1: nested('entities', () => ENTITY, { repeated: true, limit: 'request_entities' }),
});

export const AUTHORIZE_REQUEST = message({
  1: nested('principal', () => ENTITY_UID),
  2: nested('action', () => ENTITY_UID),
  3: nested('resource', () => ENTITY_UID),
  4: nested('context', () => RECORD, { oneof: 'context_source' }),
  5: scalar('context_json', 'string', { oneof: 'context_source', limit: 'body_bytes' }),
  6: nested('entities', () => ENTITY_LIST, { oneof: 'entities_source' }),
  7: scalar('entities_json', 'string', { oneof: 'entities_source', limit: 'body_bytes' }),
  8: scalar('policy_store', 'string'),
  9: scalar('request_id', 'string'),
  10: scalar('idempotency_key', 'string'),
  11: nested('run', () => RUN),
  12: enumeration('mode', ['MODE_UNSPECIFIED', 'ENFORCE', 'CHECK']),
  13: enumeration('detail', ['DETAIL_UNSPECIFIED', 'BASIC', 'FULL']),
  14: scalar('expected_bundle_digest', 'string'),
  15: scalar('at_least_sequence', 'uint64'),
  16: scalar('approval_id', 'string'),
  17: scalar('supported_obligations', 'string', { repeated: true, limit: 'set_elements' }),
  18: scalar('traceparent', 'string'),
});

const LIMIT_COST = message({ 1: scalar('limit', 'string'), 2: scalar('amount', 'sint64') });

export const REPORT_OUTCOME_REQUEST = message({
  1: scalar('decision_id', 'string'),
  2: enumeration('outcome', ['OUTCOME_UNSPECIFIED', 'SUCCESS', 'FAILURE']),
  3: nested('cost', () => LIMIT_COST, { repeated: true, limit: 'action_limits' }),
  4: scalar('input_tokens', 'uint64', { oneof: '_input_tokens' }),
  5: scalar('output_tokens', 'uint64', { oneof: '_output_tokens' }),
  6: scalar('duration_ms', 'uint64', { oneof: '_duration_ms' }),
  7: scalar('output_digest', 'string'),
});

export const CONSTRAINTS_REQUEST = message({
  1: nested('principal', () => ENTITY_UID),
  2: nested('actions', () => ENTITY_UID, { repeated: true, limit: 'set_elements' }),
  3: scalar('resource_types', 'string', { repeated: true, limit: 'set_elements' }),
  4: nested('entities', () => ENTITY_LIST, { oneof: 'entities_source' }),
  5: scalar('entities_json', 'string', { oneof: 'entities_source', limit: 'body_bytes' }),
  6: scalar('policy_store', 'string'),
  7: scalar('request_id', 'string'),
  8: nested('run', () => RUN),
  9: enumeration('detail', ['DETAIL_UNSPECIFIED', 'BASIC', 'FULL']),
  10: scalar('expected_bundle_digest', 'string'),
  11: scalar('at_least_sequence', 'uint64'),
});

export const START_RUN_REQUEST = message({
  1: nested('principal', () => ENTITY_UID),
  2: scalar('policy_store', 'string'),
  3: scalar('parent_run_id', 'string'),
  4: scalar('conversation_id', 'string'),
  5: scalar('request_id', 'string'),
});

/** The same for EndRun and GetRun. */
export const RUN_REQUEST = message({ 1: scalar('run_id', 'string'), 2: scalar('request_id', 'string') });

export const WAIT_REQUEST = message({
  1: scalar('approval_id', 'string'),
  2: scalar('policy_store', 'string'),
  3: scalar('timeout_ms', 'uint64'),
});
