import type pg from 'pg';
import { expect, test, vi } from 'vitest';
import type { DecisionEntry } from '../../../services/ledger/record.ts';
import { createGlassUse } from '../../../services/pdp/break-glass/usage.ts';
import { nameEndpoint } from '../../../services/store/webhooks/deliveries.ts';
import { withDatabase } from '../../support/postgres.ts';
import { GONE } from '../disk/support.ts';

const ID = '5e5ad0bb-3ae1-4e4f-a05d-4ad6e1f6f3d2';
const WAIT = { timeout: 5_000, interval: 10 };
const log = { warn: () => undefined };

test('tells of the first use at once, and of what follows in sums', async () => {
  await withDatabase(async ({ serving }) => {
    await nameEndpoint(serving, { name: 'all', stores: null, events: null });
    const use = createGlassUse({ pool: serving, log, everyMs: 300 });
    use.used(decision('allow'));
    await vi.waitFor(
      async () => expect(await told(serving)).toMatchObject([{ allowed: 1, denied: 0 }]),
      WAIT,
    );
    for (let count = 0; count < 50; count += 1) use.used(decision(count % 5 === 0 ? 'deny' : 'allow'));
    expect(await told(serving)).toHaveLength(1);
    await vi.waitFor(
      async () => expect(await told(serving)).toMatchObject([{}, { allowed: 40, denied: 10 }]),
      WAIT,
    );
    const [, sum] = await told(serving);

    expect(sum?.examples).toHaveLength(5);
    await use.stop();
  });
});

test('tells of nothing for a check, and of what is left when it stops', async () => {
  await withDatabase(async ({ serving }) => {
    await nameEndpoint(serving, { name: 'all', stores: null, events: null });
    const use = createGlassUse({ pool: serving, log, everyMs: 60_000 });
    use.used({ ...decision('allow'), mode: 'check' });
    use.used(decision('allow'));
    await vi.waitFor(async () => expect(await told(serving)).toHaveLength(1), WAIT);
    use.used(decision('deny'));
    await use.stop();

    expect(await told(serving)).toMatchObject([{ allowed: 1 }, { allowed: 0, denied: 1 }]);
  });
});

test('forgets nothing while PostgreSQL is away', async () => {
  await withDatabase(async ({ serving }) => {
    await nameEndpoint(serving, { name: 'all', stores: null, events: null });
    let isAway = true;
    const pool = {
      query: serving.query.bind(serving) as never,
      connect: () => (isAway ? GONE.connect() : serving.connect()) as never,
    };
    const use = createGlassUse({ pool, log, everyMs: 50 });
    use.used(decision('allow'));
    use.used(decision('deny'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await told(serving)).toEqual([]);
    isAway = false;
    await vi.waitFor(
      async () => expect(await told(serving)).toMatchObject([{ allowed: 1, denied: 1 }]),
      WAIT,
    );
    await use.stop();
  });
});

async function told(pool: pg.Pool) {
  const { rows } = await pool.query<{ payload: string }>(
    'select payload from webhook_events order by created_at, event_id',
  );

  return rows.map(({ payload }) => JSON.parse(payload) as Record<string, unknown> & { examples: unknown[] });
}

function decision(verdict: 'allow' | 'deny'): DecisionEntry {
  return {
    ...{ break_glass: ID, store: 'default', mode: 'enforce', decision: verdict, decision_id: 'd' },
    time: '2026-11-29T10:00:00.000Z',
    principal: { type: 'User', id: 'fay' },
    action: { type: 'Action', id: 'deploy' },
    resource: { type: 'Service', id: 'shop' },
  } as DecisionEntry;
}
