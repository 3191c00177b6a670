import { PdpError } from '../../../engine/error.ts';
import type { Obligation } from '../../../engine/obligation.ts';
import { ProtobufWriter } from '../../../telemetry/otlp/protobuf-writer.ts';
import type {
  BundleRef,
  CountedLimit,
  Decision,
  DecisionReply,
  Enforcement,
  Explanation,
  ReplyApproval,
} from '../../types.ts';
import { publicError } from '../errors.ts';
import type { BatchOutcome } from '../serve.ts';

// Numbers of `proto/palisade/v1/authorization.proto`; a test holds what is written here against it.
const DECISIONS = { allow: 1, deny: 2 } as const satisfies Record<Decision, number>;
export const EFFECTS = { permit: 1, forbid: 2 } as const;
export const ENFORCEMENTS = { enforced: 1, monitored: 2, check_only: 3 } as const satisfies Record<
  Enforcement,
  number
>;

const RESPONSE = {
  decision: 1,
  decision_id: 2,
  request_id: 3,
  request_digest: 4,
  replayed: 5,
  bundle: 6,
  state_sequence: 7,
  reason_code: 8,
  message: 9,
  obligations: 10,
  approval: 11,
  limits: 12,
  enforcement: 13,
  trace_id: 14,
  evaluated_at: 15,
  explanation: 17,
  alternatives: 18,
  retry_after_ms: 19,
} as const;
const BUNDLE = { name: 1, version: 2, digest: 3 } as const;
const OBLIGATION = { id: 1, params: 2 } as const;
const RECORD = { fields: 1 } as const;
const FIELD = { name: 1, value: 2 } as const;
const VALUE = { string: 3 } as const;
const LIMIT_STATE = { name: 1, used: 2, max: 3, resets_at: 4 } as const;
const APPROVAL = { approval_id: 1, status: 2, expires_at: 3, url: 4 } as const;
const WAITED = { approval: 1 } as const;
const TIMESTAMP = { seconds: 1, nanos: 2 } as const;
const EXPLANATION = { determining_policies: 1, errors: 2, cedar_decision: 3, policy_decision: 4 } as const;
const DETERMINING_POLICY = { policy_id: 1, effect: 2, annotations: 3 } as const;
const POLICY_ERROR = { policy_id: 1, message: 2 } as const;
const MAP_ENTRY = { key: 1, value: 2 } as const;
const BATCH = { results: 1 } as const;
const RESULT = { request_id: 1, index: 2, response: 3, error: 4 } as const;
const ERROR = { code: 1, field: 2, message: 3 } as const;

/** Every reply is written at once and whole, so one writer does for all. */
const writer = new ProtobufWriter();

/** Writes a decision as the contract's AuthorizeResponse. The stock encoder copies each reply twice on the way. */
export function encodeResponse(reply: DecisionReply): Buffer {
  return encoded(() => writeResponse(reply));
}

/** Writes one outcome of a stream as the contract's AuthorizeResult. */
export function encodeResult(requestId: string, outcome: DecisionReply | PdpError): Buffer {
  return encoded(() => writeResult(requestId, 0, outcome));
}

/** Writes the outcomes of a batch as the contract's AuthorizeBatchResponse. */
export function encodeBatch(outcomes: readonly BatchOutcome[]): Buffer {
  return encoded(() => {
    for (const { request_id, index, outcome } of outcomes) {
      within(BATCH.results, () => writeResult(request_id, index, outcome));
    }
  });
}

/** Writes what became of an approval as the contract's WaitForApprovalResponse. */
export function encodeWait(approval: ReplyApproval): Buffer {
  return encoded(() => within(WAITED.approval, () => writeApproval(approval)));
}

/** What is written meanwhile, as bytes of its own. */
export function encoded(write: () => void): Buffer {
  writer.drop();
  write();
  const { slab, start, end } = writer.take();

  return slab.subarray(start, end);
}

function writeResult(requestId: string, index: number, outcome: DecisionReply | PdpError): void {
  text(RESULT.request_id, requestId);
  number(RESULT.index, index);
  if (outcome instanceof PdpError) within(RESULT.error, () => writeError(outcome));
  else within(RESULT.response, () => writeResponse(outcome));
}

function writeError(error: PdpError): void {
  const { code, field = '', message } = publicError(error);
  text(ERROR.code, code);
  text(ERROR.field, field);
  text(ERROR.message, message);
}

