import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { mountsOf, readCompose, type Service, serviceOf } from './support/compose.ts';

const TIMEOUT_MS = 60_000;
const compose = readCompose();

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** A folder that stands for the root of every container: its volumes, and `palisade` on its PATH. */
let root: string;
let database: TestDatabase;
let server: ChildProcess | undefined;
/** Where the server's administration is. */
let admin = '';

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'palisade-compose-'));
  database = await createTestDatabase();
  await mkdir(join(root, 'bin'));
  await writeFile(
    join(root, 'bin/palisade'),
    `#!/bin/sh\nexec node '${resolve('services/cli/palisade.js')}' "$@"\n`,
  );
  await chmod(join(root, 'bin/palisade'), 0o755);
  for (const volume of ['keyring', 'admin', 'pdp-1-spool']) await mkdir(join(root, volume), { mode: 0o700 });
}, TIMEOUT_MS);

afterAll(async () => {
  if (server?.exitCode === null) {
    server.kill('SIGKILL');
    await once(server, 'exit');
  }
  await database.drop();
  await rm(root, { recursive: true, force: true });
}, TIMEOUT_MS);

describe('the services of docker-compose.yml, one after the other', () => {
  test('make-secrets makes everything once, and only for who needs it', async () => {
    expect(await makeSecrets()).toMatchObject({ code: 0 });

    for (const path of [
      'authority/ca.key',
      'pdp-1/tls.key',
      'pdp-2/database-url',
      'postgres/owner-password',
    ]) {
      expect(((await stat(join(root, path))).mode & 0o777).toString(8), path).toBe('600');
    }
    expect(await readFile(join(root, 'pdp-1/database-url'), 'utf8')).toMatch(
      /^postgres:\/\/palisade_server:[0-9a-f]{48}@postgres:5432\/palisade$/m,
    );

    const made = await contents();
    expect(await makeSecrets()).toMatchObject({ code: 0 });
    expect(await contents()).toEqual(made);
  });

  test('make-secrets replaces a certificate that is about to end, and its key with it', async () => {
    const before = await contents();
    await cp(join(root, 'pdp-2'), join(root, 'expiring'), { recursive: true });
    const { code } = await run('bash', [
      '-c',
      `cd '${root}' && openssl req -x509 -key expiring/tls.key -days 29 -subj /CN=pdp-2 -out pdp-2/tls.pem`,
    ]);
    expect(code).toBe(0);

    expect(await makeSecrets()).toMatchObject({
      code: 0,
      output: expect.stringContaining('pdp-2/tls.pem made'),
    });
    const after = await contents();
    expect(after['pdp-2/tls.key']).not.toBe(before['pdp-2/tls.key']);
    expect(after['pdp-1/tls.pem']).toBe(before['pdp-1/tls.pem']);
  });

  test('migrate and bootstrap make the keyring and the first admin, once', async () => {
    // Where PostgreSQL is differs here, and nothing else.
    await writeFile(join(root, 'owner/database-url'), database.ownerUrl);
    await writeFile(join(root, 'pdp-1/database-url'), database.servingUrl);
    expect(await runService('migrate')).toMatchObject({ code: 0 });

    expect(await runService('bootstrap')).toMatchObject({ code: 0 });
    expect(await readFile(join(root, 'admin/admin.token'), 'utf8')).toMatch(/^pal_\S+\n$/);
    expect((await stat(join(root, 'admin/admin.token'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(root, 'keyring/keyring.json'))).mode & 0o777).toBe(0o600);

    expect(await runService('bootstrap')).toEqual({ code: 0, output: '' });
  });

  test('pdp-1 serves over TLS, and its health check waits for a bundle', async () => {
    await startServer();

    expect(await healthcheck('--live')).toMatchObject({ code: 0, output: 'live\n' });
    expect(await healthcheck()).toMatchObject({ code: 1, output: 'not ready: no bundle is deployed\n' });
  });

  test('first-bundle makes it ready, and changes nothing later', async () => {
    expect(await runService('first-bundle')).toMatchObject({
      code: 0,
      output: expect.stringContaining('as sequence 1'),
    });
    expect(await healthcheck()).toMatchObject({ code: 0, output: 'ready\n' });

    const again = await runService('first-bundle');
    expect(again).toMatchObject({ code: 0 });
    expect(again.output).not.toContain('sequence');
  });

  test('cli administers with the first admin token', async () => {
    const ran = await runPalisade('cli', ['deploy', 'status', 'default']);

    expect(ran).toMatchObject({ code: 0, output: expect.stringContaining('coding-agent') });
  });

  test('Prometheus gets metrics over TLS, by the name of the replica', async () => {
    const ca = await readFile(join(root, 'ca/ca.pem'));
    const answer = await new Promise<string>((done, fail) => {
      const { port } = new URL(admin);
      const options = { ca, port, servername: 'pdp-1', headers: { host: 'pdp-1:7182' } };
      get(`https://127.0.0.1/metrics`, options, (response) => text(response).then(done, fail)).on(
        'error',
        fail,
      );
    });

    expect(answer).toMatch(/^palisade_ready 1$/m);
  });
});

function makeSecrets(): Promise<Ran> {
  return run('bash', ['deploy/make-secrets.sh', root]);
}

/** Starts pdp-1 as it is, on free ports. */
async function startServer(): Promise<void> {
  const addresses = Object.fromEntries(
    ['REST', 'GRPC', 'ADMIN'].map((name) => [`PALISADE_${name}_ADDRESS`, '0.0.0.0:0']),
  );
  server = spawn(join(root, 'bin/palisade'), ['serve'], {
    env: { ...environmentOf('pdp-1'), ...addresses },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  const line = await new Promise<string>((done, fail) => {
    for (const stream of [server?.stdout, server?.stderr]) {
      createInterface({ input: stream ?? process.stdin }).on('line', (said) => {
        output.push(said);
        if (said.includes('"palisade serves"')) done(said);
      });
    }
    server?.once('exit', () => fail(new Error(`it does not serve:\n${output.join('\n')}`)));
  });
  admin = `https://127.0.0.1:${(JSON.parse(line) as { admin: string }).admin.split(':')[1]}`;
}

/** Runs a service that ends, as it is in the file. */
function runService(name: string): Promise<Ran> {
  const { command, entrypoint } = serviceOf(compose, name);
  const [program = '', ...args] = entrypoint ?? ['palisade', ...(command ?? [])];

  return run(
    program,
    args.map((path) => inRoot(serviceOf(compose, name), path)),
    environmentOf(name),
  );
}

function runPalisade(name: string, args: readonly string[]): Promise<Ran> {
  return run('palisade', args, environmentOf(name));
}

function healthcheck(...options: readonly string[]): Promise<Ran> {
  return runPalisade('pdp-1', ['healthcheck', ...options]);
}

/** A service's environment, with its volumes in our folder and without a collector. */
function environmentOf(name: string): Record<string, string> {
  const service = serviceOf(compose, name);
  const entries = Object.entries(service.environment ?? {}).filter(
    ([variable]) => !variable.startsWith('OTEL_'),
  );
  const environment = Object.fromEntries(entries.map(([key, value]) => [key, inRoot(service, value)]));

  return {
    ...environment,
    PATH: [join(root, 'bin'), join(process.execPath, '..'), process.env['PATH']].join(delimiter),
    ...(admin === '' || environment['PALISADE_ADMIN_URL'] === undefined ? {} : { PALISADE_ADMIN_URL: admin }),
  };
}

/** Where a path of a container is here. */
function inRoot(service: Service, path: string): string {
  const mount = mountsOf(service).find(({ target }) => path === target || path.startsWith(`${target}/`));
  if (mount === undefined) return path;
  const source = mount.source.startsWith('./') ? resolve(mount.source) : join(root, folderOf(mount.source));

  return `${source}${path.slice(mount.target.length)}`;
}

/** The folder that make-secrets writes to where the volume is mounted there. */
function folderOf(volume: string): string {
  const made = mountsOf(serviceOf(compose, 'make-secrets')).find(({ source }) => source === volume);

  return made === undefined ? volume : made.target.replace('/made/', '');
}

async function run(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);

  return { code, output: code === 0 ? stdout : stdout + stderr };
}

/** Of every file that make-secrets makes. */
async function contents(): Promise<Record<string, string>> {
  const { output } = await run('bash', ['-c', `cd '${root}' && sha256sum */*`]);
  const lines = output.trim().split('\n');

  return Object.fromEntries(
    lines.map((line) => {
      const [sum = '', path = ''] = line.split(/\s+/);

      return [path, sum];
    }),
  );
}
