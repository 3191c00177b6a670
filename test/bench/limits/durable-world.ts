import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { connectionUrl } from '../../../services/store/embedded/database.ts';
import { startEmbeddedPostgres } from '../../../services/store/embedded/embedded-postgres.ts';
import { migrate } from '../../../services/store/migrate.ts';
import { type ServerWorld, withWorldOn } from '../../support/server.ts';

/** On the disk, and synced: a commit is what is measured. */
export async function withDurableWorld<T>(
  body: (world: ServerWorld, database: pg.Client) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'palisade-limits-'));
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres') });
  try {
    await migrate(server.owner);
    const database = {
      name: server.owner.database,
      ownerUrl: connectionUrl(server.owner),
      servingUrl: connectionUrl(server.serving),
      drop: () => Promise.resolve(),
    };
    const client = new pg.Client({ connectionString: database.ownerUrl });
    await client.connect();
    try {
      return await withWorldOn(database, (world) => body(world, client));
    } finally {
      await client.end();
    }
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
