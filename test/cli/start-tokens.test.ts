import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keepLocalTokens } from '../../services/cli/start/tokens.ts';
import { readRecord } from '../../services/ledger/record.ts';
import { verifyChains } from '../../services/ledger/verify.ts';
import {
  ADMINISTRATIVE_ROLES,
  activeCredentials,
  insertCredential,
} from '../../services/store/credentials.ts';
import { aCredential } from '../store/samples.ts';
import { type OpenTestDatabase, withDatabase } from '../support/postgres.ts';

function withHome(body: (database: OpenTestDatabase, home: string) => Promise<void>): Promise<void> {
  return withDatabase(async (database) => {
    const home = await mkdtemp(join(tmpdir(), 'palisade-home-'));
    try {
      await body(database, home);
    } finally {
      await rm(home, { recursive: true });
    }
  });
}

async function admins({ owner }: OpenTestDatabase): Promise<string[]> {
  const { credentials } = await activeCredentials(owner);

  return credentials.filter(({ roles }) => roles.includes('admin')).map(({ id }) => id);
}

async function records({ owner }: OpenTestDatabase) {
  const { rows } = await owner.query<{ record: string }>('select record from decisions order by seq');

  return rows.map(({ record }) => readRecord(record));
}

test('palisade start makes its admin anew in its own database, beside others, and records each', async () => {
  await withHome(async (database, home) => {
    const { owner } = database;
    await keepLocalTokens(owner, home, true);
    const [first] = await admins(database);
    const other = aCredential({ roles: ADMINISTRATIVE_ROLES, stores: ['*'] });
    await insertCredential(owner, other);
    await keepLocalTokens(owner, home, true);
    await rm(join(home, 'admin.token'));
    await keepLocalTokens(owner, home, true);

    const left = await admins(database);
    expect(left).toHaveLength(2);
    expect(left).toContain(other.id);
    expect(left).not.toContain(first);
    expect(left).toContain((await readFile(join(home, 'admin.token'), 'utf8')).split('_')[1]);
    expect(await records(database)).toMatchObject([
      { action: 'start', author: 'palisade start', admin: { credential: { id: first }, revoked: [] } },
      {
        action: 'start',
        admin: { good_before: { length: 2 }, revoked: [{ id: first, name: 'local-admin' }] },
      },
    ]);
    expect(await verifyChains(owner, 'all')).toMatchObject({ records: 2, chains: 1, problems: 0 });
  });
});

test('palisade start makes an admin in the database of others only where none is good, and then says what to do', async () => {
  await withHome(async (database, home) => {
    const file = join(home, 'admin.token');
    await keepLocalTokens(database.owner, home, false);
    const made = await admins(database);
    expect(made).toHaveLength(1);

    await writeFile(file, 'lost\n');
    await expect(keepLocalTokens(database.owner, home, false)).rejects.toThrow(
      /an admin credential exists .*local-admin .*\n.*palisade recover NAME .*--force/,
    );
    expect(await admins(database)).toEqual(made);
    expect(await readFile(file, 'utf8')).toBe('lost\n');
    expect(await records(database)).toHaveLength(1);
  });
});
