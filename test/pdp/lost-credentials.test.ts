import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { writeArchive } from '../../services/bundles/archive.ts';
import { bundleDigest } from '../../services/bundles/digest.ts';
import type { Role } from '../../services/store/credentials.ts';
import { createPool, query } from '../../services/store/pool.ts';
import { uniqueName } from '../support/shared-store.ts';
import { useWorld } from '../support/use-world.ts';
import { bundleFiles } from './support/bundle.ts';
import { prepareAccess } from './support/credentials.ts';
import { type HttpAnswer, send } from './support/http.ts';

const access = useWorld((world) => prepareAccess(world));
const LOST = { status: 401, code: 'unauthenticated' };

/** Makes a credential of all stores, and waits until the server knows it. */
async function person(
  roles: readonly Role[],
  changes: { name?: string; expiresAt?: Date } = {},
): Promise<string> {
  const { world } = access();
  const token = await world.credential({ name: uniqueName('person'), roles, stores: ['*'], ...changes });
  await expect.poll(async () => (await ask(token, 'GET', '/v1/stores')).status).toBe(200);

  return token;
}

function ask(token: string, method: string, path: string, body?: unknown): Promise<HttpAnswer> {
  return send(access().server.addresses.admin, {
    method,
    path,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function revoke(token: string): Promise<void> {
  const { status } = await ask(access().world.adminToken, 'DELETE', `/v1/credentials/${token.slice(4, 20)}`);
  if (status !== 200) throw new Error(`not revoked: ${status}`);
}

/** Sends the first half of a body, then the rest once `meanwhile` is over. */
async function slowly(
  token: string,
  path: string,
  [type, body]: readonly [string, Uint8Array],
  meanwhile: () => Promise<unknown>,
): Promise<{ status: number; code: unknown }> {
  const { hostname, port } = new URL(`http://${access().server.addresses.admin}`);
  const sent = request({
    ...{ hostname, port, path, method: 'POST', agent: false },
    headers: { authorization: `Bearer ${token}`, 'content-type': type, 'content-length': body.length },
  });
  const answered = once(sent, 'response');
  const half = body.length >> 1;
  await new Promise((resolve) => sent.write(body.subarray(0, half), resolve));
  // Until the call has been let in.
  await sleep(100);
  await meanwhile();
  sent.end(body.subarray(half));
  const [response] = await answered;
  const { code } = JSON.parse(await text(response)) as { code: unknown };

  return { status: response.statusCode, code };
}

const archiveOf = (version: string) => ['application/gzip', writeArchive(bundleFiles(version))] as const;

describe('a credential that is lost while its call goes on', () => {
  test('pushes no bundle whose upload it had begun', async () => {
    const author = await person(['author']);
    const lost = await slowly(author, '/v1/bundles', archiveOf('9.0.0'), () => revoke(author));

    expect(lost).toEqual(LOST);
    const digest = bundleDigest(bundleFiles('9.0.0'));
    expect((await ask(access().world.adminToken, 'GET', `/v1/bundles/${digest}`)).status).toBe(404);
  });

  test('pushes none once it has expired either', async () => {
    const expiresAt = new Date(Date.now() + 3_000);
    const author = await person(['author'], { expiresAt });
    const lost = await slowly(author, '/v1/bundles', archiveOf('9.1.0'), () =>
      sleep(expiresAt.getTime() - Date.now() + 50),
    );

    expect(lost).toEqual(LOST);
  });

  test('makes no other credential', async () => {
    const admin = await person(['admin']);
    const name = uniqueName('late');
    const wanted = { name, roles: ['runtime'], stores: ['default'] };
    const body = ['application/json', Buffer.from(JSON.stringify(wanted))] as const;

    expect(await slowly(admin, '/v1/credentials', body, () => revoke(admin))).toEqual(LOST);
    expect((await ask(access().world.adminToken, 'GET', '/v1/credentials')).text).not.toContain(name);
  });

  test('gets no candidate replayed', async () => {
    const author = await person(['author']);
    const path = '/v1/stores/default/replay';

    expect(await slowly(author, path, archiveOf('9.2.0'), () => revoke(author))).toEqual(LOST);
  });

  test('is told nothing more of a replay, or of a verification of the log, that runs', async () => {
    const pool = createPool({ connection: access().world.database.ownerUrl, max: 1 });
    const client = await pool.connect();
    try {
      const auditor = await person(['auditor']);
      // Nobody reads the log until this transaction ends, so both go on for as long as it takes.
      await query(client, 'begin');
      await query(client, 'lock table decisions in access exclusive mode');
      const replaying = ask(auditor, 'POST', '/v1/stores/default/replay/verification');
      const verifying = ask(auditor, 'GET', '/v1/log/verification');
      await sleep(200);
      await revoke(auditor);
      await expect.poll(async () => (await ask(auditor, 'GET', '/v1/stores')).status).toBe(401);

      expect(JSON.parse((await replaying).text.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
        error: { code: 'unauthenticated' },
      });
      await query(client, 'rollback');
      expect((await verifying).status).toBe(401);
    } finally {
      await query(client, 'rollback');
      client.release();
      await pool.end();
    }
  });
});

describe('where two persons change a store', () => {
  const proposed = async (): Promise<{ operator: string; path: string }> => {
    const admin = access().world.adminToken;
    await ask(admin, 'PUT', '/v1/stores/other/two-person', { enabled: true });
    const operator = await person(['operator', 'reviewer']);
    const digest = bundleDigest(bundleFiles('1.0.0'));
    const { json } = await ask(operator, 'PUT', '/v1/stores/other/deployment', { digest });
    const { proposal } = json as { proposal: { id: string } };

    return { operator, path: `/v1/proposals/${proposal.id}` };
  };
  const isOpen = async (path: string) =>
    (await ask(access().world.adminToken, 'GET', '/v1/proposals')).text.includes(path.split('/')[3] ?? '-');

  test('whoever proposed does not approve, with whatever roles', async () => {
    const { operator, path } = await proposed();

    expect(await ask(operator, 'POST', `${path}/approve`)).toMatchObject({
      status: 403,
      json: { code: 'permission_denied' },
    });
    expect(await isOpen(path)).toBe(true);
  });

  test('nor does one whose credential was revoked since, on any process', async () => {
    const { path } = await proposed();
    const reviewer = await person(['reviewer']);
    const pool = createPool({ connection: access().world.database.ownerUrl, max: 1 });
    try {
      // As another process does, and without telling: this one believes in the credential until its next poll.
      await query(pool, 'update credentials set revoked_at = now() where id = $1', [reviewer.slice(4, 20)]);
    } finally {
      await pool.end();
    }

    expect((await ask(reviewer, 'POST', `${path}/approve`)).status).toBe(401);
    expect(await isOpen(path)).toBe(true);
  });

  test('nor does one who has the same name, and the role no more', async () => {
    const { path } = await proposed();
    const name = uniqueName('rita');
    const before = await person(['reviewer'], { name });
    await revoke(before);
    const after = await person(['author', 'operator'], { name });

    expect((await ask(before, 'POST', `${path}/approve`)).status).toBe(401);
    expect((await ask(after, 'POST', `${path}/approve`)).status).toBe(403);
    expect(await isOpen(path)).toBe(true);
  });

  test('another who reviews does, even after the proposer has gone', async () => {
    const { operator, path } = await proposed();
    await revoke(operator);
    const reviewer = await person(['reviewer']);

    expect(await ask(reviewer, 'POST', `${path}/approve`)).toMatchObject({
      status: 200,
      json: { deployment: { approved_by: expect.stringMatching(/^person-/) } },
    });
    expect(await isOpen(path)).toBe(false);
  });
});
