import { writeArchive } from '../../../services/bundles/archive.ts';
import { createPool } from '../../../services/store/pool.ts';
import { write } from '../../pdp/entities/support/write.ts';
import { withPrivateWorld } from '../../support/private-postgres.ts';
import { deployArchive } from '../../support/server.ts';
import type { Effort, Figure } from '../figure.ts';
import { measureStarts } from '../readiness.ts';
import { median } from '../statistics.ts';
import { PEOPLE_BUNDLE, people } from './people.ts';

/** Entities of one write. */
const CHUNK = 5_000;

/** How much longer a server takes until it decides, and how much more memory it takes, where its store holds so many entities. */
export function measureStoredStart(
  name: string,
  entities: number,
  { starts }: Effort,
  signal: AbortSignal,
): Promise<Figure> {
  return withPrivateWorld(async (world) => {
    const first = await world.serve();
    await deployArchive(world, first.addresses.admin, writeArchive(PEOPLE_BUNDLE));
    await first.stop();

    const without = await measureStarts(world, starts, signal);
    const pool = createPool({ connection: world.database.servingUrl });
    const all = people(entities);
    for (let at = 0; at < all.length; at += CHUNK) {
      await write(pool, 'default', ...all.slice(at, at + CHUNK));
    }
    await pool.end();
    const holding = await measureStarts(world, starts, signal);

    return {
      name,
      unit: 'ms',
      p50: median(holding.took) - median(without.took),
      rss_mb: holding.rssMb - without.rssMb,
    };
  });
}
