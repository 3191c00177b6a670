import { describe, expect, test } from 'vitest';
import { createDelivery } from '../../services/ledger/delivery.ts';
import { uuidv7 } from '../../services/pdp/uuid.ts';
import type { Database } from '../../services/store/database.ts';
import { createPartitions } from '../../services/store/decision-partitions.ts';
import { withDatabase } from '../support/postgres.ts';
import { spoolLines } from './support/spool.ts';

/** Far from the months that migrating makes by itself. */
const NOVEMBER = new Date('2040-11-22T10:00:00Z');

describe('the partitions of the decision log', () => {
  test('are made for every month asked for, across the year, and only once', async () => {
    await withDatabase(async ({ owner }) => {
      const made = await createPartitions(owner, NOVEMBER, 3);

      expect(made).toEqual([
        'decisions_2040_11',
        'decision_inputs_2040_11',
        'decisions_2040_12',
        'decision_inputs_2040_12',
        'decisions_2041_01',
        'decision_inputs_2041_01',
      ]);
      expect(await createPartitions(owner, NOVEMBER, 3)).toEqual([]);
    });
  });

  test('take what belongs to their month, to the millisecond, and the default partition takes the rest', async () => {
    await withDatabase(async ({ owner, serving }) => {
      await createPartitions(owner, NOVEMBER, 1);
      const times = [
        ['2040-10-31T23:59:59.999Z', 'decisions_default'],
        ['2040-11-01T00:00:00.000Z', 'decisions_2040_11'],
        ['2040-11-30T23:59:59.999Z', 'decisions_2040_11'],
        ['2040-12-01T00:00:00.000Z', 'decisions_default'],
      ] as const;

      for (const [time, partition] of times) {
        expect(await partitionOf(owner, await insertAt(serving, time))).toBe(partition);
      }
    });
  });

  test('take over the rows that came before them', async () => {
    await withDatabase(async ({ owner, serving }) => {
      const ids = [
        await insertAt(serving, '2040-11-05T00:00:00Z'),
        await insertAt(serving, '2040-12-05T00:00:00Z'),
      ];
      await createPartitions(owner, NOVEMBER, 2);

      expect(await Promise.all(ids.map((id) => partitionOf(owner, id)))).toEqual([
        'decisions_2040_11',
        'decisions_2040_12',
      ]);
    });
  });

  test('may be made by several at the same time, while rows come in', async () => {
    await withDatabase(async ({ owner, serving }) => {
      const delivery = createDelivery(serving);
      const lines = await spoolLines(90, NOVEMBER.getTime());
      const deliveries = lines.map((line) => delivery.deliver([line], new AbortController().signal));
      await Promise.all([
        createPartitions(owner, NOVEMBER, 2),
        createPartitions(owner, NOVEMBER, 2),
        ...deliveries,
      ]);

      const { rows } = await owner.query<{ name: string; count: string }>(
        'select tableoid::regclass::text as name, count(*) from decisions group by 1',
      );
      expect(rows).toEqual([{ name: 'decisions_2040_11', count: '90' }]);
      expect(delivery.stats()).toMatchObject({ refused: 0, delivered: 90 });
    });
  });
});

describe('the serving role', () => {
  test.each([
    'update decisions set decision = null',
    'delete from decisions',
    'truncate decisions',
    'update decision_inputs set ciphertext = null',
    'delete from decision_inputs',
    'delete from refused_records',
    'delete from decisions_default',
    'select * from decision_inputs_default',
    'drop table decisions',
  ])('may not run: %s', async (statement) => {
    await withDatabase(async ({ serving }) => {
      await expect(serving.query(statement)).rejects.toMatchObject({ code: '42501' });
    });
  });
});

describe('the erasing role', () => {
  test('may delete inputs, and may change no record', async () => {
    await withDatabase(async ({ owner }) => {
      const eraser = await owner.connect();
      await eraser.query('set role palisade_erasing');

      await eraser.query(
        'delete from decision_inputs where decision_id in (select decision_id from decisions)',
      );
      for (const statement of [
        'delete from decisions',
        'update decisions set record = null',
        'select ciphertext from refused_records',
      ]) {
        await expect(eraser.query(statement)).rejects.toThrow();
      }
      await eraser.query('reset role');
      eraser.release();
    });
  });
});

async function insertAt(database: Database, time: string): Promise<string> {
  const id = uuidv7(Date.parse(time));
  await database.query(
    `insert into decisions (decision_id, kind, time, subject, reason_code, trace_id, process_id, boot_id, seq, record)
     values ($1, 'error', $2, '', '', '', 'p', gen_random_uuid(), 0, '{}')`,
    [id, time],
  );
  return id;
}

async function partitionOf(database: Database, id: string): Promise<string | undefined> {
  const { rows } = await database.query<{ name: string }>(
    'select tableoid::regclass::text as name from decisions where decision_id = $1',
    [id],
  );
  return rows[0]?.name;
}
