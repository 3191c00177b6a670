import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { EvaluatorName } from '../../services/engine/evaluator.ts';
import { CallSignal } from '../../services/pdp/call-signal.ts';
import { authenticateToken } from '../../services/pdp/credentials.ts';
import { loadBundle } from '../../services/pdp/loader.ts';
import { unreadiness } from '../../services/pdp/readiness.ts';
import type { Replica, ReplicaOptions } from '../../services/pdp/replica.ts';
import { createToken } from '../../services/pdp/token.ts';
import { insertCredential, revokeCredential } from '../../services/store/credentials.ts';
import { createStore } from '../../services/store/deployments.ts';
import { overrideEvaluator } from '../../services/store/evaluator-overrides.ts';
import { createPool } from '../../services/store/pool.ts';
import { watchChanges } from '../../services/store/watch.ts';
import { type OpenTestDatabase, withDatabase } from '../support/postgres.ts';
import { deployVersion } from './support/deploy.ts';
import { withLedger } from './support/ledger.ts';
import { follow, replicaOf } from './support/replica.ts';

const CONFIG = { PALISADE_MAX_STALENESS: 3_600_000 };
const NO_SIGNAL = new CallSignal();

afterEach(() => {
  vi.useRealTimers();
});

const served = (replica: Replica, store = 'default') => {
  const state = replica.snapshot().stores.get(store);

  return { sequence: state?.sequence, version: state?.bundle?.ref.version };
};

describe('deployments', () => {
  test('are followed, store by store, and a store without one is known all the same', async () => {
    await withDatabase(async (database) => {
      const replica = replicaOf(database);
      await createStore(database.owner, 'empty');
      await deployVersion(database.owner, '1.0.0');
      await follow(replica);

      expect(served(replica)).toEqual({ sequence: 1n, version: '1.0.0' });
      expect(served(replica, 'empty')).toEqual({ sequence: 0n, version: undefined });
      expect(replica.lags()).toEqual([]);
    });
  });

  test('of one bundle in two stores load it once', async () => {
    await withDatabase(async (database) => {
      const load = vi.fn((digest: string) => loadBundle(database.serving, digest, 'compiled'));
      const replica = replicaOf(database, { load });
      await createStore(database.owner, 'other');
      await deployVersion(database.owner, '1.0.0');
      await deployVersion(database.owner, '1.0.0', 'other');
      await follow(replica);

      expect(load).toHaveBeenCalledTimes(1);
      expect(served(replica, 'other')).toEqual({ sequence: 1n, version: '1.0.0' });
    });
  });

  test('that do not load leave the last good bundle in place, and readiness says so until one does', async () => {
    await withDatabase(async (database) => {
      const told = vi.fn();
      let load: ReplicaOptions['load'] = (digest) => loadBundle(database.serving, digest, 'compiled');
      const replica = replicaOf(database, {
        load: (digest, evaluator) => load(digest, evaluator),
        onLoadFailure: told,
      });
      await deployVersion(database.owner, '1.0.0');
      await follow(replica);
      const good = load;
      const before = replica.snapshot();

      load = () => Promise.reject(new Error('the disk is on fire'));
      await deployVersion(database.owner, '2.0.0');
      await follow(replica);
      await follow(replica);
      expect(replica.snapshot()).toBe(before);
      expect(replica.lags()).toMatchObject([{ store: 'default', sequence: 2n, failed: true }]);
      expect(told).toHaveBeenCalledTimes(1);
      await withLedger(async (ledger) => {
        expect(unreadiness(replica, ledger, CONFIG)).toEqual(['a deployed bundle does not load here']);
      });

      vi.useFakeTimers({ toFake: ['performance'] });
      vi.advanceTimersByTime(3_600_000);
      const gate = Promise.withResolvers<void>();
      load = (...asked) => gate.promise.then(() => good(...asked));
      await replica.refresh();
      expect(replica.lags()).toMatchObject([{ failed: true }]);

      gate.resolve();
      await replica.settled();
      expect(served(replica)).toEqual({ sequence: 2n, version: '2.0.0' });
      expect(replica.lags()).toEqual([]);
    });
  });

  test('are not overtaken by an older one that took longer to load', async () => {
    await withDatabase(async (database) => {
      const slow = Promise.withResolvers<void>();
      const first = await deployVersion(database.owner, '1.0.0');
      const replica = replicaOf(database, {
        load: async (digest) => {
          if (digest === first) await slow.promise;

          return loadBundle(database.serving, digest, 'compiled');
        },
      });
      await replica.refresh();
      await deployVersion(database.owner, '2.0.0');
      await replica.refresh();
      await vi.waitFor(() => expect(served(replica).version).toBe('2.0.0'), { timeout: 5_000 });

      slow.resolve();
      await sleep(500);
      expect(served(replica)).toEqual({ sequence: 2n, version: '2.0.0' });
    });
  });
});

