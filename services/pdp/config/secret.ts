import { readFileSync } from 'node:fs';
import { ConfigError } from './config-error.ts';

/**
 * Reads a secret from its variable, or from the file that the variable's name with `_FILE` behind it names.
 * @returns `undefined` where neither is set.
 * @throws ConfigError where both are, because one of them would be silently wrong, or the file cannot be read.
 */
export function readSecret(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const path = environment[`${name}_FILE`];
  if (path === undefined) return environment[name];
  if (environment[name] !== undefined) {
    throw new ConfigError([`${name} and ${name}_FILE are both set; keep one`]);
  }

  try {
    return readFileSync(path, 'utf8').trim();
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new ConfigError([`${name}_FILE cannot be read: ${why}`]);
  }
}
