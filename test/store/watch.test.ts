import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createStore } from '../../services/store/deployments.ts';
import { query } from '../../services/store/pool.ts';
import { type WatchOptions, watchChanges } from '../../services/store/watch.ts';
import { type OpenTestDatabase, withDatabase } from '../support/postgres.ts';

const NEVER_MS = 3_600_000;

/** Watches while `body` runs, and makes sure that the watch ends when it is told to. */
async function watching(
  options: Partial<WatchOptions> & Pick<WatchOptions, 'connection'>,
  body: () => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const watch = watchChanges({
    pollMs: NEVER_MS,
    onWake: async () => {},
    onFailure: () => {},
    ...options,
    signal: stop.signal,
  });
  try {
    await body();
  } finally {
    stop.abort();
    await watch;
  }
}

async function listenerCount({ owner }: OpenTestDatabase): Promise<number> {
  const rows = await query(
    owner,
    `select from pg_stat_activity where datname = current_database() and application_name = 'palisade listener'
     and query like 'listen%' and state = 'idle'`,
  );

  return rows.length;
}

/** A way to the database that can begin to swallow what comes from it, with every connection open. */
async function withProxy(
  url: string,
  body: (url: string, swallow: () => void) => Promise<void>,
): Promise<void> {
  const to = new URL(url);
  const folder = to.searchParams.get('host');
  const port = Number(to.port === '' ? 5432 : to.port);
  let swallows = false;
  const sockets = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = folder === null ? connect(port, to.hostname) : connect(join(folder, `.s.PGSQL.${port}`));
    near.pipe(far);
    far.on('data', (bytes) => void (swallows || near.write(bytes)));
    for (const socket of [near, far]) {
      sockets.add(socket.on('error', () => undefined));
      socket.on('close', () => [near, far].map((each) => each.destroy()));
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  try {
    const through = new URL(url);
    through.searchParams.delete('host');
    through.hostname = '127.0.0.1';
    through.port = String((proxy.address() as AddressInfo).port);
    await body(through.href, () => {
      swallows = true;
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => proxy.close(resolve));
  }
}

describe('watchChanges', () => {
  test('runs at once, and again at each announced change without waiting for the timer', async () => {
    await withDatabase(async (database) => {
      let runs = 0;
      const onWake = async () => {
        runs += 1;
      };
      await watching({ connection: database.servingUrl, onWake }, async () => {
        // The first run, and the one when listening has begun.
        await expect.poll(() => runs).toBe(2);

        await createStore(database.serving, 'one');
        await expect.poll(() => runs).toBe(3);
        await createStore(database.serving, 'two');
        await expect.poll(() => runs).toBe(4);
      });
    });
  });

  test('polls without any listening connection', async () => {
    let runs = 0;
    const failures: unknown[] = [];
    const options: Partial<WatchOptions> = {
      pollMs: 5,
      onWake: async () => {
        runs += 1;
      },
      onFailure: (error) => failures.push(error),
    };
    await watching({ connection: 'postgres://x@localhost/x?host=/nonexistent', ...options }, async () => {
      await expect.poll(() => runs).toBeGreaterThan(5);
      await expect.poll(() => failures.length).toBeGreaterThan(1);
    });

    expect(failures[0]).toMatchObject({ code: 'unavailable' });
  });

  test('never runs twice at a time, and runs again after a wake that came meanwhile', async () => {
    await withDatabase(async (database) => {
      let running = 0;
      let most = 0;
      const seen: number[] = [];
      const onWake = async () => {
        running += 1;
        most = Math.max(most, running);
        const rows = await query(database.serving, 'select from stores');
        await sleep(50);
        seen.push(rows.length);
        running -= 1;
      };
      await watching({ connection: database.servingUrl, onWake }, async () => {
        await expect.poll(() => listenerCount(database)).toBe(1);
        for (const name of ['a', 'b', 'c', 'd']) {
          await createStore(database.serving, name);
          await sleep(20);
        }
        await expect.poll(() => seen.at(-1)).toBe(5);
      });

      expect(most).toBe(1);
    });
  });

  test('goes on after runs that failed', async () => {
    await withDatabase(async (database) => {
      const failures: unknown[] = [];
      let runs = 0;
      const onWake = async () => {
        runs += 1;
        throw new Error(`run ${runs}`);
      };
      const onFailure = (error: unknown) => failures.push(error);
      await watching({ connection: database.servingUrl, pollMs: 5, onWake, onFailure }, async () => {
        await expect.poll(() => failures.length).toBeGreaterThan(3);
      });

      expect(failures[0]).toEqual(new Error('run 1'));
    });
  });

  test('listens again after its connection was killed, and looks at once for what it missed', async () => {
    await withDatabase(async (database) => {
      let runs = 0;
      const failures: unknown[] = [];
      const options: Partial<WatchOptions> = {
        onWake: async () => {
          runs += 1;
        },
        onFailure: (error) => failures.push(error),
      };
      await watching({ connection: database.servingUrl, ...options }, async () => {
        await expect.poll(() => runs).toBe(2);

        await database.owner.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and application_name = 'palisade listener'`,
        );
        await expect.poll(() => runs, { timeout: 10_000 }).toBe(3);
        await createStore(database.serving, 'later');
        await expect.poll(() => runs).toBe(4);
      });

      expect(failures).toMatchObject([{ code: 'unavailable' }]);
    });
  });

  test('runs on by its timer where the listening connection hangs and nobody says so', async () => {
    await withDatabase(async (database) => {
      let runs = 0;
      const onWake = async () => {
        runs += 1;
      };
      await withProxy(database.servingUrl, async (connection, swallow) => {
        await watching({ connection, pollMs: 100, onWake }, async () => {
          await expect.poll(() => listenerCount(database)).toBe(1);
          swallow();
          const before = runs;
          await createStore(database.serving, 'unheard');

          await expect.poll(() => runs).toBeGreaterThan(before + 2);
          expect(await listenerCount(database)).toBe(1);
        });
      });
    });
  });

  test('leaves no connection behind when it ends', async () => {
    await withDatabase(async (database) => {
      await watching({ connection: database.servingUrl }, async () => {
        await expect.poll(() => listenerCount(database)).toBe(1);
      });

      await expect.poll(() => listenerCount(database)).toBe(0);
    });
  });
});
