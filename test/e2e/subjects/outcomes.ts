import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPool } from '../../../services/store/pool.ts';
import { sendBundle } from '../../pdp/limits/support.ts';
import { question, SPENDING } from '../../pdp/outcomes/support.ts';
import { createDecisionClient, type Outcome } from '../../support/decision-client.ts';
import { createOutcomeClient } from '../../support/outcome-client.ts';
import { grpcMessage, type Question } from '../../support/question.ts';
import { until } from '../support/stage.ts';
import { deployToAll, replace, type Three } from '../support/subject.ts';
import type { Replica } from '../support/three-replicas.ts';

let three: () => Three;
let pool: pg.Pool;

/** Reports of outcomes, and calls under keys, count once over several processes. */
export function tryOutcomes(given: () => Three): void {
  beforeAll(async () => {
    three = given;
    await deployToAll(three(), sendBundle(SPENDING));
    pool = createPool({ connection: three().world.database.servingUrl, max: 2 });
  });
  afterAll(() => pool.end());

  test('one process decides, others take the report at the same moment, and what is given back is given back once', {
    timeout: 60_000,
  }, async () => {
    const { replicas } = three();
    const decided = await spend(replicas[0], 'once', 90);
    const reports = await Promise.all(
      Array.from({ length: 30 }, (_, at) =>
        report(replicas[at % 3], decided, '{"outcome":"success","cost":{"spent":40}}'),
      ),
    );

    for (const answer of reports) {
      expect(answer).toMatchObject({ limits: [{ name: 'spent', reserved: 90n, charged: 40n }] });
    }
    expect(await used('once')).toBe(40);
    await until(async () => (await loggedOutcomes('once')) > 0);
    expect(await loggedOutcomes('once')).toBe(1);
    expect(await spend(replicas[1], 'once', 61)).toMatchObject({ reason_code: 'limit_exceeded' });
    expect(await spend(replicas[2], 'once', 60)).toMatchObject({ decision: 'allow' });
  });

  test('of different reports at once the first one counts, and all others are a conflict', {
    timeout: 60_000,
  }, async () => {
    const { replicas } = three();
    const decided = await spend(replicas[0], 'different', 90);
    const costs = Array.from({ length: 30 }, (_, at) => at);
    const answers = await Promise.all(
      costs.map((cost) =>
        report(replicas[cost % 3], decided, `{"outcome":"success","cost":{"spent":${cost}}}`),
      ),
    );

    const won = costs.filter((cost) => answers[cost]?.['error'] === undefined);
    expect(won).toHaveLength(1);
    expect(answers.filter(({ error }) => error === 'conflict')).toHaveLength(29);
    expect(await used('different')).toBe(won[0]);
  });

  test('a process that is killed among reports gives nothing back twice, and what is in the log is settled', {
    timeout: 120_000,
  }, async () => {
    const { replicas } = three();
    const [other, victim] = replicas;
    const decided = await Promise.all(
      Array.from({ length: 60 }, (_, at) => spend(other, `killed-${at}`, 90)),
    );
    const cost = '{"outcome":"success","cost":{"spent":10}}';
    const first = decided.map((one) => report(victim, one, cost).catch(() => ({ error: 'connection' })));
    await until(async () => (await settledRows()) > 5);
    await victim.server.kill();
    await Promise.all(first);
    await replace(three(), victim);
    const again = await Promise.all(decided.map((one) => report(other, one, cost)));

    for (const answer of again) expect(answer).toMatchObject({ limits: [{ charged: 10n }] });
    expect(await used('killed-')).toBe(600);
    const { body } = await other.admin('GET', '/v1/log/verification');
    expect(body).toMatchObject({ problems: 0n });
    await until(async () => (await unrecorded()) === 0);
  });

  test('a call that is made at three processes at once under one key is decided once, and told again by each of them', {
    timeout: 60_000,
  }, async () => {
    const { replicas } = three();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, at) => spend(replicas[at % 3], 'keyed', 7, { idempotency_key: 'one' })),
    );
    const again = await Promise.all(
      replicas.map((replica) => spend(replica, 'keyed', 7, { idempotency_key: 'one' })),
    );

    const told = [...answers.filter(({ error }) => error === undefined), ...again];
    expect(new Set(told.map(({ decision_id }) => decision_id)).size).toBe(1);
    expect(told.filter(({ replayed }) => replayed === false)).toHaveLength(1);
    expect(again.map(({ replayed }) => replayed)).toEqual([true, true, true]);
    const others = answers.filter(({ error }) => error !== undefined);
    expect(others.filter(({ error }) => error !== 'unavailable')).toEqual([]);
    expect(await used('keyed')).toBe(7);
    await until(async () => (await loggedDecisions('keyed')) > 0);
    expect(await loggedDecisions('keyed')).toBe(1);
  });

  test('a process that is killed among calls under keys makes none of them twice', {
    timeout: 120_000,
  }, async () => {
    const { replicas } = three();
    const [other, , victim] = replicas;
    const keys = Array.from({ length: 60 }, (_, at) => ({ idempotency_key: `killed-${at}` }));
    const first = keys.map((key) => spend(victim, `dying-${key.idempotency_key}`, 5, key));
    await until(async () => (await used('dying-')) > 0);
    await victim.server.kill();
    const before = await Promise.all(first);
    await replace(three(), victim);
    const again = await Promise.all(keys.map((key) => spend(other, `dying-${key.idempotency_key}`, 5, key)));

    again.forEach((answer, at) => {
      if (answer['error'] === undefined) expect(answer).toMatchObject({ decision: 'allow' });
      // What was claimed by the process that died stays claimed, for it may have been told.
      else expect(answer).toMatchObject({ error: 'unavailable', field: 'idempotency_key' });
      const told = before[at];
      if (told?.['decision'] === 'allow' && answer['decision'] === 'allow')
        expect(answer).toMatchObject({ decision_id: told['decision_id'], replayed: true });
    });
    expect(await mostUsed('dying-')).toBe(5);
  });
}

