import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { verifyChains } from '../../services/ledger/verify.ts';
import { type OpenTestDatabase, withDatabase } from '../support/postgres.ts';
import { decision } from './support/entries.ts';
import { newKeyring, open, record, withFolder } from './support/ledgers.ts';

const RECORDS = 1_203;

/** A database with one chain of records, every third of store `payments`. */
function withChain(
  body: (database: OpenTestDatabase, ids: readonly string[]) => Promise<void>,
): Promise<void> {
  return withDatabase(async (database) =>
    withFolder(async (folder) => {
      const keyring = await newKeyring(folder);
      const ledger = await open({ directory: join(folder, 'spool'), keyring, pool: database.serving });
      const ids = await Promise.all(
        Array.from({ length: RECORDS }, (_none, index) =>
          record(ledger, decision({ store: index % 3 === 0 ? 'payments' : 'default' })),
        ),
      );
      await ledger.flush(20_000);
      await ledger.close();
      await body(database, ids);
    }),
  );
}

async function change({ owner }: OpenTestDatabase, statement: string, ...values: unknown[]): Promise<void> {
  const { rowCount } = await owner.query(statement, values);
  expect(rowCount).toBeGreaterThan(0);
}

describe('verifying the log', () => {
  test('passes every record of an untouched chain', async () => {
    await withChain(async ({ serving }) => {
      expect(await verifyChains(serving, 'all')).toEqual({
        records: RECORDS,
        chains: 1,
        findings: [],
        problems: 0,
        refused: 0,
      });
    });
  });

  test('finds a removed record', async () => {
    await withChain(async (database, ids) => {
      await change(database, 'delete from decisions where decision_id = $1', ids[700]);

      expect(await verifyChains(database.serving, 'all')).toMatchObject({
        records: RECORDS - 1,
        findings: [{ problem: 'gap', seq: 701, decision_id: ids[701], detail: '700 to 700 are missing' }],
      });
    });
  });

  test('finds a chain whose head is gone', async () => {
    await withChain(async (database) => {
      await change(database, 'delete from decisions where seq < 5');

      expect(await verifyChains(database.serving, 'all')).toMatchObject({
        findings: [{ problem: 'missing_head', seq: 5 }],
      });
    });
  });

  test('finds an edited record, at the one that was written after it', async () => {
    await withChain(async (database, ids) => {
      await change(
        database,
        `update decisions set decision = 'allow', record = replace(record, '"decision":"deny"', '"decision":"allow"') where decision_id = $1`,
        ids[10],
      );

      expect(await verifyChains(database.serving, 'all')).toMatchObject({
        findings: [{ problem: 'edit', seq: 11 }],
      });
    });
  });

  test('finds a column that says another thing than the record', async () => {
    await withChain(async (database, ids) => {
      await change(database, `update decisions set decision = 'allow' where decision_id = $1`, ids[10]);

      expect(await verifyChains(database.serving, 'all')).toMatchObject({
        findings: [{ problem: 'columns', seq: 10, decision_id: ids[10], detail: 'differing: decision' }],
      });
    });
  });

  test('finds a second record at the same place', async () => {
    await withChain(async (database, ids) => {
      await change(
        database,
        `insert into decisions select (jsonb_populate_record(decisions, jsonb_build_object(
           'decision_id', 'ffffffff-ffff-7fff-8fff-ffffffffffff',
           'record', replace(record, decision_id::text, 'ffffffff-ffff-7fff-8fff-ffffffffffff')))).*
         from decisions where decision_id = $1`,
        ids[10],
      );

      expect(await verifyChains(database.serving, 'all')).toMatchObject({
        findings: [{ problem: 'fork', seq: 10 }],
      });
    });
  });

  test('does not mind that inputs were erased or that the end is still in a spool', async () => {
    await withChain(async (database) => {
      await change(database, 'delete from decision_inputs');
      await change(database, 'delete from decisions where seq > 1000');

      expect(await verifyChains(database.serving, 'all')).toMatchObject({ records: 1_001, findings: [] });
    });
  });

  test('tells of records in other stores nothing but their place', async () => {
    await withChain(async (database, ids) => {
      await change(database, 'delete from decisions where decision_id = any($1)', [ids[2], ids[6]]);
      const { findings } = await verifyChains(database.serving, ['default']);

      expect(findings).toMatchObject([
        { problem: 'gap', seq: 3, decision_id: null },
        { problem: 'gap', seq: 7, decision_id: ids[7] },
      ]);
    });
  });
});
