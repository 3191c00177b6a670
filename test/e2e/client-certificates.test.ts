import { X509Certificate } from 'node:crypto';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { ProtoGrpcType } from '../../services/pdp/wire/generated/authorization.ts';
import { CONTRACT } from '../../services/pdp/wire/grpc/contract.ts';
import { createPool } from '../../services/store/pool.ts';
import { type Ran, usePalisade } from '../cli/support/run.ts';
import { deployVersion } from '../pdp/support/deploy.ts';
import { ask } from '../pdp/support/grpc.ts';
import type { ServerProcess } from '../support/server.ts';
import { useWorld } from '../support/use-world.ts';
import { type Issued, issue, writeIssued } from '../support/x509.ts';

const AGENT = 'URI:spiffe://example.org/agents/build';
const OPERATOR = 'URI:spiffe://example.org/people/olga';
const QUESTION = {
  principal: { type: 'Agent', id: 'a' },
  action: { type: 'Action', id: 'read' },
  resource: { type: 'Doc', id: 'd' },
};

const world = useWorld((made) => Promise.resolve(made));
const palisade = usePalisade();
const authority = issue({ subject: 'clients', authority: true });
const identity = issue({ names: ['IP:127.0.0.1', 'DNS:localhost'], authority: true });
const agent = issue({ names: [AGENT] }, authority);
let server: ServerProcess;
let files: { readonly server: Issued; readonly operator: Issued; readonly nobody: Issued };
/** What every command needs to reach the server at all, but for a certificate. */
let reach: Readonly<Record<string, string>>;

beforeAll(async () => {
  const { home, database } = world();
  const { cert: clientCa } = await writeIssued(home, 'clients', authority);
  files = {
    server: await writeIssued(home, 'server', identity),
    operator: await writeIssued(home, 'operator', issue({ names: [OPERATOR] }, authority)),
    nobody: await writeIssued(home, 'nobody', issue({ names: ['DNS:nobody.example'] }, authority)),
  };
  const pool = createPool({ connection: database.ownerUrl, max: 1 });
  await deployVersion(pool, '1.0.0').finally(() => pool.end());
  server = await world().serve({
    PALISADE_TLS_CERT_FILE: files.server.cert,
    PALISADE_TLS_KEY_FILE: files.server.key,
    PALISADE_TLS_CLIENT: 'required',
    PALISADE_TLS_CLIENT_CA_FILE: clientCa,
    PALISADE_PROCESSES: '2',
  });
  reach = { PALISADE_ADMIN_URL: `https://${server.addresses.admin}`, PALISADE_CA: files.server.cert };
});

const showing = ({ cert, key }: Issued) => ({ PALISADE_CLIENT_CERT: cert, PALISADE_CLIENT_KEY: key });
/** A token, over a connection whose certificate no credential is bound to. */
const asAdmin = () => ({ ...reach, ...showing(files.nobody), PALISADE_TOKEN: world().adminToken });

async function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ran> {
  return palisade(args, env);
}

async function create(...args: string[]): Promise<{ id: string; token?: string; certificate?: object }> {
  const { stdout, stderr, code } = await run(['token', 'create', ...args, '--json'], asAdmin());
  expect(stderr).toBe('');
  expect(code).toBe(0);

  return JSON.parse(stdout);
}

function overRest(
  address: string,
  path: string,
  shown: Issued | undefined,
  body?: string,
  keepAlive?: Agent,
) {
  const { hostname, port } = new URL(`https://${address}`);
  const options = { ca: identity.cert, agent: keepAlive ?? (false as const), ...shown };
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };

  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    request(
      { hostname, port, path, method: body === undefined ? 'GET' : 'POST', headers, ...options },
      (got) => {
        text(got).then((answer) => resolve({ status: got.statusCode ?? 0, body: answer }), reject);
      },
    )
      .on('error', reject)
      .end(body);
  });
}

async function overGrpc(shown: Issued): Promise<string> {
  const { palisade: contract } = loadPackageDefinition(CONTRACT) as unknown as ProtoGrpcType;
  const channel = credentials.createSsl(
    Buffer.from(identity.cert),
    Buffer.from(shown.key),
    Buffer.from(shown.cert),
  );
  const client = new contract.v1.AuthorizationService(server.addresses.grpc, channel, {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.ssl_target_name_override': 'localhost',
  });
  try {
    return await ask(client, 'Authorize', QUESTION);
  } finally {
    client.close();
  }
}

