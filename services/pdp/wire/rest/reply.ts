import { PdpError } from '../../../engine/error.ts';
import type { OutcomeReply } from '../../outcomes/types.ts';
import type { ConstraintsReply, DecisionReply, Explanation, ReplyApproval, RunReply } from '../../types.ts';
import { publicError } from '../errors.ts';
import type {
  ApprovalBody,
  AuthorizeResponseBody,
  AuthorizeResultBody,
  ConstraintsResponseBody,
  ReportOutcomeResponseBody,
  RunStatusBody,
} from './schema.ts';

/** Writes a decision as the body of POST /v1/authorize; every member by name, so that none gets out by accident. */
export function responseBody(reply: DecisionReply): AuthorizeResponseBody {
  const { name, version, digest } = reply.bundle;

  return {
    decision: reply.decision,
    decision_id: reply.decision_id,
    request_id: present(reply.request_id),
    request_digest: reply.request_digest,
    replayed: reply.replayed,
    bundle: { name, version, digest },
    state_sequence: reply.state_sequence,
    reason_code: reply.reason_code,
    message: present(reply.message),
    obligations: some(reply.obligations)?.map(({ id, params }) => ({ id, params })),
    alternatives: some(reply.alternatives),
    approval: reply.approval === undefined ? undefined : approvalBody(reply.approval),
    limits: some(reply.limits)?.map(({ name, used, max, resets_at }) => ({
      name,
      used,
      max,
      resets_at: resets_at === undefined ? undefined : new Date(resets_at).toISOString(),
    })),
    retry_after_ms: reply.retry_after_ms === 0 ? undefined : BigInt(reply.retry_after_ms),
    enforcement: reply.enforcement,
    trace_id: reply.trace_id,
    evaluated_at: new Date(reply.evaluated_at).toISOString(),
    explanation: reply.explanation === undefined ? undefined : explanationBody(reply.explanation),
  };
}

/** Writes one outcome of a batch. */
export function resultBody(
  requestId: string,
  index: number,
  outcome: DecisionReply | PdpError,
): AuthorizeResultBody {
  const place = { request_id: present(requestId), index };
  if (!(outcome instanceof PdpError)) return { ...place, response: responseBody(outcome) };

  const { code, field, message } = publicError(outcome);
  return { ...place, error: { code, field, message } };
}

/** Writes what could be allowed as the body of POST /v1/constraints. */
export function constraintsBody(reply: ConstraintsReply): ConstraintsResponseBody {
  const { name, version, digest } = reply.bundle;

  return {
    request_id: present(reply.request_id),
    bundle: { name, version, digest },
    state_sequence: reply.state_sequence,
    enforcement: reply.enforcement,
    trace_id: reply.trace_id,
    evaluated_at: new Date(reply.evaluated_at).toISOString(),
    actions: reply.actions.map(({ action, possible, resource_types }) => ({
      action: { type: action.type, id: action.id },
      possible,
      resource_types: resource_types.map((one) => ({
        type: one.type,
        possible: one.possible,
        residuals: one.residuals?.map(({ policyId, effect, resource, condition }) => ({
          policy_id: policyId,
          effect,
          resource,
          condition,
        })),
      })),
    })),
  };
}

/** Writes a run as the body of `/v1/runs`. */
export function runBody(reply: RunReply): RunStatusBody {
  return {
    run_id: reply.run_id,
    principal: { type: reply.principal.type, id: reply.principal.id },
    policy_store: reply.policy_store,
    parent_run_id: present(reply.parent_run_id),
    root_run_id: reply.root_run_id,
    conversation_id: present(reply.conversation_id),
    labels: [...reply.labels],
    steps: reply.steps,
    open: reply.open,
    started_at: new Date(reply.started_at).toISOString(),
    ends_at: new Date(reply.ends_at).toISOString(),
    request_id: present(reply.request_id),
    trace_id: reply.trace_id,
  };
}

/** Writes what became of a report as the body of POST /v1/decisions/{decision_id}/outcome. */
export function outcomeBody({ decision_id, outcome, limits }: OutcomeReply): ReportOutcomeResponseBody {
  return {
    decision_id,
    outcome,
    limits: some(limits)?.map(({ name, reserved, charged }) => ({ name, reserved, charged })),
  };
}

export function approvalBody({ approval_id, status, expires_at, url }: ReplyApproval): ApprovalBody {
  return { approval_id, status, expires_at: new Date(expires_at).toISOString(), url: present(url) };
}

function explanationBody(explanation: Explanation): AuthorizeResponseBody['explanation'] {
  return {
    determining_policies: explanation.determining_policies.map(({ policy_id, effect, annotations }) => ({
      policy_id,
      effect,
      annotations,
    })),
    errors: explanation.errors.map(({ policy_id, message }) => ({ policy_id, message })),
    cedar_decision: explanation.cedar_decision,
    policy_decision: explanation.policy_decision,
  };
}

function some<T>(list: readonly T[]): T[] | undefined {
  return list.length === 0 ? undefined : [...list];
}

function present(text: string): string | undefined {
  return text === '' ? undefined : text;
}
