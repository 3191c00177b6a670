import { status } from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';
import { describe, expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import { LIMITS } from '../../../services/engine/limits.ts';
import { TypedRecord } from '../../../services/engine/raw/raw.ts';
import type { CallScope, DecisionReply } from '../../../services/pdp/types.ts';
import type { AuthorizeResponse__Output } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizeResponse.ts';
import { CONTRACT } from '../../../services/pdp/wire/grpc/contract.ts';
import { lengthDelimited, number, requestBytes } from './protobuf-bytes.ts';
import {
  authorize,
  authorizeBatch,
  DIGEST,
  errorInfo,
  http,
  PARC,
  rawCall,
  replyTo,
  TOKEN,
  until,
  type Wire,
  withWire,
} from './support.ts';

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

describe('a typed request', () => {
  test('reaches the service as it was meant, nothing an escape', async () => {
    await withWire(async (wire) => {
      const uid = { type: 'Repo', id: 'palisade' };
      await authorize(wire, {
        ...PARC,
        context: {
          fields: [
            {
              name: '__entity',
              value: { record: { fields: [{ name: 'type', value: { string: 'Admin' } }] } },
            },
            { name: 'big', value: { long: '9223372036854775807' } },
            { name: 'off', value: { bool: false } },
            { name: 'owner', value: { entity: uid } },
            { name: 'ip', value: { extension: { fn: 'ip', args: [{ string: '10.0.0.1' }] } } },
            { name: 'tags', value: { set: { elements: [{ long: '0' }, { string: '' }] } } },
          ],
        },
        entities: { entities: [{ uid, parents: [uid] }] },
      });

      const call = wire.service.calls[0]?.call;
      expect(call?.context).toBeInstanceOf(TypedRecord);
      expect(call?.context).toMatchObject({
        fields: new Map<string, unknown>([
          ['__entity', { fields: new Map([['type', 'Admin']]) }],
          ['big', 9_223_372_036_854_775_807n],
          ['off', false],
          ['owner', uid],
          ['ip', { fn: 'ip', args: ['10.0.0.1'] }],
          ['tags', { elements: [0n, ''] }],
        ]),
      });
      expect(call?.entities).toMatchObject([
        { uid, attrs: { fields: new Map() }, parents: [uid], tags: { fields: new Map() } },
      ]);
    });
  });

  test.each([
    [
      'a name that comes twice',
      {
        fields: [
          { name: 'a', value: { bool: true } },
          { name: 'a', value: { bool: true } },
        ],
      },
      'context.a',
    ],
    [
      'a name that comes twice further in',
      {
        fields: [
          {
            name: 'a',
            value: {
              set: {
                elements: [
                  {
                    record: {
                      fields: [
                        { name: '', value: { bool: true } },
                        { name: '', value: { bool: true } },
                      ],
                    },
                  },
                ],
              },
            },
          },
        ],
      },
      'context.a[0][""]',
    ],
    ['a value without a kind', { fields: [{ name: 'a', value: {} }] }, 'context.a'],
    ['a field without a value', { fields: [{ name: 'a' }] }, 'context.a'],
    [
      'a set element without a kind',
      { fields: [{ name: 'a', value: { set: { elements: [{ bool: true }, {}] } } }] },
      'context.a[1]',
    ],
  ])('is refused for %s', async (_what, context, field) => {
    await withWire(async (wire) => {
      const { error } = await authorize(wire, { ...PARC, context });

      expect(error?.code).toBe(status.INVALID_ARGUMENT);
      expect(error && errorInfo(error).metadata['field']).toBe(field);
      expect(wire.service.calls).toEqual([]);
    });
  });

  test('is refused where an entity has no uid', async () => {
    await withWire(async (wire) => {
      const { error } = await authorize(wire, { ...PARC, entities: { entities: [{}] } });

      expect(error && errorInfo(error).metadata['field']).toBe('entities[0]');
    });
  });
});

describe('a request that gRPC cannot read', () => {
  test.each<[string, Buffer, status, string]>([
    ['garbage', Buffer.from([0xff, 0xff, 0xff]), status.INVALID_ARGUMENT, 'invalid_request'],
    ['an empty message', Buffer.alloc(0), status.INVALID_ARGUMENT, 'invalid_request'],
    [
      'bytes that are not UTF-8',
      requestBytes(lengthDelimited(8, Buffer.from([0x80]))),
      status.INVALID_ARGUMENT,
      'invalid_request',
    ],
    ['an unknown field', requestBytes(number(99, 1)), status.INVALID_ARGUMENT, 'invalid_request'],
    [
      'JSON that is none',
      requestBytes(lengthDelimited(5, '{"a":1,"a":2}')),
      status.INVALID_ARGUMENT,
      'invalid_request',
    ],
    [
      'a body over the limit',
      requestBytes(lengthDelimited(5, `{"a":"${'x'.repeat(LIMITS.body_bytes)}"}`)),
      status.RESOURCE_EXHAUSTED,
      'too_large',
    ],
  ])('is answered with ErrorInfo, not with a bare INTERNAL: %s', async (_what, bytes, code, reason) => {
    await withWire(async (wire) => {
      const { error } = await rawCall(wire, 'Authorize', bytes);

      expect(error?.code).toBe(code);
      expect(error && errorInfo(error)).toMatchObject({ reason, domain: 'palisade' });
      expect(wire.refusals).toMatchObject([
        { error: { code: reason }, caller: { role: 'anonymous' }, transport: 'grpc' },
      ]);
    });
  });

  test('over the largest message is refused before it is read whole', async () => {
    await withWire(async (wire) => {
      const { error } = await rawCall(wire, 'AuthorizeBatch', Buffer.alloc(10 * 1024 * 1024));

      expect(error?.code).toBe(status.RESOURCE_EXHAUSTED);
    });
  });
});

describe('a batch', () => {
  test('has a result for each request, in order, errors in their place', async () => {
    await withWire(async (wire) => {
      wire.service.decide = async (call, scope) => {
        if (call.request_id === 'refused')
          throw new PdpError('not_found', 'no such store', { field: 'policy_store' });
        return replyTo(call, scope);
      };
      wire.service.authorizeBatch = async (calls, scope) =>
        Promise.all(
          calls.map((call) =>
            call instanceof PdpError
              ? call
              : wire.service.decide(call, scope).catch((error: PdpError) => error),
          ),
        );

      const { reply } = await authorizeBatch(wire, [
        { ...PARC, request_id: 'first' },
        { ...PARC, request_id: 'refused' },
        { ...PARC, request_id: 'unreadable', context_json: '{' },
        { ...PARC, request_id: 'last' },
      ]);

      expect(reply?.results).toMatchObject([
        {
          request_id: 'first',
          index: 0,
          outcome: 'response',
          response: { decision: 'ALLOW', request_id: 'first' },
        },
        {
          request_id: 'refused',
          index: 1,
          outcome: 'error',
          error: { code: 'not_found', field: 'policy_store' },
        },
        {
          request_id: 'unreadable',
          index: 2,
          outcome: 'error',
          error: { code: 'invalid_request', field: 'context' },
        },
        { request_id: 'last', index: 3, outcome: 'response' },
      ]);

      const { text } = await http(wire, {
        path: '/v1/authorize/batch',
        body: `{"requests":[${[
          JSON.stringify({ ...PARC, request_id: 'first' }),
          JSON.stringify({ ...PARC, request_id: 'refused' }),
          JSON.stringify({ ...PARC, request_id: 'unreadable', context: 'x' }),
          '{"request_id":"broken",}',
          JSON.stringify({ ...PARC }),
        ]}]}`,
      });

      expect(JSON.parse(text).results).toMatchObject([
        { request_id: 'first', index: 0, response: { decision: 'allow' } },
        {
          request_id: 'refused',
          index: 1,
          error: { code: 'not_found', field: 'policy_store', message: 'no such store' },
        },
        { request_id: 'unreadable', index: 2, error: { code: 'invalid_request', field: 'context' } },
        { index: 3, error: { code: 'invalid_request' } },
        { index: 4, response: { decision: 'allow' } },
      ]);
    });
  });

  test('bounds each request for itself', async () => {
    await withWire(async (wire) => {
      const large = { ...PARC, context_json: `{"a":"${'x'.repeat(LIMITS.body_bytes)}"}` };
      const { reply } = await authorizeBatch(wire, [large, PARC]);
      const { text } = await http(wire, {
        path: '/v1/authorize/batch',
        body: JSON.stringify({
          requests: [{ ...PARC, context: { a: 'x'.repeat(LIMITS.body_bytes) } }, PARC],
        }),
      });

      expect(reply?.results).toMatchObject([
        { outcome: 'error', error: { code: 'too_large' } },
        { outcome: 'response' },
      ]);
      expect(JSON.parse(text).results).toMatchObject([{ error: { code: 'too_large' } }, { response: {} }]);
    });
  });

  test('may be empty, and never over the limit', async () => {
    await withWire(async (wire) => {
      const many = Array(LIMITS.batch_items + 1).fill(PARC);
      const path = '/v1/authorize/batch';

      expect((await authorizeBatch(wire, [])).reply).toMatchObject({ results: [] });
      expect((await authorizeBatch(wire, many)).error).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
      expect(await http(wire, { path, body: '{"requests":[]}' })).toMatchObject({
        status: 200,
        text: '{"results":[]}',
      });
      expect(await http(wire, { path, body: JSON.stringify({ requests: many }) })).toMatchObject({
        status: 413,
      });
      expect(wire.service.calls).toEqual([]);
    });
  });

  test('is an error as a whole where the service does not answer each request', async () => {
    await withWire(async (wire) => {
      wire.service.authorizeBatch = async () => [];

      expect((await authorizeBatch(wire, [PARC])).error).toMatchObject({ code: status.INTERNAL });
      expect(
        await http(wire, { path: '/v1/authorize/batch', body: JSON.stringify({ requests: [PARC] }) }),
      ).toMatchObject({ status: 500 });
    });
  });
});

describe('who calls', () => {
  const anonymous = { caller: { role: 'anonymous' } };
  const runtime = { caller: { role: 'runtime' } };

  test('is anonymous on loopback without a credential, and itself with one', async () => {
    await withWire(async (wire) => {
      await authorize(wire, PARC);
      await authorize(wire, PARC, { authorization: `Bearer ${TOKEN}` });
      await http(wire, { body: JSON.stringify(PARC) });
      await http(wire, { body: JSON.stringify(PARC), headers: { authorization: `Bearer ${TOKEN}` } });

      expect(wire.service.calls.map(({ scope }) => scope)).toMatchObject([
        anonymous,
        runtime,
        anonymous,
        runtime,
      ]);
      expect(wire.service.calls.map(({ scope }) => scope.transport)).toEqual([
        'grpc',
        'grpc',
        'rest',
        'rest',
      ]);
    });
  });

  test.each(['Bearer wrong', 'Bearer', 'Basic YTpi', `Bearer ${TOKEN}, Bearer ${TOKEN}`, TOKEN])(
    'is nobody with "%s": a bad credential is never taken for none',
    async (authorization) => {
      await withWire(async (wire) => {
        const { error } = await authorize(wire, PARC, { authorization });
        const reply = await http(wire, { body: JSON.stringify(PARC), headers: { authorization } });

        expect(error?.code).toBe(status.UNAUTHENTICATED);
        expect(error && errorInfo(error).reason).toBe('unauthenticated');
        expect(reply.status).toBe(401);
        expect(reply.headers['www-authenticate']).toBe('Bearer realm="palisade"');
        expect(JSON.parse(reply.text)).toMatchObject({ code: 'unauthenticated' });
        expect(wire.service.calls).toEqual([]);
        expect(wire.refusals).toMatchObject([{ caller: undefined }, { caller: undefined }]);
      });
    },
  );

  test('is nobody with two credentials over REST', async () => {
    await withWire(async (wire) => {
      const headers = { authorization: [`Bearer ${TOKEN}`, `Bearer ${TOKEN}`] };

      expect(await http(wire, { body: JSON.stringify(PARC), headers })).toMatchObject({ status: 401 });
    });
  });
});

describe('the trace of a call', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const continued = {
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    parent_span_id: 'b7ad6b7169203331',
    sampled: true,
  };

  test('goes on over both transports', async () => {
    await withWire(async (wire) => {
      await authorize(wire, PARC, { traceparent });
      await http(wire, { body: JSON.stringify(PARC), headers: { traceparent } });

      expect(wire.service.calls.map(({ scope }) => scope.trace)).toMatchObject([continued, continued]);
    });
  });
});

