import { PdpError } from '../../../services/engine/error.ts';
import type {
  AuthorizeCall,
  Caller,
  CallScope,
  DecisionReply,
  DecisionService,
} from '../../../services/pdp/types.ts';

export const TOKEN = 'good-token';
export const DIGEST = `sha256:${'a'.repeat(64)}`;

/** A decision service that records what the transports make of a request, and allows it unless told otherwise. */
export interface Recorder extends DecisionService {
  readonly calls: { readonly call: AuthorizeCall; readonly scope: CallScope }[];
  /** Tokens that authenticate; a test may take one away. */
  readonly tokens: Set<string>;
  decide: (call: AuthorizeCall, scope: CallScope) => Promise<DecisionReply>;
}

export function recorder(): Recorder {
  const service: Recorder = {
    calls: [],
    tokens: new Set([TOKEN]),
    decide: async (call, scope) => replyTo(call, scope),

    authenticate(token, loopback) {
      if (token === undefined && loopback) return caller('anonymous');
      if (token === undefined || !service.tokens.has(token))
        throw new PdpError('unauthenticated', 'no valid credential');
      return caller('runtime');
    },

    async authorize(call, scope) {
      service.calls.push({ call, scope });
      return service.decide(call, scope);
    },

    async authorizeBatch(batch, scope) {
      const outcomes: (DecisionReply | PdpError)[] = [];
      for (const call of await batch.read())
        outcomes.push(call instanceof PdpError ? call : await service.authorize(call, scope));
      return outcomes;
    },

    constraints: () => Promise.reject(new PdpError('unavailable', 'not served here')),
    startRun: () => Promise.reject(new PdpError('unavailable', 'not served here')),
    endRun: () => Promise.reject(new PdpError('unavailable', 'not served here')),
    getRun: () => Promise.reject(new PdpError('unavailable', 'not served here')),
    reportOutcome: () => Promise.reject(new PdpError('unavailable', 'not served here')),
    waitForApproval: () => Promise.reject(new PdpError('unavailable', 'not served here')),
  };

  return service;
}

function caller(role: Caller['roles'][number]): Caller {
  return {
    subject: role,
    credential_id: role === 'anonymous' ? undefined : 'credential-1',
    roles: [role],
    stores: ['default'],
    principals: undefined,
    full_detail: role === 'runtime',
  };
}

export function replyTo(call: AuthorizeCall, scope: CallScope): DecisionReply {
  return {
    decision: 'allow',
    decision_id: '0199a000-0000-7000-8000-000000000000',
    request_id: call.request_id,
    request_digest: DIGEST,
    replayed: false,
    bundle: { name: 'test', version: '1.0.0', digest: DIGEST },
    state_sequence: 9_007_199_254_740_993n,
    reason_code: 'permitted',
    message: '',
    obligations: [],
    alternatives: [],
    limits: [],
    retry_after_ms: 0,
    approval: undefined,
    enforcement: 'enforced',
    trace_id: scope.trace.trace_id,
    evaluated_at: Date.UTC(2026, 10, 22, 10, 0, 0, 123),
    explanation: undefined,
  };
}
