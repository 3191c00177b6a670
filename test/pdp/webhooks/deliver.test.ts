import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type pg from 'pg';
import { expect, test, vi } from 'vitest';
import { deliverEvents, type Pace } from '../../../services/pdp/webhooks/deliver.ts';
import type { Endpoint } from '../../../services/pdp/webhooks/read-endpoints.ts';
import { signatureOf } from '../../../services/pdp/webhooks/signature.ts';
import { withTransaction } from '../../../services/store/pool.ts';
import { waitingDeliveries } from '../../../services/store/webhooks/deliveries.ts';
import { enqueueEvent } from '../../../services/store/webhooks/enqueue.ts';
import { createMetrics } from '../../../services/telemetry/metrics.ts';
import { withDatabase } from '../../support/postgres.ts';

const SECRET = 'a secret of the tests, long enough';
const FAST: Partial<Pace> = { lookMs: 20, tendMs: 50, waitMs: 40, longestWaitMs: 80, leaseMs: 5_000 };

interface Got {
  readonly id: string;
  readonly signature: string;
  readonly body: string;
}

test('sends the same bytes under one id until they are taken, signed each time', async () => {
  await withReceiver([500, 302, 204], async ({ got, serving, deliver }) => {
    const { count } = deliver();
    await enqueue(serving, 'T-1');
    await vi.waitFor(() => expect(got).toHaveLength(3), 5_000);
    await vi.waitFor(async () => expect(await waitingDeliveries(serving)).toEqual([]), 5_000);

    expect(new Set(got.map(({ id, body }) => `${id} ${body}`)).size).toBe(1);
    for (const { signature, body } of got) {
      const seconds = Number(/^t=(\d+),/.exec(signature)?.[1]);
      expect(signature).toBe(signatureOf(SECRET, body, seconds * 1_000));
      expect(Math.abs(seconds - Date.now() / 1_000)).toBeLessThan(30);
    }
    expect(JSON.parse(got[0]?.body ?? '')).toEqual({
      event_id: got[0]?.id,
      kind: 'break_glass.opened',
      store: 'default',
      time: expect.stringMatching(/Z$/),
      data: { ticket: 'T-1' },
    });
    expect(count('palisade.webhooks.attempts')).toEqual({ delivered: 1, failed: 2 });
  });
});

test('holds up nobody where an endpoint hangs', async () => {
  await withReceiver([204], async ({ got, serving, deliver }) => {
    const hanging = await listen(() => undefined);
    try {
      const { port } = hanging.address() as AddressInfo;
      deliver(FAST, [{ ...endpointAt(port), name: 'hangs' }]);
      await vi.waitFor(async () => expect(await named(serving)).toBe(2), 5_000);
      for (let event = 0; event < 10; event += 1) await enqueue(serving, `T-${event}`, false);
      await vi.waitFor(() => expect(got).toHaveLength(10), 5_000);
    } finally {
      hanging.closeAllConnections();
      hanging.close();
    }
  });
});

test('sends once where several processes look, and takes over from one that has stopped', async () => {
  await withReceiver([204], async ({ got, serving, deliver }) => {
    const processes = [deliver(), deliver(), deliver()];
    for (let event = 0; event < 30; event += 1) await enqueue(serving, `T-${event}`);
    await vi.waitFor(() => expect(got).toHaveLength(30), 20_000);
    await Promise.all(processes.slice(1).map(({ stop }) => stop()));
    await enqueue(serving, 'T-last');
    await vi.waitFor(() => expect(got).toHaveLength(31), 20_000);

    expect(new Set(got.map(({ id }) => id)).size).toBe(31);
  });
});

test('gives up in the end, and says so', async () => {
  await withReceiver([503], async ({ serving, deliver }) => {
    const { count, errors } = deliver({ ...FAST, giveUpMs: 300 });
    await enqueue(serving, 'T-1');
    await vi.waitFor(() => expect(count('palisade.webhooks.given_up')).toEqual({ receiver: 1 }), 5_000);

    expect(await waitingDeliveries(serving)).toEqual([]);
    expect(errors()).toMatchObject([{ endpoint: 'receiver', events: 1 }]);
  });
});

test('goes on once PostgreSQL can be reached again', async () => {
  await withReceiver([204], async ({ got, owner, serving, deliver, database }) => {
    deliver();
    await enqueue(serving, 'T-1');
    await vi.waitFor(() => expect(got).toHaveLength(1), 5_000);
    const end = `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name = 'palisade webhooks'`;
    await owner.query(end, [database]);
    await enqueue(serving, 'T-2');
    await vi.waitFor(() => expect(got).toHaveLength(2), 5_000);
  });
});

interface Stage {
  readonly got: readonly Got[];
  readonly owner: pg.Pool;
  readonly serving: pg.Pool;
  readonly database: string;
  readonly deliver: (
    pace?: Partial<Pace>,
    more?: readonly Endpoint[],
  ) => {
    readonly stop: () => Promise<void>;
    readonly count: (name: string) => Record<string, number>;
    readonly errors: () => readonly unknown[];
  };
}

/** A receiver that answers with these statuses, one after the other, the last of them from then on. */
async function withReceiver(
  statuses: readonly number[],
  body: (stage: Stage) => Promise<void>,
): Promise<void> {
  await withDatabase(async ({ name, owner, serving, servingUrl }) => {
    const got: Got[] = [];
    const receiver = await listen(async (request, response) => {
      const { headers } = request;
      const sent = await text(request);
      got.push({
        id: String(headers['palisade-event-id']),
        signature: String(headers['palisade-signature']),
        body: sent,
      });
      response
        .writeHead(statuses[got.length - 1] ?? statuses.at(-1) ?? 204, { location: '/elsewhere' })
        .end();
    });
    const { port } = receiver.address() as AddressInfo;
    const stops: (() => Promise<void>)[] = [];
    try {
      const deliver: Stage['deliver'] = (pace = FAST, more = []) => {
        const metrics = createMetrics();
        const errors: unknown[] = [];
        const { stop } = deliverEvents({
          connection: servingUrl,
          endpoints: [endpointAt(port), ...more],
          metrics,
          log: { warn: () => undefined, error: (told: unknown) => errors.push(told) } as never,
          pace,
        });
        stops.push(stop);
        const count = (metric: string) =>
          Object.fromEntries(
            (metrics.collect().find((one) => one.name === metric)?.series ?? []).map(({ labels, value }) => [
              labels['palisade.webhook.outcome'] ?? labels['palisade.webhook'] ?? '',
              value as number,
            ]),
          );

        return { stop, count, errors: () => errors };
      };
      await body({ got, owner, serving, database: name, deliver });
    } finally {
      receiver.closeAllConnections();
      receiver.close();
      await Promise.all(stops.map((stop) => stop().catch(() => undefined)));
    }
  });
}

function endpointAt(port: number): Endpoint {
  return {
    name: 'receiver',
    url: new URL(`http://127.0.0.1:${port}/`),
    secret: SECRET,
    stores: null,
    events: null,
  };
}

async function listen(listener: RequestListener): Promise<Server> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return server;
}

async function enqueue(pool: pg.Pool, ticket: string, wait = true): Promise<void> {
  if (wait) await vi.waitFor(async () => expect(await named(pool)).toBe(1), 5_000);
  await withTransaction(pool, (client) =>
    enqueueEvent(client, { store: 'default', kind: 'break_glass.opened', payload: { ticket } }),
  );
}

async function named(pool: pg.Pool): Promise<number> {
  return (await pool.query('select from webhook_endpoints')).rows.length;
}