describe('the deadline of a call', () => {
  test('is at most the published one, and sooner where the client says so', async () => {
    await withWire(async (wire) => {
      const left: number[] = [];
      wire.service.decide = async (call, scope) => {
        left.push(scope.deadline - performance.now());
        return replyTo(call, scope);
      };
      await authorize(wire, PARC);
      await authorize(wire, PARC, {}, 60_000);
      await authorize(wire, PARC, {}, 1_000);
      await http(wire, { body: JSON.stringify(PARC) });

      for (const ms of left) expect(ms).toBeLessThanOrEqual(LIMITS.deadline_ms);
      expect(left[2]).toBeLessThanOrEqual(1_000);
      expect(left).toHaveLength(4);
    });
  });

  test('ends a decision that never comes with an error, and aborts it', async () => {
    await withWire(async (wire) => {
      const signals: CallScope['signal'][] = [];
      wire.service.decide = (_call, { signal }) => {
        signals.push(signal);
        return new Promise(() => undefined);
      };
      const [overGrpc, overRest] = await Promise.all([
        authorize(wire, PARC),
        http(wire, { body: JSON.stringify(PARC) }),
      ]);

      expect(overGrpc.error).toMatchObject({ code: status.UNAVAILABLE });
      expect(overRest).toMatchObject({ status: 503 });
      expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    });
  });
});

describe('a client that leaves', () => {
  test('aborts its decision', async () => {
    await withWire(async (wire) => {
      const signals = hang(wire);
      const call = wire.client.authorize(PARC, () => undefined);
      await until(() => signals.length === 1);
      call.cancel();
      await until(() => signals[0]?.aborted === true);

      const leaving = new AbortController();
      const request = fetch(`http://127.0.0.1:${wire.restPort}/v1/authorize`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(PARC),
        signal: leaving.signal,
      }).catch(() => undefined);
      await until(() => signals.length === 2);
      leaving.abort();
      await until(() => signals[1]?.aborted === true);
      await request;
    });
  });
});

/** Makes the service wait for its signal. */
function hang({ service }: Wire): CallScope['signal'][] {
  const signals: CallScope['signal'][] = [];
  service.decide = (_call, { signal }) => {
    signals.push(signal);
    return new Promise((_resolve, reject) => {
      signal.onAbort(() => reject(new PdpError('unavailable', 'left')));
    });
  };

  return signals;
}
