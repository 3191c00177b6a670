import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { PdpError } from '../../services/engine/error.ts';
import { insertBundle } from '../../services/store/bundles.ts';
import { activate } from '../../services/store/change-deployment.ts';
import {
  createStore,
  currentDeployments,
  deploymentHistory,
  listStores,
} from '../../services/store/deployments.ts';
import { type OpenTestDatabase, withDatabase } from '../support/postgres.ts';
import { aBundle, digestOf } from './samples.ts';

const first = digestOf('first');
const second = digestOf('second');

async function withBundles(body: (database: OpenTestDatabase) => Promise<void>): Promise<void> {
  await withDatabase(async (database) => {
    await insertBundle(database.serving, aBundle({ digest: first, version: '1.0.0' }));
    await insertBundle(database.serving, aBundle({ digest: second, version: '2.0.0' }));
    await body(database);
  });
}

function activation(digest: string, expectedSequence: bigint | undefined, store = 'default') {
  return { store, digest, expectedSequence, author: 'ada', reason: 'because' };
}

describe('activate', () => {
  test('counts from 1 and makes the newest deployment the current one', async () => {
    await withBundles(async ({ serving }) => {
      expect(await currentDeployments(serving)).toEqual([]);

      const one = await activate(serving, activation(first, 0n));
      const two = await activate(serving, activation(second, 1n));

      expect(one).toMatchObject({
        sequence: 1n,
        digest: first,
        name: 'coding-agent',
        version: '1.0.0',
        author: 'ada',
      });
      expect(await currentDeployments(serving)).toEqual([two]);
      expect(await deploymentHistory(serving, 'default', 10)).toEqual([two, one]);
      expect(await deploymentHistory(serving, 'default', 1)).toEqual([two]);
    });
  });

  test('lets exactly one of many at once win, and tells the others who did', async () => {
    await withBundles(async ({ serving }) => {
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, (_, index) =>
          activate(serving, {
            ...activation(index % 2 === 0 ? first : second, 0n),
            author: `author-${index}`,
          }),
        ),
      );

      const winners = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      const losers = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
      expect(winners).toHaveLength(1);
      expect(losers).toHaveLength(7);
      for (const error of losers) {
        expect(error).toBeInstanceOf(PdpError);
        expect(error).toMatchObject({ code: 'conflict', field: 'expected_sequence' });
        for (const part of [
          'sequence 1',
          winners[0]?.digest,
          winners[0]?.author,
          winners[0]?.createdAt.toISOString(),
        ]) {
          expect(error.message).toContain(part);
        }
      }
      expect(await currentDeployments(serving)).toEqual(winners);
    });
  });

  test('gives numbers without gap or repeat to those who expect nothing', async () => {
    await withBundles(async ({ serving }) => {
      const done = await Promise.all(
        Array.from({ length: 20 }, () => activate(serving, activation(first, undefined))),
      );

      expect(done.map(({ sequence }) => Number(sequence)).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
    });
  });

  test('tells an expectation of a store without deployment', async () => {
    await withBundles(async ({ serving }) => {
      await expect(activate(serving, activation(first, 3n))).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('no deployment yet'),
      });
    });
  });

  test('refuses unknown stores and bundles, and changes nothing', async () => {
    await withBundles(async ({ serving }) => {
      await expect(activate(serving, activation(first, undefined, 'nowhere'))).rejects.toMatchObject({
        code: 'not_found',
        field: 'store',
      });
      await expect(activate(serving, activation(digestOf('none'), undefined))).rejects.toMatchObject({
        code: 'not_found',
        field: 'digest',
      });
      expect(await listStores(serving)).toMatchObject([{ name: 'default', sequence: 0n }]);
    });
  });

  test('keeps stores apart', async () => {
    await withBundles(async ({ serving }) => {
      await createStore(serving, 'team-a');
      await activate(serving, activation(first, 0n));
      await activate(serving, activation(second, 0n, 'team-a'));

      expect(await currentDeployments(serving)).toMatchObject([
        { store: 'default', sequence: 1n, digest: first },
        { store: 'team-a', sequence: 1n, digest: second },
      ]);
    });
  });

  test('wakes listeners once the deployment can be read, and not when it failed', async () => {
    await withBundles(async ({ serving, owner }) => {
      const listener: pg.PoolClient = await owner.connect();
      const seen: Promise<unknown>[] = [];
      listener.on('notification', () => seen.push(currentDeployments(serving)));
      await listener.query('listen palisade_changed');

      await expect(activate(serving, activation(first, 5n))).rejects.toThrow(PdpError);
      await activate(serving, activation(first, 0n));
      await listener.query('select 1');

      expect(seen).toHaveLength(1);
      expect(await seen[0]).toMatchObject([{ sequence: 1n }]);
      listener.release(true);
    });
  });
});

describe('createStore', () => {
  test.each(['', '-a', 'A', 'a b', 'a\n', 'a'.repeat(64), 'ä'])('refuses %j as a name', async (name) => {
    await withDatabase(async ({ serving }) => {
      await expect(createStore(serving, name)).rejects.toMatchObject({
        code: 'invalid_request',
        field: 'store',
      });
    });
  });

  test('makes a store once', async () => {
    await withDatabase(async ({ serving }) => {
      await createStore(serving, 'a'.repeat(63));
      await createStore(serving, '0-team');

      await expect(createStore(serving, '0-team')).rejects.toMatchObject({ code: 'conflict' });
      expect((await listStores(serving)).map(({ name }) => name)).toEqual([
        '0-team',
        'a'.repeat(63),
        'default',
      ]);
    });
  });
});

describe('deploymentHistory', () => {
  test('tells an unknown store from one without deployments', async () => {
    await withDatabase(async ({ serving }) => {
      expect(await deploymentHistory(serving, 'default', 5)).toEqual([]);
      await expect(deploymentHistory(serving, 'nowhere', 5)).rejects.toMatchObject({ code: 'not_found' });
    });
  });
});
