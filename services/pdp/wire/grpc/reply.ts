import { PdpError } from '../../../engine/error.ts';
import type { Decision, DecisionReply, Enforcement, Explanation } from '../../types.ts';
import { publicError } from '../errors.ts';
import type { AuthorizeResponse } from '../generated/palisade/v1/AuthorizeResponse.ts';
import type { AuthorizeResult } from '../generated/palisade/v1/AuthorizeResult.ts';
import type { Explanation as ExplanationMessage } from '../generated/palisade/v1/Explanation.ts';

const DECISIONS = { allow: 'ALLOW', deny: 'DENY' } as const satisfies Record<Decision, string>;
const EFFECTS = { permit: 'PERMIT', forbid: 'FORBID' } as const;
const ENFORCEMENTS = {
  enforced: 'ENFORCED',
  monitored: 'MONITORED',
  check_only: 'CHECK_ONLY',
} as const satisfies Record<Enforcement, string>;

/** Writes a decision as the contract's AuthorizeResponse. */
export function responseMessage(reply: DecisionReply): AuthorizeResponse {
  return {
    decision: DECISIONS[reply.decision],
    decision_id: reply.decision_id,
    request_id: reply.request_id,
    request_digest: reply.request_digest,
    replayed: reply.replayed,
    bundle: { ...reply.bundle },
    state_sequence: reply.state_sequence.toString(),
    reason_code: reply.reason_code,
    message: reply.message,
    enforcement: ENFORCEMENTS[reply.enforcement],
    trace_id: reply.trace_id,
    evaluated_at: {
      seconds: String(Math.floor(reply.evaluated_at / 1000)),
      nanos: Math.floor(reply.evaluated_at % 1000) * 1_000_000,
    },
    explanation: reply.explanation === undefined ? null : explanationMessage(reply.explanation),
  };
}

/** Writes one outcome of a batch or a stream. */
export function resultMessage(
  requestId: string,
  index: number,
  outcome: DecisionReply | PdpError,
): AuthorizeResult {
  if (!(outcome instanceof PdpError)) {
    return { request_id: requestId, index, response: responseMessage(outcome) };
  }

  const { code, field = '', message } = publicError(outcome);
  return { request_id: requestId, index, error: { code, field, message } };
}

function explanationMessage(explanation: Explanation): ExplanationMessage {
  return {
    determining_policies: explanation.determining_policies.map(({ policy_id, effect, annotations }) => ({
      policy_id,
      effect: EFFECTS[effect],
      annotations: { ...annotations },
    })),
    errors: explanation.errors.map(({ policy_id, message }) => ({ policy_id, message })),
    cedar_decision: DECISIONS[explanation.cedar_decision],
    policy_decision: DECISIONS[explanation.policy_decision],
  };
}
