import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { EXPORT_BYTES } from './intake.ts';
import { type OtlpReceiver, withOtlpReceiver } from './receiver.ts';
import { SIGNALS } from './schema.ts';

// Of field 1: it claims 127 bytes and has none.
const GARBAGE = Buffer.of(0x0a, 0x7f);
// Field 1000, a number.
const UNKNOWN_FIELD = Buffer.of(0xc0, 0x3e, 0x01);
const TOO_LONG = Buffer.alloc(EXPORT_BYTES + 1);
const PROTOBUF = { 'content-type': 'application/x-protobuf' };

describe.each(SIGNALS)('for $path', ({ path, method }) => {
  test('bytes that are no export get an error, and change nothing', async () => {
    await withOtlpReceiver(async (receiver) => {
      expect(await post(receiver, path, GARBAGE)).toBe(400);
      expect(await call(receiver, method.path, GARBAGE)).toBe(status.INVALID_ARGUMENT);
      expect([...receiver.spans(), ...receiver.metrics(), ...receiver.logs()]).toEqual([]);
    });
  });

  test('fields that nobody knows are no error', async () => {
    await withOtlpReceiver(async (receiver) => {
      expect(await post(receiver, path, UNKNOWN_FIELD)).toBe(200);
      expect(await call(receiver, method.path, UNKNOWN_FIELD)).toBe(status.OK);
    });
  });

  test('an export that is too long is refused, compressed or not', async () => {
    await withOtlpReceiver(async (receiver) => {
      const compressed = { ...PROTOBUF, 'content-encoding': 'gzip' };
      expect(await post(receiver, path, TOO_LONG)).toBe(413);
      expect(await post(receiver, path, gzipSync(TOO_LONG), compressed)).toBe(413);
      expect(await call(receiver, method.path, TOO_LONG)).toBe(status.RESOURCE_EXHAUSTED);
    });
  });

  test('a hanging export is cut off when the receiver closes, and the ports are free', async () => {
    const { receiver, hanging } = await withOtlpReceiver(async (open) => {
      open.behave('hang');
      const calls = [post(open, path, UNKNOWN_FIELD), call(open, method.path, UNKNOWN_FIELD)];
      await new Promise((resolve) => setTimeout(resolve, 50));

      return { receiver: open, hanging: Promise.allSettled(calls) };
    });

    const [http, grpc] = await hanging;
    expect(http?.status).toBe('rejected');
    expect(grpc).not.toMatchObject({ value: status.OK });
    await expect(talk(receiver.httpUrl, '')).rejects.toThrow('ECONNREFUSED');
    await expect(talk(receiver.grpcUrl, '')).rejects.toThrow('ECONNREFUSED');
  });
});

describe('well-formed protobuf', () => {
  const KEY = field(1, Buffer.from('__proto__'));
  const POLLUTION = field(9, KEY, field(2, field(6, field(1, KEY, field(2, field(1, Buffer.from('x')))))));
  let deep: Buffer = Buffer.alloc(0);
  for (let depth = 0; depth < 1_000; depth += 1) deep = field(5, field(1, deep));

  test.each([
    ['an id of a wrong length', '/v1/traces', field(1, Buffer.alloc(3)), 'an id has 3 bytes'],
    ['an unknown kind', '/v1/traces', Buffer.of(6 << 3, 99), 'unknown kind 99'],
    ['an unknown status', '/v1/traces', field(15, Buffer.of(3 << 3, 99)), 'unknown status code'],
    ['a value that nests too deep', '/v1/logs', field(5, deep), 'not an OTLP export'],
    ['a summary', '/v1/metrics', field(11), 'neither a sum nor a gauge nor a histogram'],
    [
      'bounds without buckets',
      '/v1/metrics',
      field(9, field(1, field(7, Buffer.alloc(8)))),
      '0 buckets for 1',
    ],
  ])('with %s is rejected', async (_, path, item, why) => {
    await withOtlpReceiver(async ({ httpUrl }) => {
      const answer = await fetch(httpUrl + path, {
        method: 'POST',
        headers: PROTOBUF,
        body: Uint8Array.from(exportOf(item)),
      });
      expect(answer.status).toBe(400);
      expect(await answer.text()).toContain(why);
    });
  });

  test('with attributes named like a prototype gives plain attributes', async () => {
    await withOtlpReceiver(async (receiver) => {
      const span = Buffer.concat([field(1, Buffer.alloc(16, 1)), field(2, Buffer.alloc(8, 1)), POLLUTION]);
      expect(await post(receiver, '/v1/traces', exportOf(span))).toBe(200);
      const attributes = receiver.spans()[0]?.attributes ?? {};
      expect(Object.keys(attributes)).toEqual(['__proto__']);
      expect(Object.getPrototypeOf(attributes)).toBe(Object.prototype);
    });
  });
});

