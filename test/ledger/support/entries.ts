import type { DecisionEntry, ErrorEntry } from '../../../services/ledger/record.ts';
import { uuidv7 } from '../../../services/pdp/uuid.ts';

export const INPUT = '{"principal":{"type":"Agent","id":"build-bot"},"context":{"input":{"branch":"main"}}}';

/** A decision as the decision path would hand it over. */
export function decision(changes: Partial<DecisionEntry> = {}, at = Date.now()): DecisionEntry {
  return {
    kind: 'decision',
    decision_id: uuidv7(at),
    time: new Date(at).toISOString(),
    transport: 'grpc',
    credential: { id: 'cred-1', subject: 'ci' },
    store: 'default',
    request_id: 'req-1',
    run: {
      run_id: 'run-1',
      parent_run_id: '',
      step: 18_446_744_073_709_551_615n,
      tool_call_id: 'call-1',
      conversation_id: '',
      agent_id: 'agent-1',
      tool_name: 'git_push',
    },
    mode: 'enforce',
    principal: { type: 'Agent', id: 'build-bot' },
    action: { type: 'Action', id: 'git_push' },
    resource: { type: 'Repo', id: 'palisade' },
    decision: 'deny',
    reason_code: 'forbidden',
    policy_codes: ['main_is_protected'],
    message: 'pushes to main go through review',
    cedar_decision: 'deny',
    enforcement: 'enforced',
    determining: ['no-push-to-main'],
    policy_errors: [],
    facts: { now: { __extn: { fn: 'datetime', arg: '2026-11-22T10:00:00.000Z' } } },
    state_sequence: 9_007_199_254_740_993n,
    bundle: { name: 'coding-agent', version: '1.0.0', digest: `sha256:${'a'.repeat(64)}` },
    request_digest: `sha256:${'b'.repeat(64)}`,
    evaluator: { name: 'cedar-wasm', cedar_version: '4.13.0' },
    trace: { trace_id: 'c'.repeat(32), parent_span_id: null },
    disclosed: {},
    ...changes,
  };
}

/** An authenticated call that could not be decided. */
export function refusal(changes: Partial<ErrorEntry> = {}, at = Date.now()): ErrorEntry {
  return {
    kind: 'error',
    decision_id: uuidv7(at),
    time: new Date(at).toISOString(),
    transport: 'rest',
    credential: { id: null, subject: 'anonymous' },
    store: null,
    request_id: '',
    run: null,
    mode: 'enforce',
    principal: null,
    action: null,
    resource: null,
    error: { code: 'invalid_request', field: 'context' },
    trace: { trace_id: 'd'.repeat(32), parent_span_id: 'e'.repeat(16) },
    ...changes,
  };
}
