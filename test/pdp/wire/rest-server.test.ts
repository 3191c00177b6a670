import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../../services/engine/limits.ts';
import { DECISION_PATHS, openApiDocument } from '../../../services/pdp/wire/rest/openapi.ts';
import { type HttpCall, http, PARC, replyTo, until, type Wire, withWire } from './support.ts';

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

describe('REST answers', () => {
  test.each<[string, HttpCall]>([
    ['a charset of utf-8', { headers: { 'content-type': 'application/json; charset=UTF-8' } }],
    ['identity as encoding', { headers: { 'content-encoding': 'identity' } }],
    ['localhost', { headers: { host: 'LocalHost:7180' } }],
    ['another loopback address', { headers: { host: '127.0.0.53:1' } }],
    ['the IPv6 loopback address', { headers: { host: '[::1]:7180' } }],
    ['a configured name', { headers: { host: 'pdp.internal:7180' } }],
    ['an Origin of its own', { headers: { host: 'localhost:7180', origin: 'http://localhost:7180' } }],
    ['an Expect: 100-continue', { headers: { expect: '100-continue' } }],
  ])('%s', async (_what, call) => {
    await withWire(
      async (wire) => {
        expect(await http(wire, { body: BODY, ...call })).toMatchObject({ status: 200 });
      },
      { hosts: ['pdp.internal'] },
    );
  });

  test('integers exactly, both ways', async () => {
    await withWire(async (wire) => {
      wire.service.decide = async (call, scope) => ({
        ...replyTo(call, scope),
        state_sequence: call.at_least_sequence,
      });
      const body = BODY.replace(
        '{',
        '{"at_least_sequence":18446744073709551615,"run":{"step":9007199254740993},',
      );
      const { text } = await http(wire, { body });

      expect(wire.service.calls[0]?.call).toMatchObject({
        at_least_sequence: 2n ** 64n - 1n,
        run: { step: 9_007_199_254_740_993n },
      });
      expect(text).toContain('"state_sequence":18446744073709551615,');
    });
  });

  test('with headers that keep browsers out', async () => {
    await withWire(async (wire) => {
      const { headers } = await http(wire, { body: BODY });

      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers['x-powered-by']).toBeUndefined();
    });
  });

  test('the OpenAPI document that is checked in', async () => {
    await withWire(async (wire) => {
      const { status, headers, text } = await http(wire, {
        method: 'GET',
        path: '/openapi.json',
        headers: { 'content-type': [] },
      });

      expect(status).toBe(200);
      expect(headers['content-type']).toBe('application/json');
      expect(text).toBe(openApiDocument(DECISION_PATHS));
      const checkedIn = JSON.parse(
        readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8'),
      );
      expect(checkedIn.openapi).toBe('3.1.0');
      expect(checkedIn.paths).toMatchObject(JSON.parse(text).paths);
    });
  });
});

describe('a hostile HTTP client', () => {
  test('that announces 10 MB is refused at once, and its connection closed', async () => {
    await withWire(async (wire) => {
      const answer = await raw(wire, [
        head({ 'content-length': String(10 * 1024 * 1024) }),
        'x'.repeat(1_000),
      ]);

      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      expect(answer.toLowerCase()).toContain('connection: close');
      expect(answer).toContain('"code":"too_large"');
    });
  });

  test('that sends 10 MB in chunks without saying so is refused on the way, and still reads why', async () => {
    await withWire(async (wire) => {
      const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
      const answer = await raw(wire, [head({ 'transfer-encoding': 'chunked' }), ...Array(160).fill(chunk)]);

      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      expect(answer).toContain('"code":"too_large"');
    });
  });

  test('that sends its body slowly is not waited for', async () => {
    await withWire(
      async (wire) => {
        const answer = await raw(wire, [head({ 'content-length': '100' }), '{']);

        expect(answer).toMatch(/^HTTP\/1\.1 408 /);
        expect(answer).toContain('the body did not arrive in time');
      },
      { receiveTimeoutMs: 50 },
    );
  });

  test('that breaks off in its body reaches nobody', async () => {
    await withWire(async (wire) => {
      const socket = connect(wire.restPort, '127.0.0.1');
      socket.write(head({ 'content-length': '100' }));
      socket.end('{');
      await until(() => wire.refusals.length === 1);

      expect(wire.refusals).toMatchObject([{ error: { code: 'invalid_request' } }]);
      expect(wire.service.calls).toEqual([]);
    });
  });

  test.each([
    [
      'no Host',
      'POST /v1/authorize HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}',
      403,
    ],
    [
      'two Hosts',
      `${head({ 'content-length': '2' }).replace('\r\n\r\n', '\r\nHost: evil.example\r\n\r\n')}{}`,
      403,
    ],
    ['a length and chunks at once', head({ 'content-length': '2', 'transfer-encoding': 'chunked' }), 400],
    ['a header without bound', head({ 'x-long': 'x'.repeat(20_000) }), 431],
  ])('that sends %s is refused', async (_what, request, httpStatus) => {
    await withWire(async (wire) => {
      expect(await raw(wire, [request])).toMatch(new RegExp(`^HTTP/1\\.1 ${httpStatus} `));
      expect(wire.service.calls).toEqual([]);
    });
  });

  test('cannot smuggle a second request behind a refused one', async () => {
    await withWire(async (wire) => {
      const second = `${head({ 'content-length': String(BODY.length) })}${BODY}`;
      const first = `${head({ 'content-type': 'text/plain', 'content-length': String(second.length) })}${second}`;
      const answer = await raw(wire, [first]);

      expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
      expect(wire.service.calls).toEqual([]);
    });
  });
});

describe('closing', () => {
  test('answers what is in flight and takes nothing new', async () => {
    await withWire(async (wire) => {
      const release = Promise.withResolvers<void>();
      wire.service.decide = async (call, scope) => {
        await release.promise;
        return replyTo(call, scope);
      };
      const inFlight = http(wire, { body: BODY });
      await until(() => wire.service.calls.length === 1);
      const closed = wire.rest.close(5_000);
      await expect(http(wire, { body: BODY })).rejects.toThrow('ECONNREFUSED');
      release.resolve();

      expect(await inFlight).toMatchObject({ status: 200, headers: { connection: 'close' } });
      await closed;
    });
  });

  test('cuts off at its deadline what does not end', async () => {
    await withWire(async (wire) => {
      wire.service.decide = () => new Promise(() => undefined);
      const inFlight = http(wire, { body: BODY }).catch((error: Error) => error);
      await until(() => wire.service.calls.length === 1);
      await wire.rest.close(20);

      expect(await inFlight).toBeInstanceOf(Error);
    });
  });
});

function head(headers: Record<string, string>): string {
  const all = { host: 'localhost', 'content-type': 'application/json', ...headers };

  return `POST /v1/authorize HTTP/1.1\r\n${Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;
}

/** Writes to a socket what it is given, and reads until the server closes. */
function raw({ restPort }: Wire, parts: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(restPort, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
    for (const part of parts) socket.write(part);
  });
}
