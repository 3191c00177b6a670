import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../../services/engine/limits.ts';
import { lengthDelimited, number, requestBytes } from './protobuf-bytes.ts';
import { errorInfo, rawCall, withWire } from './support.ts';

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
        { error: { code: reason }, caller: { roles: ['anonymous'] }, transport: 'grpc' },
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
