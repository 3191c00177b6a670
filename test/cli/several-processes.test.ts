import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { createPool } from '../../services/store/pool.ts';
import { deployVersion } from '../pdp/support/deploy.ts';
import { createDecisionClient } from '../support/decision-client.ts';
import { type ServerAddresses, type ServerProcess, serverEnvironment } from '../support/server.ts';
import { useWorld } from '../support/use-world.ts';
import { palisade } from './support/run.ts';

const world = useWorld((made) => Promise.resolve(made));
let server: ServerProcess;
beforeAll(async () => {
  server = await serveTwice('1.0.0');
});
const QUESTION = JSON.stringify({
  principal: { type: 'Agent', id: 'a' },
  action: { type: 'Action', id: 'read' },
  resource: { type: 'Doc', id: 'd' },
});
const CONNECTIONS = 8;
const DEADLINE_MS = 20_000;

/** Two processes for decisions, and one that looks after them; ready, by a bundle of this version. */
async function serveTwice(version: string): Promise<ServerProcess> {
  const server = await world().serve({ PALISADE_PROCESSES: '2' });
  await withPool((pool) => deployVersion(pool, version));
  await ready(server);

  return server;
}

async function ready(server: ServerProcess): Promise<void> {
  await until(async () => (await health(server)).status === 'ready');
}

async function health({ addresses }: ServerProcess) {
  const answer = await fetch(`http://${addresses.admin}/readyz`);

  return (await answer.json()) as { readonly status: string; readonly reasons: readonly string[] };
}

/** One number of `/metrics`. */
async function metric({ addresses }: ServerProcess, sample: string): Promise<number> {
  const text = await (await fetch(`http://${addresses.admin}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${sample} `));

  return Number(line?.slice(sample.length));
}

/** Process ids of those that a process started, oldest first (proc(5), `children`). */
function childrenOf(pid: number | undefined): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();

  return list === '' ? [] : list.split(' ').map(Number);
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error('it does not come');
    await sleep(50);
  }
}

/** Asks once on each of several connections of its own. */
async function askOnEach(addresses: ServerAddresses): Promise<readonly unknown[]> {
  const clients = Array.from({ length: CONNECTIONS }, () =>
    createDecisionClient(addresses, world().runtimeToken),
  );
  try {
    return await Promise.all(clients.map(async (client) => (await client.rest(QUESTION))['decision_id']));
  } finally {
    for (const client of clients) client.close();
  }
}

async function withPool<T>(body: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const pool = createPool({ connection: world().database.ownerUrl, max: 1 });
  try {
    return await body(pool);
  } finally {
    await pool.end();
  }
}

/** How many of these decisions each process has recorded, once PostgreSQL has all. */
function recordedBy(ids: readonly unknown[]): Promise<Map<string, number>> {
  return withPool(async (pool) => {
    const counts = new Map<string, number>();
    await until(async () => {
      const { rows } = await pool.query<{ process_id: string; count: string }>(
        'select process_id, count(*) from decisions where decision_id = any($1::uuid[]) group by process_id',
        [ids],
      );
      for (const { process_id, count } of rows) counts.set(process_id, Number(count));

      return sum(counts) === ids.length;
    });

    return counts;
  });
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

describe('several processes', () => {
  test('decide on the same addresses, and have one administration that adds them up', async () => {
    const ids = await askOnEach(server.addresses);
    const counts = await recordedBy(ids);

    // A connection goes to a process that has taken over its last one, so they need not get equally many.
    expect(counts.size).toBe(2);
    expect(await metric(server, 'palisade_evaluation_duration_seconds_count')).toBe(CONNECTIONS);
    expect(await metric(server, 'palisade_ready')).toBe(1);
    expect(await metric(server, 'palisade_spool_capacity_bytes')).toBe(3 * 2 ** 30);
  });

  test('go on when one of them is killed, which is replaced, and no record is lost', async () => {
    const before = await askOnEach(server.addresses);
    const [victim] = childrenOf(server.child.pid);
    if (victim === undefined) throw new Error('there is a process to kill');
    process.kill(victim, 'SIGKILL');
    await until(() => !runs(victim));

    const amid = await askOnEach(server.addresses);
    await until(() => childrenOf(server.child.pid).length === 2);
    await ready(server);
    const after = await askOnEach(server.addresses);
    const ids = [...before, ...amid, ...after];

    expect(ids).not.toContain(undefined);
    expect(sum(await recordedBy(ids))).toBe(3 * CONNECTIONS);
    expect(server.output.filter((line) => line.includes('a process ended by itself'))).toHaveLength(1);
  });

  test('are not ready while one of them does not answer', async () => {
    const [, hung] = childrenOf(server.child.pid);
    if (hung === undefined) throw new Error('there is a process to stop');
    process.kill(hung, 'SIGSTOP');
    try {
      await until(async () => /^process [01] does not answer$/.test((await health(server)).reasons.join()));
      expect(await metric(server, 'palisade_spool_capacity_bytes')).toBe(2 * 2 ** 30);
    } finally {
      process.kill(hung, 'SIGCONT');
    }

    await ready(server);
  });

  test('say once why they cannot start', async () => {
    const { database, home } = world();
    const environment = { ...serverEnvironment(database, home), PALISADE_PROCESSES: '2' };
    const noKeyring = await palisade(['serve'], {
      ...environment,
      PALISADE_KEYRING_FILE: join(home, 'none.json'),
    });
    const noPort = await palisade(['serve'], {
      ...environment,
      PALISADE_ADMIN_ADDRESS: server.addresses.admin,
    });

    expect(noKeyring.code).toBe(1);
    expect(noKeyring.stderr.match(/^palisade: .*none\.json/gm)).toHaveLength(1);
    expect(noPort.code).toBe(2);
    expect(noPort.stderr.match(/PALISADE_ADMIN_ADDRESS/g)).toHaveLength(1);
  });

  test('end together at SIGTERM', async () => {
    const children = childrenOf(server.child.pid);

    expect(await server.stop()).toBe(0);
    expect(children.some(runs)).toBe(false);
  });

  test('all end when the one that looks after them is killed', async () => {
    const another = await serveTwice('2.0.0');
    const children = childrenOf(another.child.pid);
    expect(children).toHaveLength(2);

    await another.kill();

    await until(() => !children.some(runs));
  });
});
