import fc from 'fast-check';
import { expect, test } from 'vitest';
import { query } from '../../services/store/pool.ts';
import { textArray } from '../../services/store/text-array.ts';
import { withDatabase } from '../support/postgres.ts';

const storable = fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => !text.includes('\0'));

test('arrives in PostgreSQL as the texts that it was made of', async () => {
  await withDatabase(async ({ owner }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(storable), { maxLength: 20 }), async (items) => {
        const [row] = await query(owner, 'select to_json($1::text[]) as items', [textArray(items)]);

        expect(row).toEqual({ items });
      }),
      { numRuns: 100, examples: [[[]], [[null]], [['', null, '{"a,\\b"}', 'NULL', '\ud83d\ude00']]] },
    );
  });
});

test('keeps half a surrogate pair as the replacement character, and a NUL out', async () => {
  await withDatabase(async ({ owner }) => {
    const read = (item: string) => query(owner, 'select $1::text[] as items', [textArray([item])]);

    expect(await read('\ud83d')).toEqual([{ items: ['\ufffd'] }]);
    await expect(read('a\0b')).rejects.toMatchObject({ code: 'invalid_request' });
  });
});
