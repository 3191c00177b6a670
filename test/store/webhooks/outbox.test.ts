import { expect, test } from 'vitest';
import type { Pool } from '../../../services/store/database.ts';
import { withTransaction } from '../../../services/store/pool.ts';
import {
  clearDeliveries,
  finishDelivery,
  nameEndpoint,
  postponeDelivery,
  takeDeliveries,
  waitingDeliveries,
} from '../../../services/store/webhooks/deliveries.ts';
import { enqueueEvent, type NewEvent } from '../../../services/store/webhooks/enqueue.ts';
import { withDatabase } from '../../support/postgres.ts';

const LEASE = { leaseMs: 60_000, atMost: 100 };
const OPENED: NewEvent = { store: 'default', kind: 'break_glass.opened', payload: { ticket: 'T-1' } };
const DAY_MS = 24 * 3_600_000;

test('is told to those who want the kind in the store, and kept for nobody else', async () => {
  await withDatabase(async ({ serving }) => {
    await nameEndpoint(serving, { name: 'all', stores: null, events: null });
    await nameEndpoint(serving, { name: 'kind', stores: ['default'], events: ['break_glass.opened'] });
    await nameEndpoint(serving, { name: 'other-kind', stores: null, events: ['break_glass.closed'] });
    await nameEndpoint(serving, { name: 'other-store', stores: ['other'], events: null });
    await enqueue(serving, OPENED);

    expect((await waitingDeliveries(serving)).map(({ endpoint }) => endpoint).sort()).toEqual([
      'all',
      'kind',
    ]);
    expect(await takeDeliveries(serving, 'kind', LEASE)).toMatchObject([
      { store: 'default', kind: 'break_glass.opened', payload: '{"ticket":"T-1"}', attempts: 1 },
    ]);
    expect(await takeDeliveries(serving, 'other-kind', LEASE)).toEqual([]);
  });
});

test('is not kept where nobody wants it', async () => {
  await withDatabase(async ({ serving }) => {
    await enqueue(serving, OPENED);

    expect((await serving.query('select from webhook_events')).rows).toEqual([]);
  });
});

test('is told to nobody where its transaction is rolled back', async () => {
  await withDatabase(async ({ serving }) => {
    await nameEndpoint(serving, { name: 'all', stores: null, events: null });
    const failed = withTransaction(serving, async (client) => {
      await enqueueEvent(client, OPENED);
      throw new Error('no');
    });

    await expect(failed).rejects.toThrow('no');
    expect(await takeDeliveries(serving, 'all', LEASE)).toEqual([]);
  });
});

test('is taken by one process at a time, however many try, and by another one once the lease is over', async () => {
  await withDatabase(async ({ serving }) => {
    await nameEndpoint(serving, { name: 'all', stores: null, events: null });
    for (let event = 0; event < 20; event += 1) await enqueue(serving, OPENED);
    const short = { leaseMs: 400, atMost: 5 };
    const taken = await Promise.all(Array.from({ length: 8 }, () => takeDeliveries(serving, 'all', short)));

    expect(new Set(taken.flat().map(({ event_id }) => event_id)).size).toBe(taken.flat().length);
    expect(taken.flat().length).toBe(20);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const again = await takeDeliveries(serving, 'all', LEASE);
    expect(again.map(({ attempts }) => attempts)).toEqual(new Array(20).fill(2));
  });
});

test('that is late is not postponed by an attempt that another one has overtaken', async () => {
  await withDatabase(async ({ serving }) => {
    await nameEndpoint(serving, { name: 'all', stores: null, events: null });
    await enqueue(serving, OPENED);
    const [first] = await takeDeliveries(serving, 'all', { leaseMs: 0, atMost: 1 });
    const [second] = await takeDeliveries(serving, 'all', { leaseMs: 0, atMost: 1 });
    if (first === undefined || second === undefined) throw new Error('nothing was due');
    await postponeDelivery(serving, first, DAY_MS);

    expect(await takeDeliveries(serving, 'all', LEASE)).toHaveLength(1);
    await postponeDelivery(serving, { ...second, attempts: 3 }, DAY_MS);
    expect(await takeDeliveries(serving, 'all', LEASE)).toHaveLength(0);
  });
});

test('ends once it is told, and is given up after its time', async () => {
  await withDatabase(async ({ owner, serving }) => {
    await nameEndpoint(serving, { name: 'one', stores: null, events: null });
    await nameEndpoint(serving, { name: 'two', stores: null, events: null });
    await enqueue(serving, OPENED);
    const [delivery] = await takeDeliveries(serving, 'one', LEASE);
    if (delivery === undefined) throw new Error('nothing was due');
    await finishDelivery(serving, delivery);

    expect(await clearDeliveries(serving, DAY_MS)).toEqual(new Map());
    expect(await waitingDeliveries(serving)).toMatchObject([{ endpoint: 'two', events: 1 }]);
    await owner.query(`update webhook_deliveries set created_at = now() - interval '25 hours'`);
    expect(await clearDeliveries(serving, DAY_MS)).toEqual(new Map([['two', 1]]));
    expect((await serving.query('select from webhook_events')).rows).toEqual([]);
  });
});

test('is not kept for an endpoint that no process has named for a day', async () => {
  await withDatabase(async ({ owner, serving }) => {
    await nameEndpoint(serving, { name: 'gone', stores: null, events: null });
    await owner.query(`update webhook_endpoints set seen_at = now() - interval '25 hours'`);
    await enqueue(serving, OPENED);
    await clearDeliveries(serving, DAY_MS);

    expect(await waitingDeliveries(serving)).toEqual([]);
    expect((await serving.query('select from webhook_endpoints')).rows).toEqual([]);
  });
});

test('has room for whatever callers chose', async () => {
  await withDatabase(async ({ serving }) => {
    await nameEndpoint(serving, { name: 'all', stores: null, events: null });
    const hostile = 'x\u0000\ud800'.repeat(100_000);
    await enqueue(serving, {
      ...OPENED,
      payload: { resource: hostile, groups: new Array<string>(1_000).fill(hostile) },
    });
    const [{ payload } = { payload: '' }] = await takeDeliveries(serving, 'all', LEASE);
    const { resource, groups } = JSON.parse(payload) as { resource: string; groups: string[] };

    expect(resource).toHaveLength(1_024);
    expect(groups).toHaveLength(20);
    expect(payload).not.toContain('\\u0000');
  });
});

function enqueue(pool: Pool, event: NewEvent): Promise<void> {
  return withTransaction(pool, (client) => enqueueEvent(client, event));
}
