import { randomUUID } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { insertBundle } from '../../services/store/bundles.ts';
import {
  type EvaluatorOverride,
  listOverrides,
  overrideEvaluator,
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

test('whoever watches is woken by an override', async () => {
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
    } finally {
      stop.abort();
      await watch;
    }
  });
});
