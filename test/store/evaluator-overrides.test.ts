import { randomUUID } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { insertBundle } from '../../services/store/bundles.ts';
import {
  type EvaluatorOverride,
  type Lift,
  liftOverride,
  listOverrides,
  overrideEvaluator,
  overrideHistory,
} from '../../services/store/evaluator-overrides.ts';
import { watchChanges } from '../../services/store/watch.ts';
import { withDatabase } from '../support/postgres.ts';
import { aBundle, digestOf } from './samples.ts';

const NEVER_MS = 3_600_000;

const override = (changes: Partial<EvaluatorOverride> = {}): EvaluatorOverride => ({
  digest: aBundle().digest,
  reason: 'served: allow; Cedar: deny',
  decisionId: randomUUID(),
  processId: 'pdp-1',
  ...changes,
});

test('an override is stored once, with the first reason, also where many find one at a time', async () => {
  await withDatabase(async ({ serving }) => {
    await insertBundle(serving, aBundle());
    const first = override();
    await overrideEvaluator(serving, first);
    await Promise.all(Array.from({ length: 8 }, () => overrideEvaluator(serving, override())));

    expect(await listOverrides(serving)).toEqual([{ ...first, createdAt: expect.any(Date) }]);
  });
});

test('all overrides are listed, whatever their reasons hold', async () => {
  await withDatabase(async ({ serving }) => {
    const digests = ['1.0.0', '2.0.0'].map((version) => digestOf(version));
    for (const [index, digest] of digests.entries()) {
      await insertBundle(serving, aBundle({ digest, version: `${index}.0.0` }));
      await overrideEvaluator(serving, override({ digest, reason: `nul \0 and half a pair \ud800` }));
    }

    const found = await listOverrides(serving);
    expect(found.map(({ digest }) => digest).toSorted()).toEqual(digests.toSorted());
    expect(found[0]?.reason).toBe('nul \ufffd and half a pair \ufffd');
  });
});

test('a bundle that is not stored cannot be overridden', async () => {
  await withDatabase(async ({ serving }) => {
    await expect(overrideEvaluator(serving, override())).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

const lift = (changes: Partial<Lift> = {}): Lift => ({
  digest: aBundle().digest,
  author: 'olga',
  reason: 'fixed in 0.2.0',
  recordId: randomUUID(),
  ...changes,
});

describe('lifting an override', () => {
  test('ends it and keeps it in the history, also where the same bundle is overridden again', async () => {
    await withDatabase(async ({ serving }) => {
      await insertBundle(serving, aBundle());
      const first = override({ reason: 'first' });
      await overrideEvaluator(serving, first);
      const beforeCommit = vi.fn(async () => undefined);
      await liftOverride(serving, lift(), beforeCommit);

      expect(beforeCommit).toHaveBeenCalledExactlyOnceWith({ ...first, createdAt: expect.any(Date) });
      expect(await listOverrides(serving)).toEqual([]);

      await overrideEvaluator(serving, override({ reason: 'second' }));
      expect(await listOverrides(serving)).toMatchObject([{ reason: 'second' }]);
      await overrideEvaluator(serving, override({ reason: 'third' }));
      expect(await overrideHistory(serving, 10)).toMatchObject([
        { reason: 'second', bundleName: 'coding-agent', bundleVersion: '1.0.0', liftedAt: null },
        {
          reason: 'first',
          liftedAt: expect.any(Date),
          liftedBy: 'olga',
          liftReason: 'fixed in 0.2.0',
        },
      ]);
      expect(await overrideHistory(serving, 1)).toMatchObject([{ reason: 'second' }]);
    });
  });

  test('of many at once is done by one, and leaves the overrides of other bundles', async () => {
    await withDatabase(async ({ serving }) => {
      const other = aBundle({ digest: digestOf('other'), version: '2.0.0' });
      for (const bundle of [aBundle(), other]) {
        await insertBundle(serving, bundle);
        await overrideEvaluator(serving, override({ digest: bundle.digest }));
      }
      const results = await Promise.allSettled(
        Array.from({ length: 4 }, () => liftOverride(serving, lift(), async () => undefined)),
      );

      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const one of results) {
        if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'not_found' });
      }
      expect(await listOverrides(serving)).toMatchObject([{ digest: other.digest }]);
    });
  });

  test('does not happen where it cannot be recorded', async () => {
    await withDatabase(async ({ serving }) => {
      await insertBundle(serving, aBundle());
      await overrideEvaluator(serving, override());

      await expect(
        liftOverride(serving, lift(), () => Promise.reject(new Error('the spool is full'))),
      ).rejects.toThrow('the spool is full');
      expect(await listOverrides(serving)).toHaveLength(1);
    });
  });
});

test('whoever watches is woken by an override, and when it is lifted', async () => {
  await withDatabase(async ({ serving, servingUrl }) => {
    await insertBundle(serving, aBundle());
    const stop = new AbortController();
    const seen = vi.fn();
    const watch = watchChanges({
      connection: servingUrl,
      pollMs: NEVER_MS,
      onWake: async () => seen((await listOverrides(serving)).length),
      onFailure: () => undefined,
      signal: stop.signal,
    });
    try {
      await vi.waitFor(() => expect(seen.mock.calls.length).toBeGreaterThan(1), { timeout: 5_000 });
      await overrideEvaluator(serving, override());
      await vi.waitFor(() => expect(seen).toHaveBeenLastCalledWith(1), { timeout: 5_000 });
      await liftOverride(serving, lift(), async () => undefined);
      await vi.waitFor(() => expect(seen).toHaveBeenLastCalledWith(0), { timeout: 5_000 });
    } finally {
      stop.abort();
      await watch;
    }
  });
});
