import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../store/embedded/embedded-postgres.ts';
import type { DatabaseConnection } from '../../store/pool.ts';

/** The database of a `palisade start`: its own, or the one that PALISADE_DATABASE_URL names. */
export interface StartDatabase {
  /** May create tables. */
  readonly owner: DatabaseConnection;
  readonly serving: DatabaseConnection;
  /** For people. */
  readonly description: string;
  stop(): Promise<void>;
}

/** @throws PdpError `unavailable` with the remedy, where no PostgreSQL can run here. */
export async function openStartDatabase(
  home: string,
  environment: NodeJS.ProcessEnv,
  onIncident: (message: string, cause?: unknown) => void,
): Promise<StartDatabase> {
  const external = environment['PALISADE_DATABASE_URL'];
  if (external !== undefined) {
    return {
      owner: environment['PALISADE_MIGRATE_DATABASE_URL'] ?? external,
      serving: external,
      description: 'external, from PALISADE_DATABASE_URL',
      stop: async () => undefined,
    };
  }

  const embedded = await startEmbeddedPostgres({ dataDir: join(home, 'postgres'), onIncident });

  return {
    owner: embedded.owner,
    serving: embedded.serving,
    description: `embedded PostgreSQL in ${join(home, 'postgres')}${embedded.reused ? ' (found running)' : ''}`,
    stop: embedded.stop,
  };
}
