import { readSecret } from '../pdp/config/secret.ts';
import { CliError, EXIT } from './errors.ts';

const NAME = 'PALISADE_MIGRATE_DATABASE_URL';

/**
 * The URL of the role that migrates, from its variable or the file that `…_FILE` names.
 * @throws CliError where neither is set; ConfigError where both are, or the file cannot be read.
 */
export function migrationConnection(environment: NodeJS.ProcessEnv = process.env): string {
  const url = readSecret(NAME, environment);
  if (url !== undefined && url !== '') return url;

  throw new CliError(
    `${NAME} is not set: it names the role that owns the tables, such as postgres://owner@host/palisade`,
    EXIT.usage,
  );
}
