import { beforeAll, describe, expect, test, vi } from 'vitest';
import { type CompiledBundle, compileBundle } from '../../services/bundles/compile.ts';
import { openBundle } from '../../services/bundles/open.ts';
import { createBundleCache, type LoadBundle } from '../../services/pdp/bundle-cache.ts';
import { bundleFiles } from './support/bundle.ts';

let bundle: CompiledBundle;
beforeAll(async () => {
  const { parts } = openBundle(bundleFiles('1.0.0'));
  if (parts === undefined) throw new Error('the bundle cannot be read');
  bundle = await compileBundle(parts);
});

function loading(): ReturnType<typeof vi.fn<LoadBundle>> {
  return vi.fn<LoadBundle>(async () => bundle);
}

describe('the bundles of a process', () => {
  test('are loaded once, and again only for another evaluator', async () => {
    const load = loading();
    const { get } = createBundleCache(load);

    await Promise.all([get('a', 'compiled'), get('a', 'compiled'), get('b', 'compiled')]);
    expect(load).toHaveBeenCalledTimes(2);
    await get('a', 'cedar');
    expect(load.mock.calls.map(([digest, evaluator]) => [digest, evaluator])).toEqual([
      ['a', 'compiled'],
      ['b', 'compiled'],
      ['a', 'cedar'],
    ]);
  });

  test('are tried again where they did not load', async () => {
    const load = loading().mockRejectedValueOnce(new Error('not now'));
    const { get } = createBundleCache(load);

    await expect(get('a', 'compiled')).rejects.toThrow('not now');
    expect(await get('a', 'compiled')).toBe(bundle);
  });

  test('are forgotten where nobody uses or holds them, and stay as often held as somebody does', async () => {
    const load = loading();
    const { get, holding, keepOnly } = createBundleCache(load);
    const other = Promise.withResolvers<void>();
    const held = holding(['a'], () => other.promise);
    await holding(['a', 'b'], () =>
      Promise.all([get('a', 'compiled'), get('b', 'compiled'), get('c', 'compiled')]),
    );

    keepOnly(['c']);
    await Promise.all([get('a', 'compiled'), get('c', 'compiled')]);
    expect(load).toHaveBeenCalledTimes(3);
    await get('b', 'compiled');
    expect(load).toHaveBeenCalledTimes(4);

    other.resolve();
    await held;
    keepOnly([]);
    await get('a', 'compiled');
    expect(load).toHaveBeenCalledTimes(5);
  });

  test('are let go where what they were held for fails', async () => {
    const load = loading();
    const { get, holding, keepOnly } = createBundleCache(load);
    const failing = holding(['a'], async () => {
      await get('a', 'compiled');
      throw new Error('not deployed');
    });

    await expect(failing).rejects.toThrow('not deployed');
    keepOnly([]);
    await get('a', 'compiled');
    expect(load).toHaveBeenCalledTimes(2);
  });
});
