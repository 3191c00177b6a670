import { describe, expect, test } from 'vitest';
import { appendAsOwner, OWNER_PROCESS_ID } from '../../services/ledger/owner-chain.ts';
import { readRecord } from '../../services/ledger/record.ts';
import { verifyChains } from '../../services/ledger/verify.ts';
import { withTransaction } from '../../services/store/pool.ts';
import { type OpenTestDatabase, withDatabase } from '../support/postgres.ts';
import { refusal } from './support/entries.ts';

async function append({ owner }: OpenTestDatabase, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const entry = refusal();
    await withTransaction(owner, (client) => appendAsOwner(client, entry));
    ids.push(entry.decision_id);
  }

  return ids;
}

async function records({ serving }: OpenTestDatabase) {
  const { rows } = await serving.query<{ record: string }>('select record from decisions order by seq');

  return rows.map(({ record }) => readRecord(record));
}

describe('the records of the owner', () => {
  test('are one chain of the installation, which is verified as any other', async () => {
    await withDatabase(async (database) => {
      const ids = await append(database, 3);
      const { rows } = await database.owner.query('select id from installation');

      expect(
        (await records(database)).map(({ decision_id, process }) => [decision_id, process]),
      ).toMatchObject(
        ids.map((id, index) => [
          id,
          { process_id: OWNER_PROCESS_ID, boot_id: rows[0].id, seq: BigInt(index) },
        ]),
      );
      expect(await verifyChains(database.serving, 'all')).toMatchObject({
        records: 3,
        chains: 1,
        problems: 0,
      });
    });
  });

  test('show that one of them was taken away or edited', async () => {
    await withDatabase(async (database) => {
      const [first, second] = await append(database, 4);
      await database.owner.query(
        `update decisions set record = replace(record, 'anonymous', 'somebody') where decision_id = $1`,
        [first],
      );

      expect(await verifyChains(database.serving, 'all')).toMatchObject({
        findings: [
          { problem: 'columns', seq: 0 },
          { problem: 'edit', seq: 1 },
        ],
      });
      await database.owner.query('delete from decisions where decision_id = $1', [second]);
      expect(await verifyChains(database.serving, 'all')).toMatchObject({
        findings: [
          { problem: 'columns', seq: 0 },
          { problem: 'gap', seq: 2 },
        ],
      });
    });
  });

  test('go on where somebody puts a row at the end of all positions, which is found', async () => {
    await withDatabase(async (database) => {
      await append(database, 2);
      await database.serving.query(
        `insert into decisions (decision_id, kind, time, subject, reason_code, trace_id, process_id, boot_id, seq, record)
         select gen_random_uuid(), kind, time, subject, reason_code, trace_id, process_id, boot_id, 9223372036854775807, '{}'
         from decisions limit 1`,
      );

      await append(database, 1);
      expect(await verifyChains(database.serving, 'all')).toMatchObject({
        records: 4,
        findings: [{ problem: 'columns' }, { problem: 'gap' }],
      });
    });
  });

  test('are gone where their transaction is not committed', async () => {
    await withDatabase(async (database) => {
      const refused = withTransaction(database.owner, async (client) => {
        await appendAsOwner(client, refusal());
        throw new Error('not committed');
      });

      await expect(refused).rejects.toThrow('not committed');
      expect(await records(database)).toEqual([]);
    });
  });
});
