import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../services/engine/limits.ts';
import { insertBundle } from '../../services/store/bundles.ts';
import { activate } from '../../services/store/change-deployment.ts';
import { createStore, currentDeployments, listStores } from '../../services/store/deployments.ts';
import {
  changedEntities,
  type EntityVersion,
  entitiesAt,
  entityAt,
  stateSequences,
} from '../../services/store/entities.ts';
import { withTransaction } from '../../services/store/pool.ts';
import { type EntityChange, writeEntities } from '../../services/store/write-entities.ts';
import { type OpenTestDatabase, withDatabase } from '../support/postgres.ts';
import { aBundle } from './samples.ts';

type Serving = OpenTestDatabase['serving'];

const ALICE = { type: 'User', id: 'alice' };
const BOB = { type: 'User', id: 'bob' };

function put(uid: EntityChange['uid'], level = '1', expectedSequence?: bigint): EntityChange {
  const document = `{"uid":${JSON.stringify(uid)},"attrs":{"level":${level}},"parents":[]}`;

  return { uid, document, ...(expectedSequence === undefined ? {} : { expectedSequence }) };
}

function write(serving: Serving, changes: readonly EntityChange[], store = 'default'): Promise<bigint> {
  return withTransaction(serving, (client) =>
    writeEntities(client, { store, changes, author: 'ada', recordId: randomUUID() }),
  );
}

async function heldAt(serving: Serving, sequence: bigint, store = 'default'): Promise<string[]> {
  const held = await entitiesAt(serving, store, { sequence, limit: 100 });

  return held.map(({ type, id, document }) => `${type} ${id} ${/"level":(-?\d+)/.exec(document)?.[1]}`);
}

async function changedAfter(serving: Serving, after: bigint, upTo: bigint): Promise<EntityVersion[]> {
  const all: EntityVersion[] = [];
  for await (const page of changedEntities(serving, 'default', { after, upTo })) all.push(...page);

  return all;
}

function activateOne(serving: Serving, expectedSequence: bigint) {
  const { digest } = aBundle();

  return activate(serving, { store: 'default', digest, expectedSequence, author: 'ada', reason: '' });
}

describe('writeEntities', () => {
  test('leaves what was held at every earlier sequence readable', async () => {
    await withDatabase(async ({ serving }) => {
      expect(await write(serving, [put(ALICE), put(BOB)])).toBe(1n);
      expect(await write(serving, [put(ALICE, '2')])).toBe(2n);
      expect(await write(serving, [{ uid: BOB, document: null }])).toBe(3n);
      expect(await write(serving, [put(BOB, '9223372036854775807')])).toBe(4n);

      expect(await heldAt(serving, 0n)).toEqual([]);
      expect(await heldAt(serving, 1n)).toEqual(['User alice 1', 'User bob 1']);
      expect(await heldAt(serving, 2n)).toEqual(['User alice 2', 'User bob 1']);
      expect(await heldAt(serving, 3n)).toEqual(['User alice 2']);
      expect(await heldAt(serving, 4n)).toEqual(['User alice 2', 'User bob 9223372036854775807']);
      expect(await entityAt(serving, 'default', BOB, 3n)).toBeUndefined();
      expect(await entityAt(serving, 'default', BOB, 2n)).toMatchObject({ sequence: 1n, author: 'ada' });
    });
  });

  test('shares its sequence with deployments, whose own numbers and expectations it leaves alone', async () => {
    await withDatabase(async ({ serving }) => {
      await insertBundle(serving, aBundle());
      expect(await activateOne(serving, 0n)).toMatchObject({ sequence: 1n, stateSequence: 1n });
      expect(await write(serving, [put(ALICE)])).toBe(2n);
      expect(await write(serving, [put(BOB)])).toBe(3n);

      const second = await activateOne(serving, 1n);

      expect(second).toMatchObject({ sequence: 2n, stateSequence: 4n });
      expect(await currentDeployments(serving)).toEqual([second]);
      expect(await stateSequences(serving)).toEqual(
        new Map([
          [
            'default',
            {
              state: 4n,
              deployment: 2n,
              lastWrite: { sequence: 3n, recordId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
            },
          ],
        ]),
      );
      expect(await listStores(serving)).toMatchObject([{ sequence: 2n }]);
    });
  });

  test('gives writers and a deployment at once different numbers without a gap', async () => {
    await withDatabase(async ({ serving }) => {
      await insertBundle(serving, aBundle());
      const [deployment, ...writes] = await Promise.all([
        activateOne(serving, 0n),
        ...Array.from({ length: 6 }, (_, index) => write(serving, [put(ALICE, `${index}`)])),
      ]);

      const numbers = [deployment.stateSequence, ...writes].toSorted((one, other) => Number(one - other));
      expect(numbers).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n]);
    });
  });

  test('lets one of two writers win that saw the same version', async () => {
    await withDatabase(async ({ serving }) => {
      await write(serving, [put(ALICE)]);

      const results = await Promise.allSettled([
        write(serving, [put(ALICE, '2', 1n)]),
        write(serving, [put(ALICE, '3', 1n)]),
      ]);

      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
        reason: { code: 'conflict', field: 'entities[0].expected_sequence' },
      });
      expect((await stateSequences(serving)).get('default')?.state).toBe(2n);
    });
  });

  test('refuses what it cannot keep or was not meant, and writes nothing of the rest', async () => {
    const refused: readonly (readonly [what: string, change: readonly EntityChange[], code: string])[] = [
      ['it should not be there and is', [put(ALICE, '2', 0n)], 'conflict'],
      ['it should be there and is not', [put(BOB, '2', 1n)], 'conflict'],
      ['a deletion of what is not there', [{ uid: BOB, document: null }], 'not_found'],
      ['an entity twice', [put(BOB), put(BOB, '2')], 'invalid_request'],
      ['a deletion of what it puts', [put(BOB), { uid: BOB, document: null }], 'invalid_request'],
      ['a NUL in an id', [put({ type: 'User', id: 'a\0b' })], 'invalid_request'],
      ['a lone surrogate in an id', [put({ type: 'User', id: '\ud800' })], 'invalid_request'],
      ['an id of too many bytes', [put({ type: 'User', id: 'é'.repeat(513) })], 'too_large'],
      ['a document of too many bytes', [put(BOB, '1'.repeat(LIMITS.stored_entity_bytes))], 'too_large'],
      [
        'too many changes',
        Array.from({ length: LIMITS.stored_entity_changes }, (_, at) => put({ type: 'Group', id: `${at}` })),
        'too_large',
      ],
    ];
    await withDatabase(async ({ serving }) => {
      await write(serving, [put(ALICE)]);
      await expect(write(serving, [])).rejects.toMatchObject({ code: 'invalid_request' });
      const carol = put({ type: 'User', id: 'carol' });
      for (const [what, changes, code] of refused) {
        await expect(write(serving, [carol, ...changes]), what).rejects.toMatchObject({ code });
      }

      expect(await heldAt(serving, 9n)).toEqual(['User alice 1']);
      expect((await stateSequences(serving)).get('default')?.state).toBe(1n);
    });
  });

  test('takes the longest id and document that the limits admit', async () => {
    await withDatabase(async ({ serving }) => {
      const uid = { type: 'T'.repeat(LIMITS.stored_entity_id_bytes), id: 'é'.repeat(512) };
      await write(serving, [{ uid, document: `"${'x'.repeat(LIMITS.stored_entity_bytes - 2)}"` }]);

      expect(await entityAt(serving, 'default', uid, 1n)).toMatchObject(uid);
    });
  });

  test('holds a store to its limit of entities, and lets it replace and delete at the limit', async () => {
    await withDatabase(async ({ owner, serving }) => {
      await write(serving, [put(ALICE)]);
      await owner.query('update stores set entity_count = $1', [LIMITS.stored_entities]);

      await expect(write(serving, [put(BOB)])).rejects.toMatchObject({
        code: 'too_large',
        limit: { name: 'stored_entities', max: LIMITS.stored_entities },
      });
      await write(serving, [put(ALICE, '2')]);
      await write(serving, [{ uid: ALICE, document: null }, put(BOB)]);
      await write(serving, [{ uid: BOB, document: null }]);

      const { rows } = await owner.query('select entity_count from stores');
      expect(rows).toEqual([{ entity_count: String(LIMITS.stored_entities - 1) }]);
    });
  });

  test('keeps the entities of one store from another', async () => {
    await withDatabase(async ({ serving }) => {
      await createStore(serving, 'other');
      await write(serving, [put(ALICE)]);
      await write(serving, [put(ALICE, '7')], 'other');

      expect(await heldAt(serving, 9n)).toEqual(['User alice 1']);
      expect(await heldAt(serving, 9n, 'other')).toEqual(['User alice 7']);
      await expect(write(serving, [put(ALICE)], 'nowhere')).rejects.toMatchObject({ code: 'not_found' });
    });
  });
});

