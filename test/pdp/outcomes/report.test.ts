import { beforeAll, describe, expect, test } from 'vitest';
import { createOutcomeClient } from '../../support/outcome-client.ts';
import { administer, createCredential } from '../../support/shared-store.ts';
import { type SharedWorld, sharedWorld } from '../../support/shared-world.ts';
import { type Spending, spending } from './support.ts';

let world: SharedWorld;
let runtime: Spending;
beforeAll(async () => {
  world = await sharedWorld();
  runtime = await spending(world);
});

const SUCCESS = '{"outcome":"success"}';
const FAILURE = '{"outcome":"failure"}';
const ABSENT = '0199a000-0000-7000-8000-000000000000';
const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('a report', () => {
  test('gives back over both transports what a call did not cost, and is in the decision log', async () => {
    const own = await spending(world);
    const first = await own.spend(60);
    expect(await own.spend(60)).toMatchObject({ reason_code: 'limit_exceeded' });

    const told = await own.outcomes.rest(
      first['decision_id'],
      `{"outcome":"success","cost":{"spent":20},"input_tokens":18446744073709551615,"duration_ms":0,"output_digest":"${DIGEST}"}`,
    );
    expect(told).toEqual({
      decision_id: first['decision_id'],
      outcome: 'success',
      limits: [{ name: 'spent', reserved: 60n, charged: 20n }],
    });
    const second = await own.spend(60);
    expect(second).toMatchObject({ decision: 'allow' });
    expect(
      await own.outcomes.grpc({ decision_id: String(second['decision_id']), outcome: 'FAILURE' }),
    ).toMatchObject({ outcome: 'failure', limits: [{ name: 'spent', reserved: 60n, charged: 0n }] });
    expect(await own.used()).toEqual(['sent 2', 'spent 20']);

    expect(await outcomeRecord(own.store, first['decision_id'])).toMatchObject({
      kind: 'outcome',
      store: own.store,
      principal: { type: 'Sender', id: 's' },
      action: { type: 'Action', id: 'send' },
      outcome: {
        of: first['decision_id'],
        result: 'success',
        cost: { spent: 20n },
        input_tokens: 18_446_744_073_709_551_615n,
        output_tokens: null,
        duration_ms: 0n,
        output_digest: DIGEST,
      },
      commitment: null,
    });
  });

  test('charges what a call cost beyond what it said, and further calls have no room', async () => {
    const own = await spending(world);
    const { decision_id } = await own.spend(0);
    const report = { decision_id: String(decision_id), outcome: 'SUCCESS' } as const;

    expect(await own.outcomes.grpc({ ...report, cost: [{ limit: 'spent', amount: '250' }] })).toMatchObject({
      limits: [{ name: 'spent', reserved: 0n, charged: 250n }],
    });
    expect(await own.spend(0)).toMatchObject({
      reason_code: 'limit_exceeded',
      limits: [{ name: 'sent' }, { name: 'spent', used: 250n, max: 100n }],
    });
  });

  test('is answered the same when it comes again, over whichever transport, and counts once', async () => {
    const own = await spending(world);
    const { decision_id } = await own.spend(50);
    const report = '{"cost":{"spent":30},"outcome":"success","output_tokens":5}';
    const first = await own.outcomes.rest(decision_id, report);
    const again = await own.outcomes.grpc({
      decision_id: String(decision_id),
      outcome: 'SUCCESS',
      cost: [{ limit: 'spent', amount: '30' }],
      output_tokens: '5',
    });

    expect(again).toEqual(first);
    expect(await own.used()).toEqual(['sent 1', 'spent 30']);
    await outcomeRecord(own.store, decision_id);
    expect(await outcomeRecords(own.store)).toHaveLength(1);
  });

  test('cannot be changed by another one', async () => {
    const own = await spending(world);
    const { decision_id } = await own.spend(50);
    await own.outcomes.rest(decision_id, SUCCESS);
    const others = [
      FAILURE,
      '{"outcome":"success","cost":{"spent":0}}',
      '{"outcome":"success","duration_ms":0}',
    ];

    for (const other of others) {
      expect(await own.outcomes.rest(decision_id, other)).toMatchObject({
        error: 'conflict',
        field: 'decision_id',
      });
    }
    expect(await own.used()).toEqual(['sent 1', 'spent 50']);
    await outcomeRecord(own.store, decision_id);
    expect(await outcomeRecords(own.store)).toHaveLength(1);
  });

  test('on an action that no limit counts is recorded, and settles nothing', async () => {
    const look = await runtime.decisions.rest(
      '{"principal":{"type":"Sender","id":"s"},"action":{"type":"Action","id":"look"},"resource":{"type":"Box","id":"b"},"context":{"n":1}}',
    );

    expect(await runtime.outcomes.rest(look['decision_id'], SUCCESS)).toEqual({
      decision_id: look['decision_id'],
      outcome: 'success',
    });
    expect(await outcomeRecord(runtime.store, look['decision_id'])).toMatchObject({
      outcome: { result: 'success', cost: {} },
    });
  });
});

