import type { MessageTypeDefinition } from '@grpc/proto-loader';
import { describe, expect, test } from 'vitest';
import type { DecisionReply } from '../../../services/pdp/types.ts';
import type { AuthorizeResponse__Output } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizeResponse.ts';
import { CONTRACT } from '../../../services/pdp/wire/grpc/contract.ts';
import { DIGEST, replyTo } from './recorder.ts';
import { authorize, http, PARC, withWire } from './support.ts';

const DENIAL: Partial<DecisionReply> = {
  decision: 'deny',
  reason_code: 'forbidden',
  message: 'Not on main.',
  enforcement: 'monitored',
  explanation: {
    determining_policies: [
      { policy_id: 'no-push', effect: 'forbid', annotations: { reason: 'Not on main.' } },
    ],
    errors: [{ policy_id: 'broken', message: 'overflow' }],
    cedar_decision: 'deny',
    policy_decision: 'deny',
  },
};

describe('a decision', () => {
  test('comes back whole over gRPC', async () => {
    await withWire(async (wire) => {
      wire.service.decide = async (call, scope) => ({ ...replyTo(call, scope), ...DENIAL });
      const { reply } = await authorize(wire, { ...PARC, request_id: 'r-1' });

      expect(reply).toMatchObject({
        decision: 'DENY',
        decision_id: '0199a000-0000-7000-8000-000000000000',
        request_id: 'r-1',
        request_digest: DIGEST,
        replayed: false,
        bundle: { name: 'test', version: '1.0.0', digest: DIGEST },
        state_sequence: '9007199254740993',
        reason_code: 'forbidden',
        message: 'Not on main.',
        enforcement: 'MONITORED',
        trace_id: wire.service.calls[0]?.scope.trace.trace_id,
        evaluated_at: { seconds: '1795341600', nanos: 123_000_000 },
        valid_until: null,
        explanation: {
          determining_policies: [
            { policy_id: 'no-push', effect: 'FORBID', annotations: { reason: 'Not on main.' } },
          ],
          errors: [{ policy_id: 'broken', message: 'overflow' }],
          cedar_decision: 'DENY',
          policy_decision: 'DENY',
        },
      });
    });
  });

  test('comes back whole over REST, integers exact', async () => {
    await withWire(async (wire) => {
      wire.service.decide = async (call, scope) => ({ ...replyTo(call, scope), ...DENIAL });
      const reply = await http(wire, { body: JSON.stringify({ ...PARC, request_id: 'r-1' }) });

      expect(reply.status).toBe(200);
      expect(reply.headers).toMatchObject({
        'content-type': 'application/json',
        'cache-control': 'no-store',
      });
      expect(reply.text).toContain('"state_sequence":9007199254740993,');
      expect(JSON.parse(reply.text)).toEqual({
        decision: 'deny',
        decision_id: '0199a000-0000-7000-8000-000000000000',
        request_id: 'r-1',
        request_digest: DIGEST,
        replayed: false,
        bundle: { name: 'test', version: '1.0.0', digest: DIGEST },
        state_sequence: expect.any(Number),
        reason_code: 'forbidden',
        message: 'Not on main.',
        enforcement: 'monitored',
        trace_id: wire.service.calls[0]?.scope.trace.trace_id,
        evaluated_at: '2026-11-22T10:00:00.123Z',
        explanation: DENIAL.explanation,
      });
    });
  });

  test('leaves out over REST what is absent', async () => {
    await withWire(async (wire) => {
      const { text } = await http(wire, { body: JSON.stringify(PARC) });

      expect(Object.keys(JSON.parse(text))).not.toEqual(expect.arrayContaining(['request_id']));
      expect(text).not.toMatch(/"(?:request_id|message|explanation|obligations|approval)"/);
    });
  });

  test('that is an empty message is no allow to a client', () => {
    const { deserialize } = CONTRACT['palisade.v1.AuthorizeResponse'] as MessageTypeDefinition<
      unknown,
      AuthorizeResponse__Output
    >;

    expect(deserialize(Buffer.alloc(0)).decision).toBe('DECISION_UNSPECIFIED');
  });
});
