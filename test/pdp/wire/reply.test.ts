import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { APPROVAL_STATUSES } from '../../../services/engine/approval.ts';
import { PdpError } from '../../../services/engine/error.ts';
import { type DecisionReply, REASON_CODES } from '../../../services/pdp/types.ts';
import type { AuthorizationServiceDefinition } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizationService.ts';
import type { AuthorizeResponse__Output } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizeResponse.ts';
import { CONTRACT, SERVICE_NAME } from '../../../services/pdp/wire/grpc/contract.ts';
import { encodeBatch, encodeResponse, encodeResult } from '../../../services/pdp/wire/grpc/reply.ts';

// The stock decoder, as a client has it.
const contract = CONTRACT[SERVICE_NAME] as unknown as AuthorizationServiceDefinition;

// Some are longer than a slab of the writer.
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.nat({ max: 200_000 }).map((units) => 'ä'.repeat(units)),
);
const decision = fc.constantFrom('allow', 'deny');
const explanation = fc.record({
  determining_policies: fc.array(
    fc.record({
      policy_id: text,
      effect: fc.constantFrom('permit', 'forbid'),
      annotations: fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), fc.string({ unit: 'grapheme' })),
    }),
    { maxLength: 3 },
  ),
  errors: fc.array(fc.record({ policy_id: text, message: text }), { maxLength: 3 }),
  cedar_decision: decision,
  policy_decision: decision,
});
const replies: fc.Arbitrary<DecisionReply> = fc.record({
  decision,
  decision_id: fc.uuid(),
  request_id: text,
  request_digest: text,
  replayed: fc.boolean(),
  bundle: fc.record({ name: text, version: text, digest: text }),
  state_sequence: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  reason_code: fc.constantFrom(...REASON_CODES),
  message: text,
  obligations: fc.array(
    fc.record({ id: text, params: fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), text, { maxKeys: 2 }) }),
    { maxLength: 3 },
  ),
  alternatives: fc.array(
    text.filter((alternative) => alternative !== ''),
    { maxLength: 3 },
  ),
  limits: fc.array(
    fc.record({
      name: text,
      used: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
      max: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
      amount: fc.constant(1n),
      resets_at: fc.option(fc.nat({ max: 4_102_444_800_000 }), { nil: undefined }),
    }),
    { maxLength: 3 },
  ),
  retry_after_ms: fc.oneof(fc.constant(0), fc.nat({ max: 31_622_400_000 })),
  approval: fc.option(
    fc.record({
      approval_id: fc.uuid(),
      status: fc.constantFrom(...APPROVAL_STATUSES),
      expires_at: fc.nat({ max: 4_102_444_800_000 }),
      url: text,
    }),
    { nil: undefined },
  ),
  enforcement: fc.constantFrom('enforced', 'monitored', 'check_only'),
  trace_id: text,
  evaluated_at: fc.nat({ max: 4_102_444_800_000 }),
  explanation: fc.option(explanation, { nil: undefined }),
});

/** What a client is to read. */
function read(reply: DecisionReply): AuthorizeResponse__Output {
  const { approval, bundle, evaluated_at, explanation } = reply;

  return {
    decision: upper(reply.decision),
    decision_id: reply.decision_id,
    request_id: reply.request_id,
    retry_after_ms: String(reply.retry_after_ms),
    request_digest: reply.request_digest,
    replayed: reply.replayed,
    bundle,
    state_sequence: String(reply.state_sequence),
    reason_code: reply.reason_code,
    message: reply.message,
    obligations: reply.obligations.map(({ id, params }) => ({
      id,
      params: {
        fields: Object.entries(params).map(([name, string]) => ({ name, value: { kind: 'string', string } })),
      },
    })),
    approval: approval === undefined ? null : { ...approval, expires_at: timestamp(approval.expires_at) },
    limits: reply.limits.map(({ name, used, max, resets_at }) => ({
      name,
      used: String(used),
      max: String(max),
      resets_at: resets_at === undefined ? null : timestamp(resets_at),
    })),
    enforcement: upper(reply.enforcement),
    trace_id: reply.trace_id,
    evaluated_at: timestamp(evaluated_at),
    valid_until: null,
    alternatives: [...reply.alternatives],
    explanation:
      explanation === undefined
        ? null
        : {
            determining_policies: explanation.determining_policies.map(
              ({ policy_id, effect, annotations }) => ({
                policy_id,
                effect: upper(effect),
                annotations: { ...annotations },
              }),
            ),
            errors: explanation.errors.map((error) => ({ ...error })),
            cedar_decision: upper(explanation.cedar_decision),
            policy_decision: upper(explanation.policy_decision),
          },
  };
}

function timestamp(at: number) {
  return { seconds: String(Math.floor(at / 1_000)), nanos: (at % 1_000) * 1_000_000 };
}

function upper<Text extends string>(text: Text): Uppercase<Text> {
  return text.toUpperCase() as Uppercase<Text>;
}

describe('a reply over gRPC', () => {
  test('is read by the stock decoder as what was decided', () => {
    fc.assert(
      fc.property(replies, (reply) => {
        expect(contract.Authorize.responseDeserialize(encodeResponse(reply))).toEqual(read(reply));
      }),
    );
  });

  test('stays what it is while others are written', () => {
    fc.assert(
      fc.property(fc.array(replies, { maxLength: 8 }), (all) => {
        const encoded = all.map(encodeResponse);

        expect(encoded.map((bytes) => contract.Authorize.responseDeserialize(bytes))).toEqual(all.map(read));
      }),
    );
  });

  test('names its request, on a stream and in a batch, also where it is an error', () => {
    const error = new PdpError('too_large', 'context is over the limit', { field: 'context' });
    const outcomes = fc.array(fc.tuple(text, fc.oneof(replies, fc.constant(error))), { maxLength: 5 });
    fc.assert(
      fc.property(outcomes, (all) => {
        const results = all.map(([request_id, outcome], index) => ({
          request_id,
          index,
          ...(outcome instanceof PdpError
            ? { outcome: 'error', error: { code: error.code, field: 'context', message: error.message } }
            : { outcome: 'response', response: read(outcome) }),
        }));

        const batch = encodeBatch(
          all.map(([request_id, outcome], index) => ({ request_id, index, outcome })),
        );
        expect(contract.AuthorizeBatch.responseDeserialize(batch)).toEqual({ results });
        for (const [index, [request_id, outcome]] of all.entries()) {
          const result = encodeResult(request_id, outcome);
          expect(contract.AuthorizeStream.responseDeserialize(result)).toEqual({
            ...results[index],
            index: 0,
          });
        }
      }),
    );
  });
});
