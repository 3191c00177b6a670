import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sweepLimits } from '../../../services/store/limits/sweep.ts';
import { createPool } from '../../../services/store/pool.ts';
import { sendBundle, sent } from '../../pdp/limits/support.ts';
import { createDecisionClient, type Outcome } from '../../support/decision-client.ts';
import { grpcMessage } from '../../support/question.ts';
import type { ServerWorld } from '../../support/server.ts';
import { until } from '../support/stage.ts';
import { deployToAll, replace, type Three } from '../support/subject.ts';
import type { Replica } from '../support/three-replicas.ts';

const MAX = 400;
const CALLS = 1_000;
/** More than a busy machine takes for all calls: none of them is to end for want of time. */
const DEADLINE_MS = 60_000;

let pool: pg.Pool;

/** Limits hold over several processes, whichever of them is killed. */
export function tryLimits(three: () => Three): void {
  beforeAll(async () => {
    await deployToAll(three(), sendBundle(sent(MAX)));
    pool = createPool({ connection: three().world.database.servingUrl, max: 2 });
  });
  afterAll(() => pool.end());

  test('three processes and 1,000 calls at once allow exactly what there is, and the log agrees', {
    timeout: 120_000,
  }, async () => {
    const { world, replicas } = three();
    const outcomes = await askAtOnce(world, replicas, 'everybody', CALLS);

    expect(countOf(outcomes, 'permitted')).toBe(MAX);
    expect(countOf(outcomes, 'limit_exceeded')).toBe(CALLS - MAX);
    await until(async () => (await loggedAllows('everybody')) === MAX && (await pending()) === 0);
    expect(await used('everybody')).toBe(MAX);
  });

  test('a process that is killed among its calls uses up no more than it may have allowed, and nothing that is logged is lost', {
    timeout: 120_000,
  }, async () => {
    const { world, replicas } = three();
    const [, victim] = replicas;
    const asked = askAtOnce(world, [victim], 'killed', 300);
    await until(async () => (await used('killed')) > 0);
    await victim.server.kill();
    const outcomes = await asked;

    // What the killed process had on its disk comes into the log through the one that follows it there.
    await replace(three(), victim);
    await until(async () => {
      const swept = await sweepLimits(pool, 0);

      return swept !== undefined && (await used('killed')) === (await loggedAllows('killed')) + swept.unknown;
    });
    const logged = await loggedAllows('killed');
    const told = countOf(outcomes, 'permitted');

    expect(told).toBeLessThanOrEqual(logged);
    expect(await used('killed')).toBeGreaterThanOrEqual(logged);
    expect(await used('killed')).toBeLessThanOrEqual(300);
  });
}

async function askAtOnce(
  world: ServerWorld,
  replicas: readonly Replica[],
  sender: string,
  calls: number,
): Promise<readonly Outcome[]> {
  const clients = replicas.map(({ server }) =>
    createDecisionClient(server.addresses, world.runtimeToken, DEADLINE_MS),
  );
  const message = grpcMessage({
    principal: `Sender::"${sender}"`,
    action: 'Action::"send"',
    resource: 'Box::"b"',
    context: '{"n":1}',
  });
  const outcomes = await Promise.all(
    Array.from({ length: calls }, (_, at) => clients[at % clients.length]?.grpc(message)),
  );
  for (const client of clients) client.close();

  return outcomes.filter((outcome) => outcome !== undefined);
}

function countOf(outcomes: readonly Outcome[], code: string): number {
  return outcomes.filter((outcome) => outcome['reason_code'] === code).length;
}

async function numberOf(text: string, values: readonly unknown[]): Promise<number> {
  const { rows } = await pool.query<{ n: string }>(text, [...values]);

  return Number(rows[0]?.n ?? 0);
}

function used(sender: string): Promise<number> {
  return numberOf('select sum(used) as n from limit_counters where key like $1', [`%"${sender}"%`]);
}

function pending(): Promise<number> {
  return numberOf('select count(*) as n from limit_entries where not recorded', []);
}

function loggedAllows(sender: string): Promise<number> {
  return numberOf(`select count(*) as n from decisions where decision = 'allow' and principal_id = $1`, [
    sender,
  ]);
}