async function spend(
  replica: Replica | undefined,
  sender: string,
  n: number,
  members: Question['members'] = {},
): Promise<Outcome> {
  const client = createDecisionClient(addressesOf(replica), three().world.runtimeToken, 30_000);
  try {
    return await client.grpc(grpcMessage({ ...question(n, sender), members }));
  } finally {
    client.close();
  }
}

async function report(replica: Replica | undefined, decided: Outcome, body: string): Promise<Outcome> {
  const client = createOutcomeClient(addressesOf(replica), three().world.runtimeToken);
  try {
    return await client.rest(decided['decision_id'], body);
  } finally {
    client.close();
  }
}

function addressesOf(replica: Replica | undefined) {
  if (replica === undefined) throw new Error('there are three replicas');

  return replica.server.addresses;
}

async function numberOf(text: string, values: readonly unknown[] = []): Promise<number> {
  const { rows } = await pool.query<{ n: string }>(text, [...values]);

  return Number(rows[0]?.n ?? 0);
}

function used(sender: string): Promise<number> {
  return numberOf(`select sum(used) as n from limit_counters where name = 'spent' and key like $1`, [
    `%"${sender}%`,
  ]);
}

/** The most that any one sender has used. */
function mostUsed(sender: string): Promise<number> {
  return numberOf(`select max(used) as n from limit_counters where name = 'spent' and key like $1`, [
    `%"${sender}%`,
  ]);
}

function loggedDecisions(sender: string): Promise<number> {
  return numberOf(`select count(*) as n from decisions where kind = 'decision' and principal_id = $1`, [
    sender,
  ]);
}

function loggedOutcomes(sender: string): Promise<number> {
  return numberOf(`select count(*) as n from decisions where kind = 'outcome' and principal_id = $1`, [
    sender,
  ]);
}

function settledRows(): Promise<number> {
  return numberOf('select count(*) as n from outcomes where settled is not null');
}

/** Settled reports whose record is not in the log. */
function unrecorded(): Promise<number> {
  return numberOf(
    `select count(*) as n from outcomes o where settled is not null
        and not exists (select from decisions d where d.decision_id = o.record_id and d.kind = 'outcome')`,
  );
}