describe('a credential that a certificate proves', () => {
  test('is made by name, shown, proved on every port, and revoked within a second', async () => {
    const created = await create('build', '--certificate-san', AGENT);
    expect(created).toEqual({
      id: created.id,
      name: 'build',
      roles: ['runtime'],
      certificate: { san: AGENT },
    });

    await vi.waitFor(async () => expect(await overGrpc(agent)).toBe('ALLOW'), { timeout: 2_000 });
    const agentOf = new Agent({ keepAlive: true, maxSockets: 1, ca: identity.cert, ...agent });
    const decide = () =>
      overRest(server.addresses.rest, '/v1/authorize', agent, JSON.stringify(QUESTION), agentOf);
    await vi.waitFor(async () => expect(await decide()).toMatchObject({ status: 200 }), { timeout: 2_000 });
    expect(await overRest(server.addresses.admin, '/v1/credentials', agent)).toMatchObject({ status: 403 });

    const listed = await run(['token', 'list'], asAdmin());
    expect(listed.stdout).toMatch(new RegExp(`build +runtime +default +any +${AGENT} +default +good`));
    const again = await run(['token', 'create', 'twin', '--certificate-san', AGENT], asAdmin());
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${AGENT} is in use: revoke it first`),
    });

    expect(await run(['token', 'revoke', created.id], asAdmin())).toMatchObject({ code: 0 });
    await vi.waitFor(async () => expect(await decide()).toMatchObject({ status: 401 }), { timeout: 1_000 });
    agentOf.destroy();
    expect(await overGrpc(agent)).toBe('status 16');
    // The name is free again.
    expect(await create('build', '--certificate-san', AGENT)).toMatchObject({ certificate: { san: AGENT } });
  });

  test('is made from a file, for its key alone, and administers without a token', async () => {
    const made = await create(
      'olga',
      '--role',
      'auditor',
      'admin',
      '--store',
      '*',
      '--certificate',
      files.operator.cert,
    );
    expect(made).toMatchObject({
      certificate: { san: OPERATOR, public_key: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
    });

    const asOlga = { ...reach, ...showing(files.operator) };
    expect(await run(['token', 'list'], asOlga)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        new RegExp(`olga +auditor,admin +\\* +any +${OPERATOR} \\(one key\\) +default +good`),
      ),
    });
    const other = await writeIssued(world().home, 'other-key', issue({ names: [OPERATOR] }, authority));
    expect(await run(['token', 'list'], { ...reach, ...showing(other) })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('unauthenticated: this credential is unknown, revoked or expired'),
    });
    expect(await run(['token', 'list'], { ...asOlga, PALISADE_TOKEN: world().adminToken })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('are of two credentials: send one of them'),
    });
  });

  test.each([
    [{ san: 'DNS:*.example' }, 'certificate.san'],
    [{ san: 'spiffe://example.org/x' }, 'certificate.san'],
    [{ san: AGENT, public_key: 'sha256:00' }, 'certificate.public_key'],
    [{ public_key: `sha256:${'0'.repeat(64)}` }, 'certificate.san'],
  ])('is not made of %j', async (certificate, field) => {
    const body = JSON.stringify({ name: 'x', roles: ['runtime'], stores: ['default'], certificate });
    const answer = await overRest(
      server.addresses.admin,
      '/v1/credentials',
      await issued(files.operator),
      body,
    );

    expect(answer).toMatchObject({ status: 400 });
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'invalid_request', field });
  });
});

async function issued({ cert, key }: Issued): Promise<Issued> {
  return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
}

describe('a command says what is wrong, and what to do', () => {
  test.each([
    [
      'without a certificate',
      () => ({ ...reach, PALISADE_TOKEN: world().adminToken }),
      1,
      /lets in nobody without a certificate: set PALISADE_CLIENT_CERT/,
    ],
    [
      'with a certificate of another authority',
      async () => {
        const other = issue({ subject: 'clients', authority: true });

        return {
          ...reach,
          ...showing(await writeIssued(world().home, 'foreign', issue({ names: [AGENT] }, other))),
        };
      },
      1,
      /Did it refuse PALISADE_CLIENT_CERT\?/,
    ],
    [
      'with a certificate that no credential is bound to',
      () => ({ ...reach, ...showing(files.nobody) }),
      1,
      /no credential is bound to this client certificate/,
    ],
    [
      'without the authority of the server',
      () => ({ ...asAdmin(), PALISADE_CA: join(world().home, 'clients.crt') }),
      1,
      /Then set PALISADE_CA/,
    ],
    [
      'with a certificate and no key',
      () => ({ ...reach, PALISADE_CLIENT_CERT: files.nobody.cert }),
      2,
      /PALISADE_CLIENT_CERT and PALISADE_CLIENT_KEY go together/,
    ],
    [
      'with the key of another',
      () => ({ ...reach, ...showing({ cert: files.nobody.cert, key: files.operator.key }) }),
      2,
      /are no certificate and its key/,
    ],
    [
      'with a file that is not there',
      () => ({ ...reach, PALISADE_CA: join(world().home, 'none') }),
      2,
      /PALISADE_CA cannot be read: ENOENT/,
    ],
    [
      'with a certificate that nobody would see',
      () => ({ ...showing(files.nobody), PALISADE_ADMIN_URL: 'http://127.0.0.1:1' }),
      2,
      /PALISADE_CLIENT_CERT is of no use: PALISADE_ADMIN_URL does not begin with https/,
    ],
    [
      'with a key that others may read',
      async () => {
        const open = await writeIssued(world().home, 'open', await issued(files.nobody));
        await chmod(open.key, 0o644);

        return { ...reach, ...showing(open) };
      },
      2,
      /open\.key is open to group or others: chmod 600/,
    ],
  ])('%s', async (_what, environment, code, why) => {
    const ran = await run(['token', 'list'], await environment());

    expect(ran.stderr).toMatch(why);
    expect(ran.code).toBe(code);
  });

  test('and which certificate or name cannot prove a credential', async () => {
    const several = await writeIssued(world().home, 'several', issue({ names: [AGENT, 'DNS:a'] }));
    const none = await writeIssued(world().home, 'no-name', issue());
    for (const [args, why] of [
      [['--certificate', several.cert], /several names: choose one by --certificate-san/],
      [['--certificate', none.cert], /has no URI and no host name/],
      [['--certificate', several.key], /is no certificate in PEM/],
      [['--certificate', several.cert, '--certificate-san', OPERATOR], /does not have the name URI:/],
      [['--certificate-san', 'DNS:*.example'], /--certificate-san is URI:… or DNS:…/],
      [['--bootstrap', '--certificate-san', AGENT], /cannot be used with/],
    ] as const) {
      const ran = await run(['token', 'create', 'x', ...args], asAdmin());
      expect(ran.stderr).toMatch(why);
      expect(ran.code).toBe(2);
    }
  });
});

test('health is asked for with a certificate, which no credential needs to be bound to', async () => {
  const live = ['healthcheck', '--live'];

  expect(await run(live, { ...reach, ...showing(files.nobody) })).toMatchObject({
    code: 0,
    stdout: 'live\n',
  });
  expect(await run(live, reach)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('set PALISADE_CLIENT_CERT and PALISADE_CLIENT_KEY'),
  });
});

test('a certificate that is put in place is shown by every process, and its end is counted down to', async () => {
  const renewed = issue({ names: ['IP:127.0.0.1', 'DNS:localhost'], authority: true, key: identity.key });
  const { fingerprint256 } = new X509Certificate(renewed.cert);
  const remaining = async () => {
    const { body } = await overRest(server.addresses.admin, '/metrics', agent);

    return Number(/^palisade_tls_certificate_remaining_seconds (\S+)$/m.exec(body)?.[1]);
  };
  expect(await remaining()).toBeGreaterThan(23 * 3_600);
  expect(await remaining()).toBeLessThan(24 * 3_600);

  await writeFile(`${files.server.cert}.new`, renewed.cert);
  await rename(`${files.server.cert}.new`, files.server.cert);
  await vi.waitFor(
    async () => {
      for (const address of [server.addresses.rest, server.addresses.grpc, server.addresses.admin]) {
        // Connections go to the processes in turn.
        for (const _process of [0, 1, 2]) expect(await shownBy(address)).toBe(fingerprint256);
      }
    },
    { timeout: 10_000, interval: 200 },
  );
});

function shownBy(address: string): Promise<string> {
  const { hostname, port } = new URL(`https://${address}`);

  return new Promise((resolve, reject) => {
    const options = { host: hostname, port: Number(port), rejectUnauthorized: false, ...agent };
    const socket = connect({ ...options, ALPNProtocols: ['h2', 'http/1.1'] }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
