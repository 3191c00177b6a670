import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPool } from '../../../services/store/pool.ts';
import { idOf } from '../../pdp/approvals/desk-world.ts';
import { payBundle } from '../../pdp/approvals/support.ts';
import { withGrpc } from '../../pdp/support/grpc.ts';
import { createDecisionClient, type Outcome } from '../../support/decision-client.ts';
import { grpcMessage } from '../../support/question.ts';
import { administer } from '../../support/shared-store.ts';
import { until } from '../support/stage.ts';
import { deployToAll, replace, type Three } from '../support/subject.ts';

const PEOPLE = ['fay', 'gil', 'bob'] as const;
/** More than a busy machine takes: none of them is to end for want of time. */
const DEADLINE_MS = 60_000;

/** What asks two people, and a limit beside it. */
function askingBundle() {
  const asking =
    '@id("two-of-finance") @approval("Group::\\"finance\\"") @approval_count("2") forbid (principal, action == Action::"pay", resource) when { context.input.amount > 100 } unless { context.pdp has approval };';
  const limits = `limits: [{ name: paid, actions: ['Action::"pay"'], key: [principal], window: 1h, max: 10000, cost: input.amount }]\n`;

  return payBundle({ asking, manifest: (text) => `${text}${limits}` });
}

let three: () => Three;
let pool: pg.Pool;
const tokens = new Map<string, string>();

/** Whether every process knows these credentials by now. */
async function allKnow(known: Iterable<string>): Promise<boolean> {
  const asked = [...known].flatMap((token) =>
    three().replicas.map(({ server }) =>
      fetch(`http://${server.addresses.admin}/v1/approvals`, {
        headers: { authorization: `Bearer ${token}` },
      }),
    ),
  );

  return (await Promise.all(asked)).every(({ status }) => status === 200);
}

/** Approvals are asked for, answered and used up over several processes. */
export function tryApprovals(given: () => Three): void {
  beforeAll(async () => {
    three = given;
    const { world } = three();
    for (const who of PEOPLE) {
      const principals = [{ type: 'User', ids: [who] }];
      tokens.set(who, await world.credential({ name: who, roles: ['approver'], principals }));
    }
    await deployToAll(three(), askingBundle());
    await until(() => allKnow(tokens.values()));
    pool = createPool({ connection: world.database.servingUrl, max: 2 });
  });
  afterAll(() => pool.end());

  test('three processes ask one question, hear two people, and allow the request once', {
    timeout: 120_000,
  }, async () => {
    const asked = await Promise.all(Array.from({ length: 9 }, (_, at) => pay(at, 'rent')));
    const id = idOf(asked[0] ?? {});
    expect(new Set(asked.map(idOf))).toEqual(new Set([id]));
    await inTheLog(id);

    const waits = [0, 1, 2].map((at) => waitFor(at, id));
    expect(await answer(0, 'fay', id, 'approve')).toMatchObject({
      body: { approval: { status: 'pending' } },
    });
    expect(codes(await Promise.all([0, 1, 2].map((at) => pay(at, 'rent', id))))).toEqual(
      Array(3).fill('approval_invalid'),
    );
    expect(await answer(1, 'gil', id, 'approve')).toMatchObject({
      body: { approval: { status: 'approved' } },
    });
    expect(await Promise.all(waits)).toEqual(Array(3).fill('approved'));

    const used = codes(await Promise.all(Array.from({ length: 30 }, (_, at) => pay(at, 'rent', id))));
    expect(used.filter((code) => code === 'permitted')).toHaveLength(1);
    expect(used.filter((code) => code === 'approval_invalid')).toHaveLength(29);
    const { rows } = await pool.query("select sum(used) as used from limit_counters where name = 'paid'");
    expect(rows).toEqual([{ used: '400' }]);
    await until(async () => {
      const { rows: recorded } = await pool.query('select recorded from approvals where approval_id = $1', [
        id,
      ]);

      return (recorded[0] as { recorded: boolean }).recorded;
    });
  });

  test('people who answer at the same time at other processes come to one end', {
    timeout: 120_000,
  }, async () => {
    const id = idOf(await pay(0, 'raced'));
    await inTheLog(id);
    const answers = await Promise.all([
      answer(0, 'fay', id, 'approve'),
      answer(1, 'gil', id, 'deny'),
      answer(2, 'bob', id, 'approve'),
    ]);

    const { rows } = await pool.query('select status from approvals where approval_id = $1', [id]);
    const { status } = rows[0] as { status: string };
    const denied = answers[1]?.status === 200;
    expect(status).toBe(denied ? 'denied' : 'approved');
    expect(codes([await pay(1, 'raced', id)])).toEqual([denied ? 'approval_invalid' : 'permitted']);
  });

  test('nothing is shown, and nobody answers, where the row of a question names another decision than the one that asked', {
    timeout: 120_000,
  }, async () => {
    const [id, other] = [idOf(await pay(0, 'swapped')), idOf(await pay(0, 'harmless'))];
    await inTheLog(other);
    const owner = createPool({ connection: three().world.database.ownerUrl, max: 1 });
    await owner.query(
      'update approvals set decision_id = (select decision_id from approvals where approval_id = $2) where approval_id = $1',
      [id, other],
    );
    await owner.end();

    expect(await answer(0, 'fay', id, 'approve')).toMatchObject({ status: 500 });
  });

  test('a process that is killed after it has consumed leaves no second use of the approval', {
    timeout: 120_000,
  }, async () => {
    const { replicas } = three();
    const id = idOf(await pay(0, 'killed'));
    await inTheLog(id);
    await answer(1, 'fay', id, 'approve');
    await answer(2, 'gil', id, 'approve');
    const victim = replicas[2];
    if (victim === undefined) throw new Error('no replica');
    const calls = Array.from({ length: 10 }, () => pay(2, 'killed', id));
    await until(async () => {
      const { rows } = await pool.query(
        "select status from approvals where approval_id = $1 and status = 'consumed'",
        [id],
      );

      return rows.length === 1;
    });
    await victim.server.kill();
    const told = codes(await Promise.all(calls));
    await replace(three(), victim);

    expect(told.filter((code) => code === 'permitted').length).toBeLessThanOrEqual(1);
    expect(codes(await Promise.all([0, 1, 2].map((at) => pay(at, 'killed', id))))).toEqual(
      Array(3).fill('approval_invalid'),
    );
  });

  test('a process that ends answers those who wait and ends what they watch', {
    timeout: 120_000,
  }, async () => {
    const { replicas } = three();
    const leaving = replicas[0];
    if (leaving === undefined) throw new Error('no replica');
    const id = idOf(await pay(1, 'left'));
    const waiting = waitFor(0, id);
    const { body: lines } = await fetch(
      `http://${leaving.server.addresses.admin}/v1/approvals/watch?for_ms=60000`,
      { headers: { authorization: `Bearer ${tokens.get('fay')}` } },
    );
    const watched = (async () => {
      let text = '';
      for await (const chunk of lines ?? []) text += Buffer.from(chunk).toString();

      return text;
    })();
    await until(async () => (await leaving.admin('GET', '/v1/approvals')).status === 200);
    const begun = performance.now();

    expect(await leaving.server.stop()).toBe(0);
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(await waiting).toBe('pending');
    expect(await watched).toContain(id);
    await replace(three(), leaving);
  });
}