test('lists by type in pages of one moment, ordered by bytes', async () => {
  await withDatabase(async ({ serving }) => {
    const ids = ['b', 'a', 'B', 'é', ''];
    await write(serving, [...ids.map((id) => put({ type: 'User', id })), put({ type: 'Group', id: 'a' })]);

    const listing = { sequence: 1n, type: 'User', limit: 2 };
    const first = await entitiesAt(serving, 'default', listing);
    await write(serving, [
      put({ type: 'User', id: 'aa' }),
      { uid: { type: 'User', id: 'b' }, document: null },
    ]);
    const second = await entitiesAt(serving, 'default', { ...listing, after: { type: 'User', id: 'B' } });
    const third = await entitiesAt(serving, 'default', { ...listing, after: { type: 'User', id: 'b' } });

    expect([first, second, third].map((page) => page.map(({ id }) => id))).toEqual([
      ['', 'B'],
      ['a', 'b'],
      ['é'],
    ]);
  });
});

test('tells what was written between two sequences, in their order and over pages', async () => {
  await withDatabase(async ({ serving }) => {
    const many = Array.from({ length: 5_001 }, (_, index) => put({ type: 'User', id: `u${index}` }));
    await write(serving, [put(ALICE)]);
    await write(serving, many.slice(0, 3_000));
    await write(serving, many.slice(3_000));
    await write(serving, [{ uid: ALICE, document: null }]);
    await write(serving, [put(BOB)]);

    const changed = await changedAfter(serving, 1n, 4n);

    expect(changed).toHaveLength(5_002);
    expect(new Set(changed.map(({ id }) => id)).size).toBe(5_002);
    expect(changed.at(-1)).toEqual({ ...ALICE, document: null, sequence: 4n });
    expect(changed[0]?.sequence).toBe(2n);
    expect(await changedAfter(serving, 5n, 5n)).toEqual([]);
  });
});

test('the table holds to its bounds without the code above it', async () => {
  await withDatabase(async ({ serving }) => {
    const insert = `insert into entity_versions (store, type, id, sequence, document, author, record_id)
      values ('default', $1, $2, 1, $3, 'ada', gen_random_uuid())`;
    for (const values of [
      ['', 'a', null],
      ['User', 'x'.repeat(1_025), null],
      ['User', 'a', 'x'.repeat(LIMITS.stored_entity_bytes + 1)],
    ]) {
      await expect(serving.query(insert, values)).rejects.toMatchObject({ code: '23514' });
    }
  });
});
