import { chmod, copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPool } from '../../services/store/pool.ts';
import { deployVersion } from '../pdp/support/deploy.ts';
import { ask, withGrpc } from '../pdp/support/grpc.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { type ServerAddresses, serverEnvironment } from '../support/server.ts';
import { useWorld } from '../support/use-world.ts';
import type { Issued } from '../support/x509.ts';
import { makeCertificate } from './support/certificate.ts';
import { palisade, spawnPalisade } from './support/run.ts';

const world = useWorld((made) => Promise.resolve(made));
const QUESTION = {
  principal: { type: 'Agent', id: 'a' },
  action: { type: 'Action', id: 'read' },
  resource: { type: 'Doc', id: 'd' },
};

let folder: string;
let tls: Issued;
let other: Issued;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palisade-serve-'));
  [tls, other] = await Promise.all([makeCertificate(folder), makeCertificate(folder, 'other')]);
});
afterAll(() => rm(folder, { recursive: true }));

function environment(changes: Readonly<Record<string, string | undefined>> = {}) {
  const { database, home } = world();

  return { ...serverEnvironment(database, home), ...changes };
}

describe('serve does not start', () => {
  /** Expects that it ends at once and says why, in words and not in a stack. */
  async function refused(
    changes: Readonly<Record<string, string | undefined>>,
    code: number,
    why: RegExp,
    ...options: string[]
  ): Promise<void> {
    const ran = await palisade(['serve', ...options], environment(changes));

    expect(ran.stderr).toMatch(why);
    expect(ran.stderr).not.toMatch(/^ {4}at /m);
    expect(ran.stdout).not.toContain('palisade serves');
    expect(ran.code).toBe(code);
  }

  test('by a configuration with problems, and lists all of them', async () => {
    const { code, stderr } = await palisade(['serve', '--insecure'], {
      PALISADE_REST_ADDRESS: 'nowhere',
      PALISADE_ADMIN_ADDRES: '127.0.0.1:1',
      PALISADE_DATABASE_URL_FILE: join(folder, 'none'),
    });

    expect(code).toBe(2);
    expect(stderr).toContain('the configuration has');
    for (const name of ['REST_ADDRESS', 'ADMIN_ADDRES', 'DATABASE_URL', 'SPOOL_DIR', 'KEYRING_FILE']) {
      expect(stderr).toMatch(new RegExp(`^ {2}PALISADE_${name}`, 'm'));
    }
  });

  test('with administration beyond loopback and no TLS, --insecure or not', async () => {
    await refused(
      { PALISADE_ADMIN_ADDRESS: '0.0.0.0:0' },
      2,
      /PALISADE_ADMIN_ADDRESS is not loopback/,
      '--insecure',
    );
  });

  test('on a database that is not migrated', async () => {
    const empty = await createTestDatabase({ empty: true });
    try {
      await refused({ PALISADE_DATABASE_URL: empty.servingUrl }, 1, /run palisade migrate/);
    } finally {
      await empty.drop();
    }
  });

  test('without its database', async () => {
    await refused(
      { PALISADE_DATABASE_URL: 'postgres://x@127.0.0.1:1/x' },
      1,
      /database is not available, and nothing was kept on the disk to start from\n.*ECONNREFUSED/,
    );
  });

  test('without a keyring of its own', async () => {
    const shared = join(folder, 'shared.json');
    await copyFile(join(world().home, 'keyring.json'), shared);
    await chmod(shared, 0o640);

    await refused({ PALISADE_KEYRING_FILE: join(folder, 'none') }, 1, /the keyring .*none cannot be read/);
    await refused({ PALISADE_KEYRING_FILE: shared }, 1, /open to group or others: chmod 600/);
  });

  test('with TLS files that cannot be read or do not belong together', async () => {
    const with_ = (cert: string, key: string) => ({
      PALISADE_TLS_CERT_FILE: cert,
      PALISADE_TLS_KEY_FILE: key,
    });

    await refused(with_(tls.cert, join(folder, 'none')), 2, /PALISADE_TLS_KEY_FILE cannot be read: ENOENT/);
    await refused(with_(tls.cert, other.key), 2, /are no certificate and its key/);
  });

  test('where a port is taken', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const taken = `127.0.0.1:${(holder.address() as AddressInfo).port}`;
    try {
      await Promise.all(
        ['PALISADE_REST_ADDRESS', 'PALISADE_GRPC_ADDRESS', 'PALISADE_ADMIN_ADDRESS'].map((name) =>
          refused(
            { [name]: taken },
            2,
            new RegExp(`${name}: ${taken} cannot be listened on \\(.*EADDRINUSE`),
          ),
        ),
      );
    } finally {
      holder.close();
    }
  });
});

