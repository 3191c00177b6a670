import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { PDP_ERROR_CODES, PdpError } from '../../../services/engine/error.ts';
import { publicError, WIRE_ERRORS } from '../../../services/pdp/wire/errors.ts';
import { grpcStatus } from '../../../services/pdp/wire/grpc/status.ts';
import { authorize, errorInfo, http, PARC, withWire } from './support.ts';

describe('the table of errors', () => {
  test('has HTTP status and gRPC status of every code', () => {
    expect(
      Object.fromEntries(
        Object.entries(WIRE_ERRORS).map(([code, { http, grpc }]) => [code, [http, status[grpc]]]),
      ),
    ).toEqual({
      invalid_request: [400, 'INVALID_ARGUMENT'],
      unauthenticated: [401, 'UNAUTHENTICATED'],
      permission_denied: [403, 'PERMISSION_DENIED'],
      not_found: [404, 'NOT_FOUND'],
      conflict: [409, 'ABORTED'],
      precondition_failed: [412, 'FAILED_PRECONDITION'],
      too_large: [413, 'RESOURCE_EXHAUSTED'],
      overloaded: [429, 'RESOURCE_EXHAUSTED'],
      unavailable: [503, 'UNAVAILABLE'],
      internal: [500, 'INTERNAL'],
    });
  });

  test('is what both transports answer by', async () => {
    await withWire(async (wire) => {
      for (const code of PDP_ERROR_CODES) {
        wire.service.decide = async () => {
          throw new PdpError(code, 'public text', {
            field: 'context.a',
            limit: { name: 'set_elements', max: 1_000 },
            cause: new Error('secret text'),
          });
        };
        const { error } = await authorize(wire, PARC);
        const reply = await http(wire, { body: JSON.stringify(PARC) });

        expect(error).toMatchObject({ code: WIRE_ERRORS[code].grpc, details: 'public text' });
        expect(error && errorInfo(error)).toMatchObject({
          reason: code,
          domain: 'palisade',
          metadata: {
            field: 'context.a',
            limit: 'set_elements',
            limit_max: '1000',
            trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
          },
        });
        expect(reply.headers['content-type']).toBe('application/problem+json');
        expect(reply.status).toBe(WIRE_ERRORS[code].http);
        expect(JSON.parse(reply.text)).toEqual({
          type: `urn:palisade:problem:${code}`,
          title: WIRE_ERRORS[code].title,
          status: WIRE_ERRORS[code].http,
          detail: 'public text',
          code,
          field: 'context.a',
          limit: { name: 'set_elements', max: 1_000 },
          trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        });
        expect(reply.text + JSON.stringify(error?.metadata)).not.toContain('secret');
      }
    });
  });

  test('makes of anything unforeseen an internal error that says nothing', async () => {
    await withWire(async (wire) => {
      wire.service.decide = async () => {
        throw new TypeError('secret text');
      };
      const { error } = await authorize(wire, PARC);
      const reply = await http(wire, { body: JSON.stringify(PARC) });

      expect(error).toMatchObject({ code: status.INTERNAL, details: 'internal error' });
      expect(reply.status).toBe(500);
      expect(reply.text).not.toContain('secret');
    });
  });
});

describe('publicError()', () => {
  test('cuts texts, and leaves no half character for a transport to fail at', () => {
    const hostile = new PdpError('invalid_request', `\ud800${'é'.repeat(10_000)}`, {
      field: `${'x'.repeat(254)}😀😀`,
    });
    const { message, field = '' } = publicError(hostile);

    expect(message.length).toBeLessThanOrEqual(512);
    expect(field.length).toBeLessThanOrEqual(256);
    expect(message.isWellFormed() && field.isWellFormed()).toBe(true);
    expect(() => encodeURI(grpcStatus(hostile, '').details)).not.toThrow();
  });
});