function writeResponse(reply: DecisionReply): void {
  const { approval, bundle, evaluated_at, explanation, retry_after_ms } = reply;
  number(RESPONSE.decision, DECISIONS[reply.decision]);
  text(RESPONSE.decision_id, reply.decision_id);
  text(RESPONSE.request_id, reply.request_id);
  text(RESPONSE.request_digest, reply.request_digest);
  number(RESPONSE.replayed, reply.replayed ? 1 : 0);
  writeBundle(RESPONSE.bundle, bundle);
  writeSequence(RESPONSE.state_sequence, reply.state_sequence);
  text(RESPONSE.reason_code, reply.reason_code);
  text(RESPONSE.message, reply.message);
  for (const obligation of reply.obligations) {
    within(RESPONSE.obligations, () => writeObligation(obligation));
  }
  if (approval !== undefined) within(RESPONSE.approval, () => writeApproval(approval));
  for (const limit of reply.limits) within(RESPONSE.limits, () => writeLimit(limit));
  number(RESPONSE.enforcement, ENFORCEMENTS[reply.enforcement]);
  text(RESPONSE.trace_id, reply.trace_id);
  writeTime(RESPONSE.evaluated_at, evaluated_at);
  if (explanation !== undefined) within(RESPONSE.explanation, () => writeExplanation(explanation));
  for (const alternative of reply.alternatives) text(RESPONSE.alternatives, alternative);
  if (retry_after_ms !== 0) writer.int64(RESPONSE.retry_after_ms, retry_after_ms);
}

function writeApproval({ approval_id, status, expires_at, url }: ReplyApproval): void {
  text(APPROVAL.approval_id, approval_id);
  text(APPROVAL.status, status);
  writeTime(APPROVAL.expires_at, expires_at);
  text(APPROVAL.url, url);
}

function writeLimit({ name, used, max, resets_at }: CountedLimit): void {
  text(LIMIT_STATE.name, name);
  long(LIMIT_STATE.used, used);
  long(LIMIT_STATE.max, max);
  if (resets_at !== undefined) writeTime(LIMIT_STATE.resets_at, resets_at);
}

export function writeBundle(field: number, bundle: BundleRef): void {
  const opened = writer.open(field);
  text(BUNDLE.name, bundle.name);
  text(BUNDLE.version, bundle.version);
  text(BUNDLE.digest, bundle.digest);
  writer.closeShort(opened);
}

export function writeSequence(field: number, sequence: bigint): void {
  if (sequence !== 0n) writer.uint64(field, sequence);
}

/** @param at milliseconds since the epoch. */
export function writeTime(field: number, at: number): void {
  const opened = writer.open(field);
  writer.int64(TIMESTAMP.seconds, Math.floor(at / 1_000));
  number(TIMESTAMP.nanos, Math.floor(at % 1_000) * 1_000_000);
  writer.closeShort(opened);
}

function writeObligation({ id, params }: Obligation): void {
  text(OBLIGATION.id, id);
  within(OBLIGATION.params, () => {
    for (const [name, value] of Object.entries(params)) {
      within(RECORD.fields, () => {
        text(FIELD.name, name);
        // A member of a oneof is written even where it is empty.
        within(FIELD.value, () => writer.text(VALUE.string, value));
      });
    }
  });
}

function writeExplanation(explanation: Explanation): void {
  for (const { policy_id, effect, annotations } of explanation.determining_policies) {
    within(EXPLANATION.determining_policies, () => {
      text(DETERMINING_POLICY.policy_id, policy_id);
      number(DETERMINING_POLICY.effect, EFFECTS[effect]);
      for (const [key, value] of Object.entries(annotations)) {
        within(DETERMINING_POLICY.annotations, () => {
          text(MAP_ENTRY.key, key);
          text(MAP_ENTRY.value, value);
        });
      }
    });
  }
  for (const { policy_id, message } of explanation.errors) {
    within(EXPLANATION.errors, () => {
      text(POLICY_ERROR.policy_id, policy_id);
      text(POLICY_ERROR.message, message);
    });
  }
  number(EXPLANATION.cedar_decision, DECISIONS[explanation.cedar_decision]);
  number(EXPLANATION.policy_decision, DECISIONS[explanation.policy_decision]);
}

/** Writes a message within another one. */
export function within(field: number, write: () => void): void {
  const opened = writer.open(field);
  write();
  writer.closeShort(opened);
}

/** An int64 that is not negative: as unsigned it is the same bytes. */
export function long(field: number, value: bigint): void {
  if (value !== 0n) writer.uint64(field, value);
}

/** proto3 leaves out what has its default. */
export function text(field: number, value: string): void {
  if (value !== '') writer.text(field, value);
}

export function number(field: number, value: number): void {
  if (value !== 0) writer.varint(field, value);
}
