import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../../services/engine/limits.ts';
import { type HttpCall, http, PARC, withWire } from './support.ts';

const BODY = JSON.stringify(PARC);
const with_ = (fields: object) => JSON.stringify({ ...PARC, ...fields });

describe('REST refuses', () => {
  test.each<[string, HttpCall, number, string, string?]>([
    ['no content type', { headers: { 'content-type': [] } }, 415, 'invalid_request', 'Content-Type'],
    [
      'another content type',
      { headers: { 'content-type': 'text/plain' } },
      415,
      'invalid_request',
      'Content-Type',
    ],
    [
      'a form',
      { headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      'invalid_request',
      'Content-Type',
    ],
    [
      'another charset',
      { headers: { 'content-type': 'application/json; charset=latin1' } },
      415,
      'invalid_request',
      'Content-Type',
    ],
    [
      'a content type that only begins right',
      { headers: { 'content-type': 'application/json-seq' } },
      415,
      'invalid_request',
      'Content-Type',
    ],
    [
      'two content types',
      { headers: { 'content-type': ['application/json', 'application/json'] } },
      415,
      'invalid_request',
      'Content-Type',
    ],
    [
      'a compressed body',
      { headers: { 'content-encoding': 'gzip' } },
      415,
      'invalid_request',
      'Content-Encoding',
    ],
    ['no body', { body: '' }, 400, 'invalid_request'],
    ['a list', { body: '[]' }, 400, 'invalid_request'],
    ['null', { body: 'null' }, 400, 'invalid_request'],
    ['text after the object', { body: `${BODY}x` }, 400, 'invalid_request'],
    [
      'bytes that are not UTF-8',
      { body: Buffer.from(with_({ request_id: '\u00ff' }), 'latin1') },
      400,
      'invalid_request',
    ],
    ['a byte order mark', { body: `\uFEFF${BODY}` }, 400, 'invalid_request'],
    ['U+FFFD', { body: with_({ request_id: '\uFFFD' }) }, 400, 'invalid_request', 'request_id'],
    ['a lone surrogate', { body: with_({ request_id: '\ud800' }) }, 400, 'invalid_request', 'request_id'],
    ['a repeated name', { body: BODY.replace('{', '{"action":1,') }, 400, 'invalid_request', 'action'],
    [
      'a repeated name in the context',
      { body: with_({ context: 0 }).replace('0}', '{"a":1,"\\u0061":2}}') },
      400,
      'invalid_request',
      'context.a',
    ],
    ['an unknown field', { body: with_({ tenant: 'x' }) }, 400, 'invalid_request', 'tenant'],
    [
      'an unknown field of the principal',
      { body: with_({ principal: { type: 'a', id: 'b', role: 'c' } }) },
      400,
      'invalid_request',
      'principal.role',
    ],
    [
      'an unknown field called __proto__',
      { body: BODY.replace('{', '{"__proto__":{"mode":"check"},') },
      400,
      'invalid_request',
      '__proto__',
    ],
    [
      'a form that only gRPC has',
      { body: with_({ context_json: '{}' }) },
      400,
      'invalid_request',
      'context_json',
    ],
    ['no principal', { body: with_({ principal: undefined }) }, 400, 'invalid_request', 'principal'],
    [
      'a principal that is text',
      { body: with_({ principal: 'Agent::"a"' }) },
      400,
      'invalid_request',
      'principal',
    ],
    [
      'a principal without id',
      { body: with_({ principal: { type: 'a' } }) },
      400,
      'invalid_request',
      'principal.id',
    ],
    ['an upper-case mode', { body: with_({ mode: 'ENFORCE' }) }, 400, 'invalid_request', 'mode'],
    ['an unknown detail', { body: with_({ detail: 'all' }) }, 400, 'invalid_request', 'detail'],
    ['a mode that is null', { body: with_({ mode: null }) }, 400, 'invalid_request', 'mode'],
    [
      'a negative sequence',
      { body: with_({ at_least_sequence: -1 }) },
      400,
      'invalid_request',
      'at_least_sequence',
    ],
    [
      'a sequence over 64 bits',
      { body: with_({}).replace('{', '{"at_least_sequence":18446744073709551616,') },
      400,
      'invalid_request',
      'at_least_sequence',
    ],
    [
      'a sequence with a fraction',
      { body: with_({}).replace('{', '{"at_least_sequence":1.0,') },
      400,
      'invalid_request',
      'at_least_sequence',
    ],
    [
      'a sequence as text',
      { body: with_({ at_least_sequence: '1' }) },
      400,
      'invalid_request',
      'at_least_sequence',
    ],
    ['a run that is a list', { body: with_({ run: [] }) }, 400, 'invalid_request', 'run'],
    [
      'obligations that are no texts',
      { body: with_({ supported_obligations: [1] }) },
      400,
      'invalid_request',
      'supported_obligations[0]',
    ],
    [
      'a body over the limit',
      { body: with_({ context: { a: 'x'.repeat(LIMITS.body_bytes) } }) },
      413,
      'too_large',
      'body',
    ],
    [
      'nesting over the limit',
      { body: with_({ context: 0 }).replace('0}', `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}}`) },
      413,
      'too_large',
    ],
    ['a GET', { method: 'GET' }, 405, 'invalid_request'],
    ['a DELETE of the document', { method: 'DELETE', path: '/openapi.json' }, 405, 'invalid_request'],
    ['an unknown path', { path: '/v1/authorise' }, 404, 'not_found'],
    ['a path in other case', { path: '/V1/authorize' }, 404, 'not_found'],
    ['a path with a slash at its end', { path: '/v1/authorize/' }, 404, 'not_found'],
    ['a foreign Host', { headers: { host: 'rebound.example' } }, 403, 'permission_denied', 'Host'],
    [
      'a Host that begins right',
      { headers: { host: 'localhost.evil.example' } },
      403,
      'permission_denied',
      'Host',
    ],
    [
      'a Host that hides a name',
      { headers: { host: 'evil.example@localhost' } },
      403,
      'permission_denied',
      'Host',
    ],
    ['a foreign Origin', { headers: { origin: 'https://evil.example' } }, 403, 'permission_denied', 'Origin'],
    ['an opaque Origin', { headers: { origin: 'null' } }, 403, 'permission_denied', 'Origin'],
    [
      'an Origin on another port of this host',
      { headers: { host: 'localhost', origin: 'http://localhost:3000' } },
      403,
      'permission_denied',
      'Origin',
    ],
    [
      'a preflight',
      {
        method: 'OPTIONS',
        headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
      },
      403,
      'permission_denied',
      'Origin',
    ],
  ])('%s', async (_what, call, httpStatus, code, field) => {
    await withWire(async (wire) => {
      const reply = await http(wire, { body: call.method === undefined ? BODY : '', ...call });
      const problem = JSON.parse(reply.text);

      expect(problem).toMatchObject({
        code,
        status: httpStatus,
        trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      });
      expect(reply.status).toBe(httpStatus);
      expect(reply.headers['content-type']).toBe('application/problem+json');
      expect(reply.headers['access-control-allow-origin']).toBeUndefined();
      if (field !== undefined) expect(problem.field).toBe(field);
      expect(wire.service.calls).toEqual([]);
      expect(wire.refusals).toHaveLength(1);
    });
  });

  test('names the methods that there are', async () => {
    await withWire(async (wire) => {
      expect((await http(wire, { method: 'GET' })).headers['allow']).toBe('POST');
    });
  });
});
