import { join } from 'node:path';
import { ConfigError } from '../../pdp/config/config-error.ts';
import { readSecret } from '../../pdp/config/secret.ts';
import { postgresUrl } from '../../pdp/config/values.ts';
import { startEmbeddedPostgres } from '../../store/embedded/embedded-postgres.ts';
import type { DatabaseConnection } from '../../store/pool.ts';

/** The database of a `palisade start`: its own, or the one that PALISADE_DATABASE_URL names. */
export interface StartDatabase {
  /** May create tables. */
  readonly owner: DatabaseConnection;
  readonly serving: DatabaseConnection;
  /** Whether it is that of this folder alone. */
  readonly own: boolean;
  /** For people. */
  readonly description: string;
  stop(): Promise<void>;
}

/** @throws PdpError `unavailable` with the remedy, where no PostgreSQL can run here; ConfigError for a malformed URL. */
export async function openStartDatabase(
  home: string,
  environment: NodeJS.ProcessEnv,
  onIncident: (message: string, cause?: unknown) => void,
): Promise<StartDatabase> {
  const external = readUrl('PALISADE_DATABASE_URL', environment);
  if (external !== undefined) {
    return {
      owner: readUrl('PALISADE_MIGRATE_DATABASE_URL', environment) ?? external,
      serving: external,
      own: false,
      description: 'external, from PALISADE_DATABASE_URL',
      stop: async () => undefined,
    };
  }

  const embedded = await startEmbeddedPostgres({ dataDir: join(home, 'postgres'), onIncident });

  return {
    owner: embedded.owner,
    serving: embedded.serving,
    own: true,
    description: `embedded PostgreSQL in ${join(home, 'postgres')}${embedded.reused ? ' (found running)' : ''}`,
    stop: embedded.stop,
  };
}

function readUrl(name: string, environment: NodeJS.ProcessEnv): string | undefined {
  const url = readSecret(name, environment);
  const parsed = postgresUrl.optional().safeParse(url);
  if (parsed.success) return parsed.data;

  throw new ConfigError(parsed.error.issues.map(({ message }) => `${name} ${message}`));
}