describe('whose decision it was', () => {
  test('is asked of the credential, and a foreign decision is as one that is not there', async () => {
    const mine = await runtime.spend(1);
    const token = await createCredential(world, { stores: [runtime.store] });
    const colleague = createOutcomeClient(world.addresses, token);
    const elsewhere = await spending(world);
    await runtime.outcomes.rest(mine['decision_id'], SUCCESS);
    const absent = await runtime.outcomes.rest(ABSENT, FAILURE);

    expect(absent).toMatchObject({ error: 'not_found', field: 'decision_id' });
    for (const other of [colleague, elsewhere.outcomes]) {
      expect(await other.rest(mine['decision_id'], FAILURE)).toEqual({
        ...absent,
        trace_id: expect.any(String),
      });
    }
  });

  test('nobody says for a caller without a credential', async () => {
    const anonymous = createOutcomeClient(world.addresses);
    const { decision_id } = await runtime.spend(1);

    expect(['permission_denied', 'unauthenticated']).toContain(
      (await anonymous.rest(decision_id, FAILURE))['error'],
    );
  });

  test('is nothing to report on where it was a deny, a check or another kind of record', async () => {
    const denied = await runtime.spend(101);
    const checked = await runtime.spend(1, { mode: 'check' });
    const own = await spending(world);
    const allowed = await own.spend(1);
    await own.outcomes.rest(allowed['decision_id'], SUCCESS);
    const record = await outcomeRecord(own.store, allowed['decision_id']);

    expect(denied).toMatchObject({ decision: 'deny' });
    expect(await runtime.outcomes.rest(denied['decision_id'], FAILURE)).toMatchObject({ error: 'not_found' });
    expect(await runtime.outcomes.rest(checked['decision_id'], FAILURE)).toMatchObject({
      error: 'not_found',
    });
    expect(await own.outcomes.rest(record['decision_id'], FAILURE)).toMatchObject({ error: 'not_found' });
  });
});

describe('what is no report', () => {
  const LONG = 9_223_372_036_854_775_807n;

  test.each([
    ['{}', 'outcome'],
    ['{"outcome":"perhaps"}', 'outcome'],
    ['{"outcome":"success","cost":{"spent":-1}}', 'cost.spent'],
    [`{"outcome":"success","cost":{"spent":${LONG + 1n}}}`, 'cost.spent'],
    ['{"outcome":"success","cost":{"spent":1.5}}', 'cost.spent'],
    ['{"outcome":"success","cost":{"spent":"1"}}', 'cost.spent'],
    ['{"outcome":"success","cost":{"other":1}}', 'cost.other'],
    ['{"outcome":"success","cost":{"__proto__":1}}', 'cost.__proto__'],
    ['{"outcome":"success","cost":{"spent":1,"spent":2}}', 'cost.spent'],
    ['{"outcome":"success","input_tokens":-1}', 'input_tokens'],
    ['{"outcome":"success","output_digest":"sha256:12"}', 'output_digest'],
    ['{"outcome":"success","verdict":"allow"}', 'verdict'],
  ])('is refused and settles nothing: %s', async (body, field) => {
    const own = runtime;
    const { decision_id } = await own.spend(1);
    const before = await own.used();

    expect(await own.outcomes.rest(decision_id, body)).toMatchObject({ error: 'invalid_request', field });
    expect(await own.used()).toEqual(before);
  });

  test('is refused over gRPC by the same fields', async () => {
    const { decision_id } = await runtime.spend(1);
    const report = { decision_id: String(decision_id), outcome: 'SUCCESS' } as const;
    const costs = (...amounts: string[]) => amounts.map((amount) => ({ limit: 'spent', amount }));

    expect(await runtime.outcomes.grpc({ decision_id: String(decision_id) })).toMatchObject({
      field: 'outcome',
    });
    expect(await runtime.outcomes.grpc({ ...report, cost: costs('-1') })).toMatchObject({
      error: 'invalid_request',
      field: 'cost.spent',
    });
    expect(await runtime.outcomes.grpc({ ...report, cost: costs('1', '1') })).toMatchObject({
      error: 'invalid_request',
      field: 'cost.spent',
    });
    expect(await runtime.outcomes.grpc({ ...report, decision_id: 'x' })).toMatchObject({
      error: 'invalid_request',
      field: 'decision_id',
    });
  });
});

async function outcomeRecords(store: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { body } = await administer(world, 'GET', '/v1/decisions?limit=1000');

  return (body['records'] as Readonly<Record<string, unknown>>[]).filter(
    (record) => record['kind'] === 'outcome' && record['store'] === store,
  );
}

/** The record of the report on a decision, once it is in the log. */
async function outcomeRecord(store: string, decisionId: unknown): Promise<Readonly<Record<string, unknown>>> {
  for (;;) {
    const found = (await outcomeRecords(store)).find(
      ({ outcome }) => (outcome as { of: string }).of === decisionId,
    );
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