describe('a bundle that is to be judged by Cedar', () => {
  const override = (pool: OpenTestDatabase['serving'], digest: string) =>
    overrideEvaluator(pool, { digest, reason: 'a test', decisionId: randomUUID(), processId: 'test' });
  const evaluators = (replica: Replica) =>
    [...replica.snapshot().stores.values()].map(({ bundle }) => bundle?.evaluator.name);

  test('is loaded again in each store that it serves, and no other bundle is', async () => {
    await withDatabase(async (database) => {
      const load = vi.fn((digest: string, evaluator: EvaluatorName) =>
        loadBundle(database.serving, digest, evaluator),
      );
      const replica = replicaOf(database, { load });
      for (const store of ['same', 'separate']) await createStore(database.owner, store);
      const digest = await deployVersion(database.owner, '1.0.0');
      await deployVersion(database.owner, '1.0.0', 'same');
      const other = await deployVersion(database.owner, '2.0.0', 'separate');
      await follow(replica);
      expect(evaluators(replica)).toEqual(['compiled', 'compiled', 'compiled']);

      await override(database.serving, digest);
      await replica.refresh();
      // The one before goes on until the new one is there.
      expect(served(replica)).toEqual({ sequence: 1n, version: '1.0.0' });
      expect(replica.lags().map(({ store, failed }) => [store, failed])).toEqual([
        ['default', false],
        ['same', false],
      ]);
      await replica.settled();
      expect(evaluators(replica)).toEqual(['cedar-wasm', 'cedar-wasm', 'compiled']);
      expect(replica.lags()).toEqual([]);
      await follow(replica);
      expect(load.mock.calls).toEqual([
        [digest, 'compiled'],
        [other, 'compiled'],
        [digest, 'cedar'],
      ]);

      await deployVersion(database.owner, '3.0.0');
      await follow(replica);
      expect(evaluators(replica)).toEqual(['compiled', 'cedar-wasm', 'compiled']);
    });
  });

  test('is so at once where it is loaded later, until its override is gone', async () => {
    await withDatabase(async (database) => {
      const digest = await deployVersion(database.owner, '1.0.0');
      await override(database.serving, digest);
      const load = vi.fn((digest: string, evaluator: EvaluatorName) =>
        loadBundle(database.serving, digest, evaluator),
      );
      const replica = replicaOf(database, { load });
      await follow(replica);
      expect(load.mock.calls).toEqual([[digest, 'cedar']]);
      await replica.prepared([digest], () => Promise.resolve());
      expect(load).toHaveBeenCalledTimes(1);

      await database.owner.query('delete from evaluator_overrides');
      await follow(replica);
      expect(evaluators(replica)).toEqual(['compiled']);
    });
  });

  test('goes on as it was where Cedar cannot load it, and readiness says so', async () => {
    await withDatabase(async (database) => {
      const replica = replicaOf(database, {
        load: (digest, by) =>
          by === 'cedar'
            ? Promise.reject(new Error('out of memory'))
            : loadBundle(database.serving, digest, by),
      });
      const digest = await deployVersion(database.owner, '1.0.0');
      await follow(replica);
      await override(database.serving, digest);
      await follow(replica);

      expect(evaluators(replica)).toEqual(['compiled']);
      expect(replica.lags()).toMatchObject([{ store: 'default', digest, failed: true }]);
      await withLedger(async (ledger) => {
        expect(unreadiness(replica, ledger, CONFIG)).toEqual(['a deployed bundle does not load here']);
      });
    });
  });

  test('is not loaded again where Cedar judges it already', async () => {
    await withDatabase(async (database) => {
      const load = vi.fn((digest: string, evaluator: EvaluatorName) =>
        loadBundle(database.serving, digest, evaluator),
      );
      const replica = replicaOf(database, { evaluator: 'cedar', load });
      await override(database.serving, await deployVersion(database.owner, '1.0.0'));
      await follow(replica);
      await follow(replica);

      expect(load).toHaveBeenCalledTimes(1);
    });
  });
});

