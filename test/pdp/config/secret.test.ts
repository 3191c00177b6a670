import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../../services/pdp/config/config.ts';
import { ConfigError } from '../../../services/pdp/config/config-error.ts';
import { readSecret } from '../../../services/pdp/config/secret.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-secret-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a secret', () => {
  const path = join(folder, 'token');
  writeFileSync(path, 'pal_x\n');

  test('comes from its variable, from a file, or from neither', () => {
    expect(readSecret('PALISADE_TOKEN', { PALISADE_TOKEN: 'pal_x' })).toBe('pal_x');
    expect(readSecret('PALISADE_TOKEN', { PALISADE_TOKEN_FILE: path })).toBe('pal_x');
    expect(readSecret('PALISADE_TOKEN', {})).toBeUndefined();
  });

  test('comes from one of them only', () => {
    const both = { PALISADE_TOKEN: 'pal_x', PALISADE_TOKEN_FILE: path };

    expect(() => readSecret('PALISADE_TOKEN', both)).toThrow(ConfigError);
  });

  test('is missed where its file is', () => {
    expect(() => readSecret('PALISADE_TOKEN', { PALISADE_TOKEN_FILE: `${path}.missing` })).toThrow(
      'PALISADE_TOKEN_FILE cannot be read: ENOENT',
    );
  });

  test('of another command is no unknown variable to serve, as a file neither', () => {
    const environment = {
      PALISADE_DATABASE_URL: 'postgres://localhost/palisade',
      PALISADE_SPOOL_DIR: '/var/lib/palisade/spool',
      PALISADE_KEYRING_FILE: '/etc/palisade/keyring.json',
      PALISADE_MIGRATE_DATABASE_URL_FILE: path,
      PALISADE_TOKEN_FILE: path,
    };

    expect(() => readConfig(environment)).not.toThrow();
  });
});
