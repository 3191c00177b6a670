import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { EmbeddedConnection } from '../../../services/store/embedded/database.ts';
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '../../../services/store/embedded/embedded-postgres.ts';
import { isAlive } from '../../../services/store/embedded/liveness.ts';
import { findServer, stopServer } from '../../../services/store/embedded/postmaster.ts';
import { makeFastFolder } from '../../support/fast-folder.ts';

const HOLDER = new URL('./holder.ts', import.meta.url).pathname;

let prepared: string;
let made: string;
let folder: string;
let dataDir: string;
const holders: ChildProcess[] = [];

beforeAll(async () => {
  prepared = await makeFastFolder('palisade-prepared-');
  const server = await startEmbeddedPostgres({ dataDir: path.join(prepared, 'postgres'), disposable: true });
  await server.stop();
});

afterAll(() => rm(prepared, { recursive: true }));

beforeEach(async () => {
  made = await makeFastFolder('palisade-embedded-');
  folder = path.join(made, 'own');
  await mkdir(folder);
  dataDir = path.join(folder, 'postgres');
});

afterEach(async () => {
  for (const holder of holders.splice(0)) holder.kill('SIGKILL');
  await stopServer(dataDir);
  await rm(made, { recursive: true });
});

/** A folder that was started and stopped before, for tests of what comes after the first start. */
function haveCluster(): Promise<void> {
  return cp(path.join(prepared, 'postgres'), dataDir, { recursive: true });
}

async function withServer(
  body: (server: EmbeddedPostgres) => Promise<void>,
  options: Partial<EmbeddedPostgresOptions> = {},
): Promise<void> {
  const server = await startEmbeddedPostgres({ dataDir, disposable: true, ...options });
  try {
    await body(server);
  } finally {
    await server.stop();
  }
}

/** Another Palisade with a server of its own in the data folder. */
async function startHolder(): Promise<{ holder: ChildProcess; pid: number; reused: boolean }> {
  const holder = spawn(process.execPath, [HOLDER, dataDir], { stdio: ['ignore', 'pipe', 'ignore'] });
  holders.push(holder);
  const [line = ''] = await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit').then(() => [])]);

  return { holder, ...JSON.parse(String(line)) };
}

async function ask(connection: EmbeddedConnection, statement: string): Promise<unknown> {
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: 3_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query(statement);
    return rows[0]?.answer;
  } finally {
    await client.end();
  }
}

