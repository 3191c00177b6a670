import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { PARC, until, type Wire, withWire } from './support.ts';

const BODY = JSON.stringify(PARC);

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
