import { type ServerWorld, withWorld } from './server.ts';
import { useScope } from './use-scope.ts';

/** One world for all tests of a file; `prepare` runs in it before the first. */
export function useWorld<T>(prepare: (world: ServerWorld) => Promise<T>): () => T {
  return useScope((body) => withWorld(async (world) => body(await prepare(world))));
}
