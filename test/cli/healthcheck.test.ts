import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deployPolicies } from '../support/server.ts';
import { useWorld } from '../support/use-world.ts';
import type { Issued } from '../support/x509.ts';
import { makeCertificate } from './support/certificate.ts';
import { palisade as palisadeProcess, usePalisade } from './support/run.ts';

const palisade = usePalisade();

describe('a server', () => {
  const started = useWorld(async (world) => ({ world, server: await world.serve() }));
  const environment = () => ({ PALISADE_ADMIN_URL: `http://${started().server.addresses.admin}` });

  test('is live before it is ready, and says why it is not', async () => {
    expect(await palisade(['healthcheck', '--live'], environment())).toEqual({
      code: 0,
      stdout: 'live\n',
      stderr: '',
    });
    expect(await palisade(['healthcheck'], environment())).toEqual({
      code: 1,
      stdout: 'not ready: no bundle is deployed\n',
      stderr: '',
    });

    const { code, stdout } = await palisade(['healthcheck', '--json'], environment());
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      check: 'ready',
      healthy: false,
      reasons: ['no bundle is deployed'],
    });
  });

  test('is ready when a bundle is deployed', async () => {
    const { world, server } = started();
    await deployPolicies(world, server.addresses.admin, 'policies/coding-agent');

    expect(await palisade(['healthcheck'], environment())).toEqual({
      code: 0,
      stdout: 'ready\n',
      stderr: '',
    });
    expect(await palisade(['healthcheck', '--json'], environment())).toMatchObject({
      code: 0,
      stdout: '{"check":"ready","healthy":true,"reasons":[]}\n',
    });
  });
});

describe('what is not healthy', () => {
  test('is a server that is not there', async () => {
    expect(await palisade(['healthcheck'], { PALISADE_ADMIN_URL: 'http://127.0.0.1:1' })).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^not ready: no answer from http:\/\/127\.0\.0\.1:1 \(.*ECONNREFUSED/),
    });
  });

  test('is one that does not answer in time', async () => {
    await listening(createServer(), async (port) => {
      const env = { PALISADE_ADMIN_URL: `http://127.0.0.1:${port}` };

      expect(await palisade(['healthcheck', '--live', '--timeout', '100ms'], env)).toMatchObject({
        code: 1,
        stdout: `not live: no answer from http://127.0.0.1:${port} within 100 ms\n`,
      });
    });
  });

  test('is one that begins its answer and does not end it in time', async () => {
    const half: RequestListener = (_request, response) => {
      response.writeHead(200).write('{"status":"ready"');
    };
    await listening(createHttpServer(half), async (port) => {
      const env = { PALISADE_ADMIN_URL: `http://127.0.0.1:${port}` };

      expect(await palisade(['healthcheck', '--timeout', '200ms'], env)).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('within 200 ms'),
      });
    });
  });

  test.each([
    ['no JSON', 200, '<html>'],
    ['null', 200, 'null'],
    ['the other check', 200, '{"status":"live"}'],
    ['ready with another status', 500, '{"status":"ready"}'],
    ['a redirect', 302, ''],
    ['not ready for no reason', 503, '{"status":"not_ready","reasons":[]}'],
    ['an answer without end', 200, `{"status":"ready","reasons":["${'x'.repeat(200_000)}"]}`],
  ])('is something else on its port: %s', async (_what, status, body) => {
    await listening(
      createHttpServer((_request, response) => response.writeHead(status).end(body)),
      async (port) => {
        expect(
          await palisade(['healthcheck'], { PALISADE_ADMIN_URL: `http://127.0.0.1:${port}` }),
        ).toMatchObject({
          code: 1,
          stdout: `not ready: the answer is ${status}, and not Palisade's\n`,
        });
      },
    );
  });
});

test.each([
  ['no duration', ['--timeout', 'soon'], {}, 'It is a duration'],
  ['no time at all', ['--timeout', '0s'], {}, 'It is a duration'],
  ['no URL', [], { PALISADE_ADMIN_URL: 'nonsense' }, 'PALISADE_ADMIN_URL is no URL'],
])('%s is wrong usage', async (_what, options, env, message) => {
  expect(await palisade(['healthcheck', ...options], env)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(message),
  });
});

describe('over TLS', () => {
  let folder: string;
  let named: Issued;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'palisade-healthcheck-'));
    named = await makeCertificate(folder, 'tls', ['DNS:pdp.example']);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('trusts an authority of its own by NODE_EXTRA_CA_CERTS alone, and checks the name', async () => {
    const identity = { cert: await readFile(named.cert), key: await readFile(named.key) };
    const server = createHttpsServer(identity, (_request, response) => response.end('{"status":"ready"}'));
    await listening(server, async (port) => {
      const env = { PALISADE_ADMIN_URL: `https://127.0.0.1:${port}` };
      const trusting = { ...env, NODE_EXTRA_CA_CERTS: named.cert };
      const asName = ['healthcheck', '--server-name', 'pdp.example'];

      // The variable is read when a process begins.
      expect(await palisadeProcess(asName, trusting)).toMatchObject({ code: 0, stdout: 'ready\n' });
      expect(await palisadeProcess(asName, env)).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
      });
      expect(await palisadeProcess(['healthcheck'], trusting)).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('Its certificate is for other names'),
      });
    });
  });
});

async function listening(server: Server, body: (port: number) => Promise<void>): Promise<void> {
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await body((server.address() as AddressInfo).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}
