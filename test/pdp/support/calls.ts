import { RawObject } from '../../../services/engine/raw/raw.ts';
import { CallSignal } from '../../../services/pdp/call-signal.ts';
import type { AuthorizeCall, Caller, CallScope, Run } from '../../../services/pdp/types.ts';

/** A call that {@link ./bundle.ts} permits, with members replaced. */
export function callOf(changes: Partial<AuthorizeCall> = {}): AuthorizeCall {
  return {
    principal: { type: 'Agent', id: 'a' },
    action: { type: 'Action', id: 'read' },
    resource: { type: 'Doc', id: 'd' },
    context: new RawObject(new Map()),
    entities: [],
    policy_store: '',
    request_id: '',
    idempotency_key: '',
    run: null,
    mode: 'enforce',
    detail: 'basic',
    expected_bundle_digest: '',
    at_least_sequence: 0n,
    approval_id: '',
    supported_obligations: [],
    ...changes,
  };
}

/** What a call says of the run that it stands in. */
export function runOf(run_id: string): Run {
  return {
    run_id,
    parent_run_id: '',
    step: 0n,
    tool_call_id: '',
    conversation_id: '',
    agent_id: '',
    tool_name: '',
  };
}

/** A runtime caller of the store `default`, with members replaced. */
export function callerOf(changes: Partial<Caller> = {}): Caller {
  return {
    subject: 'tester',
    credential_id: '0123456789abcdef',
    roles: ['runtime'],
    stores: ['default'],
    principals: undefined,
    full_detail: false,
    ...changes,
  };
}

/** What surrounds a call that nobody hurries. */
export function scopeOf(changes: Partial<CallScope> = {}): CallScope {
  return {
    caller: callerOf(),
    transport: 'in_process',
    deadline: performance.now() + 60_000,
    signal: new CallSignal(),
    trace: {
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      span_id: 'b7ad6b7169203331',
      parent_span_id: undefined,
      state: undefined,
      sampled: false,
    },
    notes: { steps: [], notable: false },
    ...changes,
  };
}