/** Starts `serve` on every interface, asks `body`, and stops it. */
async function serving(
  options: readonly string[],
  changes: Readonly<Record<string, string>>,
  body: (addresses: ServerAddresses) => Promise<void>,
): Promise<void> {
  const child = spawnPalisade(['serve', ...options], {
    ...environment({ PALISADE_REST_ADDRESS: '0.0.0.0:0', PALISADE_GRPC_ADDRESS: '0.0.0.0:0', ...changes }),
  });
  const output: string[] = [];
  try {
    const addresses = await new Promise<ServerAddresses>((resolve, reject) => {
      child.once('exit', () => reject(new Error(output.join('\n'))));
      createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => {
        output.push(line);
        if (line.includes('"palisade serves"')) resolve(JSON.parse(line.replaceAll('0.0.0.0', '127.0.0.1')));
      });
      child.stderr?.on('data', (chunk) => output.push(String(chunk)));
    });
    await body(addresses);
  } finally {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await exited;
  }
}

function post(
  address: string,
  ca: Buffer,
  headers: Readonly<Record<string, string>>,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `https://${address}/v1/authorize`,
      { method: 'POST', ca, agent: false, headers: { 'content-type': 'application/json', ...headers } },
      (response) => resolve(response.resume().statusCode),
    );
    sent.on('error', reject).end(JSON.stringify(QUESTION));
  });
}

describe('beyond loopback', () => {
  beforeAll(async () => {
    const pool = createPool({ connection: world().database.ownerUrl, max: 1 });
    await deployVersion(pool, '1.0.0').finally(() => pool.end());
  });

  test('decisions and administration go over TLS with a credential, and nothing goes without one', async () => {
    const ca = await readFile(tls.cert);
    const changes = {
      PALISADE_ADMIN_ADDRESS: '0.0.0.0:0',
      PALISADE_TLS_CERT_FILE: tls.cert,
      PALISADE_TLS_KEY_FILE: tls.key,
    };

    await serving([], changes, async ({ rest, grpc, admin }) => {
      const authorization = `Bearer ${world().runtimeToken}`;
      expect(await post(rest, ca, { authorization })).toBe(200);
      expect(await post(rest, ca, {})).toBe(401);
      await expect(fetch(`http://${rest}/openapi.json`)).rejects.toThrow();

      await withGrpc(
        grpc,
        async (client) => {
          expect(await ask(client, 'Authorize', QUESTION, authorization)).toBe('ALLOW');
          expect(await ask(client, 'Authorize', QUESTION)).toBe(`status ${status.UNAUTHENTICATED}`);
        },
        ca,
      );

      const env = { PALISADE_ADMIN_URL: `https://${admin}`, PALISADE_TOKEN: world().adminToken };
      const list = ['store', 'list'];
      expect(await palisade(list, { ...env, NODE_EXTRA_CA_CERTS: tls.cert })).toMatchObject({
        code: 0,
      });
      expect(await palisade(list, env)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
      });
    });
  });

  test('--insecure opens decisions, and still nobody is anonymous', async () => {
    await serving(['--insecure'], {}, async ({ rest, grpc }) => {
      const body = { method: 'POST', body: JSON.stringify(QUESTION) };
      const type = { 'content-type': 'application/json' };
      const authorization = `Bearer ${world().runtimeToken}`;

      expect((await fetch(`http://${rest}/v1/authorize`, { ...body, headers: type })).status).toBe(401);
      expect(
        (await fetch(`http://${rest}/v1/authorize`, { ...body, headers: { ...type, authorization } })).status,
      ).toBe(200);
      await withGrpc(grpc, async (client) => {
        expect(await ask(client, 'Authorize', QUESTION)).toBe(`status ${status.UNAUTHENTICATED}`);
      });
    });
  });
});
