import { readFileSync } from 'node:fs';
import { CliError, EXIT } from './errors.ts';

const NAME = 'PALISADE_MIGRATE_DATABASE_URL';

/**
 * The URL of the role that migrates, from its variable or the file that `…_FILE` names.
 * @throws CliError where neither is set.
 */
export function migrationConnection(environment: NodeJS.ProcessEnv = process.env): string {
  const file = environment[`${NAME}_FILE`];
  const url = environment[NAME] ?? (file === undefined ? undefined : readFileSync(file, 'utf8').trim());
  if (url !== undefined && url !== '') return url;

  throw new CliError(
    `${NAME} is not set: it names the role that owns the tables, such as postgres://owner@host/palisade`,
    EXIT.usage,
  );
}