/** Asks the replica with this number for a payment of 400. */
async function pay(at: number, note: string, approval_id?: string): Promise<Outcome> {
  const { world, replicas } = three();
  const replica = replicas[at % replicas.length];
  if (replica === undefined) throw new Error('no replica');
  const client = createDecisionClient(replica.server.addresses, world.runtimeToken, DEADLINE_MS);
  const outcome = await client.grpc(
    grpcMessage({
      principal: 'Bot::"bot"',
      action: 'Action::"pay"',
      resource: 'Account::"a"',
      context: JSON.stringify({ input: { amount: 400, note } }),
      members: approval_id === undefined ? {} : { approval_id },
    }),
  );
  client.close();

  return outcome;
}

async function answer(at: number, who: string, id: string, what: 'approve' | 'deny') {
  const { replicas } = three();
  const addresses = replicas[at % replicas.length]?.server.addresses ?? { admin: '' };

  return administer(
    { addresses, adminToken: tokens.get(who) ?? '' },
    'POST',
    `/v1/approvals/${id}/${what}`,
    {},
  );
}

/** Waits over gRPC at the replica with this number. */
function waitFor(at: number, id: string): Promise<string> {
  const { world, replicas } = three();

  return withGrpc(replicas[at % replicas.length]?.server.addresses.grpc ?? '', async (client) => {
    const { Metadata } = await import('@grpc/grpc-js');
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${world.runtimeToken}`);

    return new Promise<string>((resolve) => {
      client.waitForApproval({ approval_id: id }, metadata, (error, reply) =>
        resolve(error === null ? (reply?.approval?.status ?? '') : `status ${error.code}`),
      );
    });
  });
}

const inTheLog = (id: string) =>
  until(async () => {
    const { rows } = await pool.query(
      'select from approvals join decisions using (decision_id) where approval_id = $1',
      [id],
    );

    return rows.length === 1;
  });

const codes = (outcomes: readonly Outcome[]) => outcomes.map((one) => one['reason_code'] ?? one['error']);