test('a refresh that read first is never taken over last', async () => {
  await withDatabase(async (database) => {
    const gate = Promise.withResolvers<void>();
    const isSlow = vi.fn((text: string) => text.includes('from deployments'));
    const serving = new Proxy(database.serving, {
      get(pool, name) {
        if (name !== 'query') return Reflect.get(pool, name) as unknown;

        return async (text: string, values: unknown[]) => {
          const answer = await pool.query(text, values);
          if (isSlow(text)) await gate.promise;

          return answer;
        };
      },
    });
    const replica = replicaOf({ ...database, serving });
    await deployVersion(database.owner, '1.0.0');
    const first = replica.refresh();
    await vi.waitFor(() => expect(isSlow).toHaveReturnedWith(true));

    isSlow.mockReturnValue(false);
    await deployVersion(database.owner, '2.0.0');
    const second = replica.refresh();
    await sleep(200);
    gate.resolve();
    await Promise.all([first, second]);
    await replica.settled();

    expect(served(replica)).toEqual({ sequence: 2n, version: '2.0.0' });
  });
});

describe('credentials', () => {
  test('that are revoked are refused within a second, also while a bundle loads', async () => {
    await withDatabase(async (database) => {
      const replica = replicaOf(database, { load: () => new Promise(() => undefined) });
      const { token, credentialId, secretHash } = createToken();
      await deployVersion(database.owner, '1.0.0');
      await insertCredential(database.owner, {
        id: credentialId,
        name: 'to-be-revoked',
        roles: ['runtime'],
        stores: ['default'],
        principals: null,
        fullDetail: false,
        secretHash,
        createdBy: 'test',
        expiresAt: null,
      });
      const stopping = new AbortController();
      const watch = watchChanges({
        connection: database.servingUrl,
        pollMs: 500,
        onWake: () => replica.refresh(),
        onFailure: () => undefined,
        signal: stopping.signal,
      });
      const authenticate = () => authenticateToken(replica.snapshot().credentials, token, Date.now());

      try {
        await vi.waitFor(() => expect(authenticate().subject).toBe('to-be-revoked'), { timeout: 5_000 });
        await revokeCredential(database.owner, credentialId);
        await vi.waitFor(() => expect(authenticate).toThrow(/revoked/), { timeout: 5_000 });
      } finally {
        stopping.abort();
        await watch;
      }
    });
  });
});

describe('reached()', () => {
  test('waits until the store has the sequence', async () => {
    await withDatabase(async (database) => {
      const replica = replicaOf(database);
      await deployVersion(database.owner, '1.0.0');
      const reached = replica.reached(new Map([['default', 1n]]), performance.now() + 30_000, NO_SIGNAL);
      await follow(replica);
      await reached;

      expect(served(replica).sequence).toBe(1n);
    });
  });

  test('ends at the deadline, and when the caller is gone', async () => {
    await withDatabase(async (database) => {
      const replica = replicaOf(database);
      const gone = new CallSignal();
      const left = replica.reached(new Map([['default', 1n]]), performance.now() + 60_000, gone);
      gone.abort();

      await left;
      await replica.reached(new Map([['default', 1n]]), performance.now() + 50, NO_SIGNAL);
      expect(served(replica).sequence).toBeUndefined();
    });
  });
});

test('keeps what it has, and grows old, while PostgreSQL does not answer', async () => {
  await withDatabase(async (database) => {
    const passing = createPool({ connection: database.servingUrl, max: 1 });
    const replica = replicaOf({ ...database, serving: passing });
    expect(replica.ageMs()).toBe(Number.POSITIVE_INFINITY);
    await deployVersion(database.owner, '1.0.0');
    await follow(replica);
    const before = replica.snapshot();
    await passing.end();

    const age = replica.ageMs();
    await expect(replica.refresh()).rejects.toThrow();
    expect(replica.snapshot()).toBe(before);
    expect(replica.ageMs()).toBeGreaterThan(age);
  });
});
