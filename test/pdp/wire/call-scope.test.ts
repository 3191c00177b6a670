import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import { LIMITS } from '../../../services/engine/limits.ts';
import type { CallScope } from '../../../services/pdp/types.ts';
import { replyTo, TOKEN } from './recorder.ts';
import { authorize, errorInfo, http, PARC, until, type Wire, withWire } from './support.ts';

describe('who calls', () => {
  const anonymous = { caller: { roles: ['anonymous'] } };
  const runtime = { caller: { roles: ['runtime'] } };

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
