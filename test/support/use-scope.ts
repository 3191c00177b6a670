import { afterAll, beforeAll } from 'vitest';

/**
 * What a scope opens, for all tests of a file.
 * @param open runs its argument with what it opened, and closes that afterwards.
 */
export function useScope<T>(open: (body: (opened: T) => Promise<void>) => Promise<void>): () => T {
  const over = Promise.withResolvers<void>();
  let running: Promise<void> | undefined;
  let known: { readonly opened: T } | undefined;

  beforeAll(async () => {
    const ready = Promise.withResolvers<T>();
    running = open(async (opened) => {
      ready.resolve(opened);
      await over.promise;
    });
    running.catch(ready.reject);
    known = { opened: await ready.promise };
  });
  afterAll(async () => {
    over.resolve();
    await running;
  });

  return () => {
    if (known === undefined) throw new Error('it is not open before the tests begin');

    return known.opened;
  };
}
