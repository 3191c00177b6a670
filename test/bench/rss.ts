import { rssOf } from '../soak/memory.ts';
import type { ServerProcess } from '../support/server.ts';

/** Resident set size of all of them together, in MB. */
export async function rssOfAll(servers: readonly ServerProcess[]): Promise<number> {
  const sizes = await Promise.all(servers.map(({ child }) => rssOf(child.pid ?? Number.NaN)));

  return sizes.reduce((sum, size) => sum + size, 0);
}
