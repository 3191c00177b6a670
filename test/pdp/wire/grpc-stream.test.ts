import { connect } from 'node:http2';
import { status } from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';
import { describe, expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import { LIMITS } from '../../../services/engine/limits.ts';
import type { CallScope } from '../../../services/pdp/types.ts';
import type { AuthorizeResult__Output } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizeResult.ts';
import { CONTRACT, SERVICE_NAME } from '../../../services/pdp/wire/grpc/contract.ts';
import { lengthDelimited, number, requestBytes } from './protobuf-bytes.ts';
import { replyTo, TOKEN } from './recorder.ts';
import { collect, errorInfo, metadataOf, PARC, until, type Wire, withWire } from './support.ts';

const RESULT = CONTRACT['palisade.v1.AuthorizeResult'] as MessageTypeDefinition<
  unknown,
  AuthorizeResult__Output
>;

const request = (request_id: string) => ({ ...PARC, request_id });

describe('a stream', () => {
  test('answers each message under its request_id, in whatever order they are decided', async () => {
    await withWire(async (wire) => {
      const slow = Promise.withResolvers<void>();
      wire.service.decide = async (call, scope) => {
        if (call.request_id === 'slow') await slow.promise;
        return replyTo(call, scope);
      };
      const { stream, results, ended } = open(wire);
      stream.write(request('slow'));
      stream.write(request('fast'));
      await until(() => results.length === 1);
      slow.resolve();
      stream.end();

      expect(await ended).toBeUndefined();
      expect(results).toMatchObject([
        { request_id: 'fast', outcome: 'response', response: { decision: 'ALLOW', request_id: 'fast' } },
        { request_id: 'slow', outcome: 'response' },
      ]);
    });
  });

  test('goes on after messages that are refused, and names them', async () => {
    await withWire(async (wire) => {
      wire.service.decide = async (call, scope) => {
        if (call.request_id === 'failed') throw new PdpError('unavailable', 'no active bundle');
        if (call.request_id === 'broken') throw new TypeError('secret text');
        return replyTo(call, scope);
      };
      const { stream, results, ended } = open(wire);
      stream.write(PARC);
      stream.write({ ...request('no-json'), context_json: '{' });
      stream.write({ ...request('too-large'), context_json: `{"a":"${'x'.repeat(LIMITS.body_bytes)}"}` });
      stream.write(request('failed'));
      stream.write(request('broken'));
      stream.write(request('good'));
      stream.end();

      expect(await ended).toBeUndefined();
      const outcomes = results.map(({ request_id, error }) => [request_id, error?.code, error?.field]);
      expect(outcomes).toEqual(
        expect.arrayContaining([
          ['', 'invalid_request', 'request_id'],
          ['no-json', 'invalid_request', 'context'],
          ['too-large', 'too_large', 'request'],
          ['failed', 'unavailable', ''],
          ['broken', 'internal', ''],
          ['good', undefined, undefined],
        ]),
      );
      expect(outcomes).toHaveLength(6);
      expect(JSON.stringify(results)).not.toContain('secret');
    });
  });

  test('goes on after bytes that no encoder makes', async () => {
    await withWire(async (wire) => {
      const results: AuthorizeResult__Output[] = [];
      const stream = rawStream(wire, results);
      stream.write(requestBytes(number(99, 1), lengthDelimited(9, 'unknown-field')));
      stream.write(Buffer.from([0xff]));
      stream.write(Buffer.alloc(0));
      stream.write(requestBytes(lengthDelimited(9, 'good')));
      await until(() => results.length === 4);
      stream.end();

      expect(results.map(({ request_id, error }) => [request_id, error?.code]).sort()).toEqual([
        ['', 'invalid_request'],
        ['', 'invalid_request'],
        ['good', undefined],
        ['unknown-field', 'invalid_request'],
      ]);
    });
  });

  test('refuses a request_id that is in flight, and takes it again afterwards', async () => {
    await withWire(async (wire) => {
      const first = Promise.withResolvers<void>();
      wire.service.decide = async (call, scope) => {
        await first.promise;
        return replyTo(call, scope);
      };
      const { stream, results, ended } = open(wire);
      stream.write(request('same'));
      stream.write(request('same'));
      await until(() => results.length === 1);
      first.resolve();
      await until(() => results.length === 2);
      stream.write(request('same'));
      await until(() => results.length === 3);
      stream.end();
      await ended;

      expect(results).toMatchObject([
        { request_id: 'same', error: { code: 'invalid_request', field: 'request_id' } },
        { request_id: 'same', outcome: 'response' },
        { request_id: 'same', outcome: 'response' },
      ]);
    });
  });

  test('has no more in flight than the limit says, and answers all', async () => {
    await withWire(async (wire) => {
      let inFlight = 0;
      let most = 0;
      const gate = Promise.withResolvers<void>();
      wire.service.decide = async (call, scope) => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        await gate.promise;
        inFlight -= 1;
        return replyTo(call, scope);
      };
      const { stream, results, ended } = open(wire);
      for (let index = 0; index < 300; index += 1) stream.write(request(`r-${index}`));
      stream.end();
      await until(() => inFlight === LIMITS.stream_in_flight);
      await settle();
      expect(inFlight).toBe(LIMITS.stream_in_flight);
      gate.resolve();

      expect(await ended).toBeUndefined();
      expect(new Set(results.map(({ request_id }) => request_id)).size).toBe(300);
      expect(most).toBe(LIMITS.stream_in_flight);
    });
  });

  test('stops reading a client that does not read, until it reads', async () => {
    await withWire(async (wire) => {
      // Two results of this size fill the client's window of 64 KiB.
      const message = 'x'.repeat(32 * 1024);
      wire.service.decide = async (call, scope) => ({ ...replyTo(call, scope), message });
      // Not grpc-js: its client reads ahead without bound.
      const session = connect(`http://127.0.0.1:${wire.grpcPort}`);
      const stream = session.request({
        ':method': 'POST',
        ':path': `/${SERVICE_NAME}/AuthorizeStream`,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      stream.pause();
      for (let index = 0; index < 500; index += 1) {
        stream.write(framed(requestBytes(lengthDelimited(9, `r-${index}`))));
      }
      stream.end();
      await until(() => wire.service.calls.length >= LIMITS.stream_in_flight);
      await settle();
      expect(wire.service.calls.length).toBeLessThan(LIMITS.stream_in_flight + 5);

      stream.resume();
      await until(() => wire.service.calls.length === 500);
      session.destroy();
    });
  });

  test('ends when its credential is revoked, after what is in flight', async () => {
    await withWire(async (wire) => {
      const gate = Promise.withResolvers<void>();
      wire.service.decide = async (call, scope) => {
        await gate.promise;
        return replyTo(call, scope);
      };
      const { stream, results, ended } = open(wire, { authorization: `Bearer ${TOKEN}` });
      stream.write(request('before'));
      await until(() => wire.service.calls.length === 1);
      wire.service.tokens.clear();
      stream.write(request('after'));
      await until(() => wire.refusals.length === 1);
      gate.resolve();
      const error = await ended;

      expect(error).toMatchObject({ code: status.UNAUTHENTICATED });
      expect(error && errorInfo(error)).toMatchObject({ reason: 'unauthenticated' });
      expect(results).toMatchObject([{ request_id: 'before', outcome: 'response' }]);
      expect(wire.service.calls).toHaveLength(1);
    });
  });

  test('takes the trace of each message, else that of the call', async () => {
    await withWire(async (wire) => {
      const ofCall = '00-11111111111111111111111111111111-2222222222222222-01';
      const ofMessage = '00-33333333333333333333333333333333-4444444444444444-00';
      const { stream, ended } = open(wire, { traceparent: ofCall });
      stream.write(request('a'));
      stream.write({ ...request('b'), traceparent: ofMessage });
      stream.end();
      await ended;

      expect(wire.service.calls.map(({ scope }) => scope.trace)).toMatchObject([
        { trace_id: '1'.repeat(32), parent_span_id: '2'.repeat(16), sampled: true },
        { trace_id: '3'.repeat(32), parent_span_id: '4'.repeat(16), sampled: false },
      ]);
    });
  });

  test('that is cancelled aborts what is in flight', async () => {
    await withWire(async (wire) => {
      const signals: CallScope['signal'][] = [];
      wire.service.decide = (_call, { signal }) => {
        signals.push(signal);
        return new Promise(() => undefined);
      };
      const { stream, ended } = open(wire);
      stream.write(request('a'));
      stream.write(request('b'));
      await until(() => signals.length === 2);
      stream.cancel();
      await ended;
      await until(() => signals.every(({ aborted }) => aborted));
    });
  });
});

describe('at shutdown a stream', () => {
  test('answers what it has read, says that it goes away, and reads no more', async () => {
    await withWire(async (wire) => {
      const gate = Promise.withResolvers<void>();
      wire.service.decide = async (call, scope) => {
        await gate.promise;
        return replyTo(call, scope);
      };
      const { stream, results, ended } = open(wire);
      stream.write(request('a'));
      stream.write(request('b'));
      await until(() => wire.service.calls.length === 2);
      const closed = wire.grpc.shutdown(5_000);
      stream.write(request('late'));
      gate.resolve();
      const error = await ended;
      await closed;

      expect(error).toMatchObject({ code: status.UNAVAILABLE });
      expect(error && errorInfo(error)).toMatchObject({ reason: 'unavailable' });
      expect(results.map(({ request_id }) => request_id)).toEqual(['a', 'b']);
    });
  });

  test('that is idle ends at once', async () => {
    await withWire(async (wire) => {
      const { stream, results, ended } = open(wire);
      stream.write(request('a'));
      await until(() => results.length === 1);
      const started = performance.now();
      await Promise.all([wire.grpc.shutdown(25_000), ended]);

      expect(performance.now() - started).toBeLessThan(5_000);
    });
  });

  test('that never ends is cut off at the deadline', async () => {
    await withWire(async (wire) => {
      wire.service.decide = () => new Promise(() => undefined);
      const { stream, ended } = open(wire);
      stream.write(request('a'));
      await until(() => wire.service.calls.length === 1);
      await wire.grpc.shutdown(50);

      expect(await ended).toBeDefined();
    });
  });
});

function open(wire: Wire, metadata: Record<string, string> = {}) {
  const results: AuthorizeResult__Output[] = [];
  const stream = wire.client.authorizeStream(metadataOf(metadata));

  return { stream, results, ended: collect(stream, results) };
}

/** A message as gRPC frames it: not compressed, its length, its bytes. */
function framed(bytes: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(bytes.length, 1);

  return Buffer.concat([header, bytes]);
}

function rawStream(wire: Wire, results: AuthorizeResult__Output[]) {
  const stream = wire.client.makeBidiStreamRequest(
    `/${SERVICE_NAME}/AuthorizeStream`,
    (bytes: Buffer) => bytes,
    RESULT.deserialize,
  );
  stream.on('data', (result: AuthorizeResult__Output) => results.push(result));
  stream.on('error', () => undefined);

  return stream;
}

/** Long enough for anything that is still on its way over loopback. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 300));
}
