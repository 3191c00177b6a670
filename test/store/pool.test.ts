import { describe, expect, test } from 'vitest';
import { PdpError } from '../../services/engine/error.ts';
import { connectionUrl } from '../../services/store/embedded/database.ts';
import { createPool, query, withTransaction } from '../../services/store/pool.ts';
import { withDatabase } from '../support/postgres.ts';

const KILL_OTHERS = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`;

describe('withTransaction', () => {
  test('commits what returned and takes back what threw', async () => {
    await withDatabase(async ({ owner }) => {
      await owner.query('create table t (n int)');

      const result = await withTransaction(owner, async (client) => {
        await client.query('insert into t values (1)');
        return 'done';
      });
      const failure = withTransaction(owner, async (client) => {
        await client.query('insert into t values (2)');
        throw new Error('changed my mind');
      });

      await expect(failure).rejects.toThrow('changed my mind');
      expect(result).toBe('done');
      expect(await query(owner, 'select n from t')).toEqual([{ n: 1 }]);
    });
  });

  test('gives every connection back, failed or not', async () => {
    await withDatabase(async ({ ownerUrl }) => {
      const pool = createPool({ connection: ownerUrl, max: 1 });
      for (let round = 0; round < 5; round++) {
        await expect(withTransaction(pool, (client) => query(client, 'select 1 / 0'))).rejects.toThrow(
          PdpError,
        );
      }

      expect(await withTransaction(pool, (client) => query(client, 'select 1 as n'))).toEqual([{ n: 1 }]);
      await pool.end();
    });
  });

  test('survives a connection that dies within the transaction', async () => {
    await withDatabase(async ({ owner, serving }) => {
      const failure = withTransaction(serving, async (client) => {
        await owner.query(KILL_OTHERS);
        await query(client, 'select 1');
      });

      await expect(failure).rejects.toMatchObject({ code: 'unavailable' });
      expect(await withTransaction(serving, (client) => query(client, 'select 1 as n'))).toEqual([{ n: 1 }]);
    });
  });
});

describe('createPool', () => {
  test('reports idle connections that died, and goes on with new ones', async () => {
    await withDatabase(async ({ owner, servingUrl }) => {
      const errors: Error[] = [];
      const pool = createPool({ connection: servingUrl, onIdleError: (error) => errors.push(error) });
      await Promise.all([query(pool, 'select pg_sleep(0.1)'), query(pool, 'select pg_sleep(0.1)')]);

      await owner.query(KILL_OTHERS);
      await expect.poll(() => errors.length, { timeout: 5_000 }).toBe(2);

      expect(await query(pool, 'select 1 as n')).toEqual([{ n: 1 }]);
      await pool.end();
    });
  });

  test('limits the time of a statement on the server', async () => {
    await withDatabase(async ({ serving }) => {
      const rows = await query(
        serving,
        `select current_setting('statement_timeout') as timeout, application_name
        from pg_stat_activity where pid = pg_backend_pid()`,
      );

      expect(rows).toEqual([{ timeout: '10s', application_name: 'palisade' }]);
    });
  });

  test('reaches a socket through a URL', async () => {
    const url = connectionUrl({ host: '/tmp/a "b, c', user: 'palisade_owner', database: 'palisade' });
    const pool = createPool({ connection: url });

    await expect(query(pool, 'select 1')).rejects.toMatchObject({
      code: 'unavailable',
      cause: { code: 'ENOENT', address: '/tmp/a "b, c/.s.PGSQL.5432' },
    });
    await pool.end();
  });
});

describe('query', () => {
  test.each([
    ['postgres://x@127.0.0.1:1/x', 'unavailable'],
    ['postgres://x@localhost/x?host=/nonexistent', 'unavailable'],
  ])('says that %s is not available, and no more', async (connection, code) => {
    const pool = createPool({ connection });

    await expect(query(pool, 'select 1')).rejects.toMatchObject({
      code,
      message: 'the database is not available',
    });
    await pool.end();
  });

  test.each([
    ['a login that is refused', 'no_such_role', undefined],
    ['a database that is missing', undefined, 'no_such_database'],
  ])('says that the database is not available to %s', async (_, user, database) => {
    await withDatabase(async ({ ownerUrl }) => {
      const url = new URL(ownerUrl);
      if (user !== undefined) url.username = user;
      if (database !== undefined) url.pathname = `/${database}`;
      const pool = createPool({ connection: url.href });

      await expect(query(pool, 'select 1')).rejects.toMatchObject({ code: 'unavailable' });
      await pool.end();
    });
  });

  test.each([
    ['a NUL in a text', 'select $1::text', ['secret\u0000'], 'invalid_request'],
    [
      'a statement that takes too long',
      `set statement_timeout = 10; select pg_sleep(1), 'secret'`,
      [],
      'unavailable',
    ],
    ['wrong SQL', 'select secret from nowhere', [], 'internal'],
    ['a broken constraint', `insert into stores (name) values ('Secret')`, [], 'invalid_request'],
  ])('keeps SQL and values out of the message of %s', async (_, text, values, code) => {
    await withDatabase(async ({ serving }) => {
      const error: unknown = await query(serving, text, values).catch((thrown: unknown) => thrown);

      expect(error).toBeInstanceOf(PdpError);
      expect(error).toMatchObject({ code, cause: expect.any(Error) });
      expect(String(error)).not.toMatch(/secret|select|stores/i);
    });
  });
});
