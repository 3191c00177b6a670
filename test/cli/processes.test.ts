import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { createPool } from '../../services/store/pool.ts';
import { deployVersion } from '../pdp/support/deploy.ts';
import { createDecisionClient } from '../support/decision-client.ts';
import type { ServerAddresses, ServerProcess } from '../support/server.ts';
import { useWorld } from '../support/use-world.ts';
import { palisade } from './support/run.ts';

const world = useWorld((made) => Promise.resolve(made));
const QUESTION = JSON.stringify({
  principal: { type: 'Agent', id: 'a' },
  action: { type: 'Action', id: 'read' },
  resource: { type: 'Doc', id: 'd' },
});
const CONNECTIONS = 8;
const DEADLINE_MS = 20_000;

/** Two processes that share the addresses for decisions, both serving. */
async function serveTwice(): Promise<{ server: ServerProcess; addresses: readonly ServerAddresses[] }> {
  const server = await world().serve({ PALISADE_PROCESSES: '2' });
  await until(() => serving(server).length === 2);

  return { server, addresses: serving(server) };
}

function serving({ output }: ServerProcess): ServerAddresses[] {
  return output
    .filter((line) => line.includes('"palisade serves"'))
    .map((line) => JSON.parse(line) as ServerAddresses);
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

/** Makes a bundle the active one of all processes. */
async function deploy(version: string, addresses: readonly ServerAddresses[]): Promise<void> {
  const digest = await withPool((pool) => deployVersion(pool, version));
  const authorization = `Bearer ${world().adminToken}`;
  for (const { admin } of addresses) {
    await until(async () => {
      const answer = await fetch(`http://${admin}/v1/stores/default/deployment`, {
        headers: { authorization },
      });
      const { serving } = (await answer.json()) as { serving: { digest?: string } };

      return serving.digest === digest;
    });
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
  test('share the addresses for decisions, and each has an administration of its own', async () => {
    const { server, addresses } = await serveTwice();
    const [one, other] = addresses;
    if (one === undefined || other === undefined) throw new Error('two processes serve');
    expect({ rest: other.rest, grpc: other.grpc }).toEqual({ rest: one.rest, grpc: one.grpc });
    expect(other.admin).not.toBe(one.admin);
    await deploy('1.0.0', addresses);

    const ids = await askOnEach(one);
    const counts = await recordedBy(ids);

    // A connection goes to a process that has taken over its last one, so they need not get equally many.
    expect(counts.size).toBe(2);
    expect(await server.stop()).toBe(0);
  });

  test('go on when one of them is killed, which is replaced, and no record is lost', async () => {
    const { server, addresses } = await serveTwice();
    const [one] = addresses;
    if (one === undefined) throw new Error('a process serves');
    await deploy('2.0.0', addresses);
    const before = await askOnEach(one);
    const [victim] = childrenOf(server.child.pid);
    if (victim === undefined) throw new Error('there is a process to kill');
    process.kill(victim, 'SIGKILL');
    await until(() => !runs(victim));

    const amid = await askOnEach(one);
    await until(() => serving(server).length === 3);
    const after = await askOnEach(one);
    const ids = [...before, ...amid, ...after];

    expect(ids).not.toContain(undefined);
    expect(sum(await recordedBy(ids))).toBe(3 * CONNECTIONS);
    expect(server.output.filter((line) => line.includes('a process ended by itself'))).toHaveLength(1);
    expect(childrenOf(server.child.pid)).toHaveLength(2);
    expect(await server.stop()).toBe(0);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('all end when the first is ended by %s', async (signal) => {
    const { server } = await serveTwice();
    const children = childrenOf(server.child.pid);
    expect(children).toHaveLength(2);

    server.child.kill(signal);

    await until(() => !children.some(runs));
  });

  test('say once why they cannot start', async () => {
    const { database, home } = world();
    const ran = await palisade(['serve'], {
      PALISADE_DATABASE_URL: database.servingUrl,
      PALISADE_SPOOL_DIR: join(home, 'spool'),
      PALISADE_KEYRING_FILE: join(home, 'no-keyring.json'),
      PALISADE_PROCESSES: '3',
    });

    expect(ran.code).toBe(1);
    expect(ran.stderr.match(/^palisade: .*no-keyring\.json/gm)).toHaveLength(1);
    expect(ran.stdout).not.toContain('palisade serves');
  });
});