describe('startEmbeddedPostgres', () => {
  test('serves an owner and a serving role through a private socket, and nobody else', async () => {
    await withServer(async ({ owner, serving, pid }) => {
      expect(await ask(owner, 'select rolsuper as answer from pg_roles where rolname = current_user')).toBe(
        true,
      );
      expect(
        await ask(
          serving,
          `select not rolsuper and pg_has_role('palisade_serving', 'member') as answer
          from pg_roles where rolname = current_user`,
        ),
      ).toBe(true);
      expect(await ask(owner, `select current_setting('listen_addresses') as answer`)).toBe('');
      expect(await ask(owner, `select current_setting('data_directory') as answer`)).toBe(dataDir);
      expect((await stat(owner.host)).mode & 0o077).toBe(0);
      expect((await stat(path.join(owner.host, '.s.PGSQL.5432'))).mode & 0o077).toBe(0);
      expect((await stat(`${dataDir}.log`)).mode & 0o077).toBe(0);
      expect(isAlive(pid)).toBe(true);
    });

    expect(await findServer(dataDir)).toBeUndefined();
    expect(await readdir(folder)).toEqual(['postgres', 'postgres.log']);
  });

  test('forces real data to the disk', async () => {
    await haveCluster();
    await withServer(
      async ({ owner }) => {
        expect(
          await ask(
            owner,
            `select concat_ws(' ', current_setting('fsync'), current_setting('synchronous_commit'),
            current_setting('full_page_writes')) as answer`,
          ),
        ).toBe('on on on');
      },
      { disposable: false },
    );
  });

  test('finds its data again at the next start', async () => {
    await withServer(async ({ owner }) => {
      await ask(owner, 'create table kept as select 7 as n');
    });
    await withServer(async ({ owner, reused }) => {
      expect(await ask(owner, 'select n as answer from kept')).toBe(7);
      expect(reused).toBe(false);
    });
  });

  test.each([
    ['holds quotes, commas and spaces', `a "b", c'd`],
    ['is longer than a socket path may be', 'x'.repeat(120)],
  ])('works in a folder whose name %s', async (_, name) => {
    dataDir = path.join(folder, name, 'postgres');
    await withServer(async ({ owner }) => {
      expect(await ask(owner, 'select 1 as answer')).toBe(1);
      if (owner.host !== dataDir) await rm(owner.host, { recursive: true });
    });
  });

  test('refuses a short socket folder that others may enter', async () => {
    dataDir = path.join(folder, 'x'.repeat(120), 'postgres');
    await haveCluster();
    let socketDir = '';
    await withServer(async ({ owner }) => {
      socketDir = owner.host;
    });
    await chmod(socketDir, 0o755);

    await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(socketDir),
    });
    await rm(socketDir, { recursive: true });
  });

  test('adopts the server that a killed Palisade left running', async () => {
    await haveCluster();
    const { holder, pid } = await startHolder();
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(await findServer(dataDir)).toBe(pid);

    await withServer(async (server) => {
      expect(server).toMatchObject({ pid, reused: true });
    });

    expect(isAlive(pid) && (await findServer(dataDir)) === pid).toBe(false);
  });

  test('leaves the server of a running Palisade alone', async () => {
    await haveCluster();
    const { holder, pid } = await startHolder();

    await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('another Palisade'),
    });
    expect(await findServer(dataDir)).toBe(pid);

    holder.kill('SIGTERM');
    expect(await once(holder, 'exit')).toEqual([0, null]);
    expect(await findServer(dataDir)).toBeUndefined();
  });

  test('gives the folder to one of several that start at once', async () => {
    const started = await Promise.allSettled([startHolder(), startHolder(), startHolder()]);

    expect(started.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect((await readdir(folder)).filter((name) => name.includes('init'))).toEqual([]);
  });

  test('starts after its server was killed, with what it had committed', async () => {
    await haveCluster();
    const { holder, pid } = await startHolder();
    process.kill(pid, 'SIGKILL');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await expect.poll(() => isAlive(pid)).toBe(false);

    await withServer(async ({ owner, reused }) => {
      expect(await ask(owner, 'select 1 as answer')).toBe(1);
      expect(reused).toBe(false);
    });
  });

  test.each([
    ['the server', (pid: number) => pid],
    [
      'a process of the server',
      async (_: number, owner: EmbeddedConnection) =>
        Number(
          await ask(owner, `select pid as answer from pg_stat_activity where backend_type = 'checkpointer'`),
        ),
    ],
  ])('comes back while it runs when %s is killed', async (_, victim) => {
    await haveCluster();
    const incidents: string[] = [];
    await withServer(
      async ({ owner, pid }) => {
        await ask(owner, 'create table kept as select 7 as n');
        process.kill(await victim(pid, owner), 'SIGKILL');

        await expect.poll(() => incidents.length, { timeout: 10_000 }).toBeGreaterThan(0);
        await expect
          .poll(() => ask(owner, 'select n as answer from kept').catch(() => undefined), { timeout: 20_000 })
          .toBe(7);
      },
      { onIncident: (message) => incidents.push(message) },
    );

    expect(await findServer(dataDir)).toBeUndefined();
  });

  test('stops a live server that no longer has a socket, and starts another', async () => {
    await haveCluster();
    const { holder, pid } = await startHolder();
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await rm(path.join(dataDir, '.s.PGSQL.5432'));

    await withServer(async (server) => {
      expect(server.reused).toBe(false);
      expect(server.pid).not.toBe(pid);
    });
  });

  test('is not misled by lock files whose process id is now somebody else', async () => {
    await haveCluster();
    await withServer(async () => {});
    await writeFile(
      path.join(dataDir, 'postmaster.pid'),
      `${process.ppid}\n${dataDir}\n1\n5432\n${dataDir}\n\n`,
      {
        mode: 0o600,
      },
    );
    await writeFile(path.join(dataDir, '.s.PGSQL.5432.lock'), `${process.ppid}\n`, { mode: 0o600 });

    await withServer(async ({ owner }) => {
      expect(await ask(owner, 'select 1 as answer')).toBe(1);
    });
  });

  test('removes what an interrupted first start left behind', async () => {
    const abandoned = `${dataDir}.init-${2 ** 22 + 1}`;
    await mkdir(path.join(abandoned, 'base'), { recursive: true });

    await withServer(async () => {});

    expect(await readdir(folder)).toEqual(['postgres', 'postgres.log']);
  });

  test('refuses a folder that holds something else', async () => {
    await mkdir(dataDir);
    await writeFile(path.join(dataDir, 'thesis.txt'), 'mine');

    await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('neither empty nor a database folder'),
    });
    expect(await readFile(path.join(dataDir, 'thesis.txt'), 'utf8')).toBe('mine');
  });

  test('says that it cannot make its folder', async () => {
    await writeFile(path.join(folder, 'file'), '');

    await expect(
      startEmbeddedPostgres({ dataDir: path.join(folder, 'file', 'postgres') }),
    ).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('cannot make the database folder'),
    });
  });

  test('refuses the data of another PostgreSQL version', async () => {
    await mkdir(dataDir);
    await writeFile(path.join(dataDir, 'PG_VERSION'), '16\n');

    await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
      message: expect.stringContaining('written by PostgreSQL 16'),
    });
  });

  test('ends a start that is called off, and leaves nothing running', async () => {
    const calledOff = new AbortController();
    const start = startEmbeddedPostgres({ dataDir, disposable: true, signal: calledOff.signal });
    calledOff.abort(new Error('called off'));

    await expect(start).rejects.toThrow('called off');
    expect(await findServer(dataDir)).toBeUndefined();
  });
});
