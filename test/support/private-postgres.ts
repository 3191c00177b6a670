import path from 'node:path';
import { connectionUrl } from '../../services/store/embedded/database.ts';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../services/store/embedded/embedded-postgres.ts';
import { migrate } from '../../services/store/migrate.ts';
import { makeFastFolder } from './fast-folder.ts';
import type { TestDatabase } from './postgres.ts';
import { type ServerWorld, withWorldOn } from './server.ts';
import { type Reaper, startReaper } from './start-reaper.ts';

/** A PostgreSQL of one's own, migrated, that may be stopped and killed; it needs no test runner. */
export interface PrivatePostgres {
  readonly database: TestDatabase;
  /** Told of each server process, so that none outlives a run that is killed. */
  readonly reaper: Reaper;
  /** The server's process, another one after each start. */
  pid(): number;
  /** Shuts it down and leaves it down. */
  stop(): Promise<void>;
  /** Starts it again on the same data. */
  start(): Promise<void>;
}

/** Runs `body` with a PostgreSQL of its own in a temporary folder; nothing of either is left afterwards. */
export async function withPrivatePostgres<Result>(
  body: (postgres: PrivatePostgres) => Promise<Result>,
): Promise<Result> {
  const folder = await makeFastFolder('palisade-own-');
  const reaper = startReaper(folder);
  const start = (): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({ dataDir: path.join(folder, 'postgres'), disposable: true });
  let server: EmbeddedPostgres | undefined;
  try {
    server = await start();
    await migrate(server.owner);

    return await body({
      database: {
        name: server.owner.database,
        ownerUrl: connectionUrl(server.owner),
        servingUrl: connectionUrl(server.serving),
        drop: async () => undefined,
      },
      reaper,
      pid: () => server?.pid ?? Number.NaN,
      async stop() {
        await server?.stop();
        server = undefined;
      },
      async start() {
        server ??= await start();
      },
    });
  } finally {
    await server?.stop();
    await reaper.end();
  }
}

/** The same with what servers on it need. */
export function withPrivateWorld<Result>(
  body: (world: ServerWorld, postgres: PrivatePostgres) => Promise<Result>,
): Promise<Result> {
  return withPrivatePostgres((postgres) =>
    withWorldOn(postgres.database, (world) => body(world, postgres), postgres.reaper),
  );
}
