import { afterAll, beforeAll } from 'vitest';
import { type ServerWorld, withWorld } from './server.ts';

/** One world for all tests of a file; `prepare` runs in it before the first. */
export function useWorld<T>(prepare: (world: ServerWorld) => Promise<T>): () => T {
  const over = Promise.withResolvers<void>();
  let running: Promise<void> | undefined;
  let prepared: T;

  beforeAll(async () => {
    const ready = Promise.withResolvers<T>();
    running = withWorld(async (world) => {
      ready.resolve(await prepare(world));
      await over.promise;
    });
    running.catch(ready.reject);
    prepared = await ready.promise;
  });
  afterAll(async () => {
    over.resolve();
    await running;
  });

  return () => prepared;
}