describe('over HTTP', () => {
  test.each([
    ['another path', '/v1/secrets', {}, 404],
    ['another method', '/v1/traces', { method: 'PUT', headers: PROTOBUF }, 405],
    ['another media type', '/v1/traces', { headers: { 'content-type': 'application/json' } }, 415],
    ['another encoding', '/v1/traces', { headers: { ...PROTOBUF, 'content-encoding': 'br' } }, 400],
    ['a gzip that is none', '/v1/traces', { headers: { ...PROTOBUF, 'content-encoding': 'gzip' } }, 400],
  ])('%s is refused', async (_, path, init, code) => {
    await withOtlpReceiver(async ({ httpUrl }) => {
      const answer = await fetch(httpUrl + path, { method: 'POST', body: GARBAGE, ...init });
      expect(answer.status).toBe(code);
      expect(answer.headers.get('content-type')).toBe('application/x-protobuf');
    });
  });
});

describe('what does not even speak the protocol', () => {
  test('is let go, and others are served', async () => {
    await withOtlpReceiver(async (receiver) => {
      for (const url of [receiver.httpUrl, receiver.grpcUrl]) {
        await talk(url, 'no such protocol\r\n\r\n');
        await talk(url, 'POST /v1/traces HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\ncut off');
      }
      expect(await post(receiver, '/v1/traces', Buffer.alloc(0))).toBe(200);
      expect(await call(receiver, SIGNALS[0]?.method.path ?? '', Buffer.alloc(0))).toBe(status.OK);
    });
  });
});

/** One item, in its scope, in its resource: the field numbers are those of all three signals. */
function exportOf(item: Buffer): Buffer {
  return field(1, field(2, field(2, item)));
}

/** A field of bytes or of a message. */
function field(number: number, ...content: Buffer[]): Buffer {
  const bytes = Buffer.concat(content);

  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  return value < 128 ? Buffer.of(value) : Buffer.concat([Buffer.of((value % 128) + 128), varint(value >> 7)]);
}

async function post(
  { httpUrl }: OtlpReceiver,
  path: string,
  bytes: Buffer,
  headers: Record<string, string> = PROTOBUF,
): Promise<number> {
  const answer = await fetch(httpUrl + path, { method: 'POST', headers, body: Uint8Array.from(bytes) });

  return answer.status;
}

function call({ grpcUrl }: OtlpReceiver, path: string, bytes: Buffer): Promise<status> {
  const client = new Client(new URL(grpcUrl).host, credentials.createInsecure());
  const asItIs = (message: Buffer) => message;

  return new Promise((resolve) => {
    client.makeUnaryRequest(path, asItIs, asItIs, bytes, (error: ServiceError | null) => {
      client.close();
      resolve(error?.code ?? status.OK);
    });
  });
}

/** Sends bytes, ends, and waits for the other side to end. */
function talk(url: string, bytes: string): Promise<string> {
  return text(connect(Number(new URL(url).port), '127.0.0.1').end(bytes));
}
