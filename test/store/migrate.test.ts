import { readdir } from 'node:fs/promises';
import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { assertMigrated, migrate } from '../../services/store/migrate.ts';
import { assertSupportedServer, createPool } from '../../services/store/pool.ts';
import { createTestDatabase, testServer, withDatabase, withDatabaseName } from '../support/postgres.ts';

async function migrationNames(): Promise<string[]> {
  const files = await readdir(new URL('../../migrations/', import.meta.url));

  return files.map((file) => file.replace(/\.sql$/, '')).sort();
}

async function withEmptyDatabase(body: (url: string, pool: pg.Pool) => Promise<void>): Promise<void> {
  const database = await createTestDatabase({ empty: true });
  const pool = createPool({ connection: database.ownerUrl });
  try {
    await body(database.ownerUrl, pool);
  } finally {
    await pool.end();
    await database.drop();
  }
}

describe('migrate', () => {
  test('runs every file once, in the order of their numbers', async () => {
    await withEmptyDatabase(async (url, pool) => {
      expect(await migrate(url)).toEqual(await migrationNames());
      expect(await migrate(url)).toEqual([]);
      await assertMigrated(pool);
    });
  });

  test('lets twenty runners at once all succeed, and runs each file once', async () => {
    await withEmptyDatabase(async (url) => {
      const results = await Promise.all(Array.from({ length: 20 }, () => migrate(url)));

      expect(results.flat()).toEqual(await migrationNames());
    });
  });

  test('refuses a database that a newer version has migrated', async () => {
    await withDatabase(async ({ owner, ownerUrl }) => {
      await owner.query(`insert into palisade_migrations (name, run_on) values ('9999_future', now())`);

      await expect(migrate(ownerUrl)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('9999_future'),
      });
    });
  });

  test('says which rights the migrating role lacks', async () => {
    const { servingUrl } = testServer();
    const database = await createTestDatabase({ empty: true });
    try {
      await expect(migrate(withDatabaseName(servingUrl, database.name))).rejects.toMatchObject({
        code: 'internal',
        message: expect.stringContaining('permission denied'),
      });
    } finally {
      await database.drop();
    }
  });

  test('says that there is no database', async () => {
    await expect(migrate('postgres://nobody@localhost/none?host=/nonexistent')).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

describe('assertMigrated', () => {
  test('passes for the serving role', async () => {
    await withDatabase(async ({ serving }) => {
      await assertMigrated(serving);
    });
  });

  test('refuses an empty database, with the remedy', async () => {
    await withEmptyDatabase(async (_, pool) => {
      await expect(assertMigrated(pool)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('run palisade migrate'),
      });
    });
  });

  test('refuses a database that lacks a migration, and names it', async () => {
    await withDatabase(async ({ owner, serving }) => {
      const [last] = (await migrationNames()).slice(-1);
      await owner.query('delete from palisade_migrations where name = $1', [last]);

      await expect(assertMigrated(serving)).rejects.toMatchObject({
        message: expect.stringMatching(new RegExp(`${last}.*palisade migrate`)),
      });
    });
  });

  test('refuses a database that a newer version has migrated', async () => {
    await withDatabase(async ({ owner, serving }) => {
      await owner.query(`insert into palisade_migrations (name, run_on) values ('9999_future', now())`);

      await expect(assertMigrated(serving)).rejects.toMatchObject({
        message: expect.stringContaining('9999_future'),
      });
    });
  });

  test('tells a role without rights what to grant', async () => {
    await withDatabase(async ({ owner, serving }) => {
      await owner.query('revoke select on palisade_migrations from palisade_serving');

      await expect(assertMigrated(serving)).rejects.toMatchObject({
        message: expect.stringContaining('grant palisade_serving'),
      });
    });
  });
});

describe('assertSupportedServer', () => {
  test('accepts the server of this run', async () => {
    await withDatabase(async ({ serving }) => {
      await assertSupportedServer(serving);
    });
  });

  test('refuses PostgreSQL 14, and says what is needed', async () => {
    await withDatabase(async ({ owner }) => {
      const client = await owner.connect();
      try {
        // A schema that shadows the function makes this server say what an old one would.
        await client.query('create schema old');
        await client.query(
          `create function old.current_setting(text) returns text language sql as $$ select '140012' $$`,
        );
        await client.query('set search_path = old, pg_catalog');

        await expect(assertSupportedServer(client)).rejects.toMatchObject({
          code: 'unavailable',
          message: 'the database is PostgreSQL 14; Palisade needs 15 or newer',
        });
      } finally {
        client.release(true);
      }
    });
  });
});
