import { beforeAll, describe, expect, test } from 'vitest';
import { createStore, uniqueName } from '../../support/shared-store.ts';
import { type SharedWorld, sharedWorld } from '../../support/shared-world.ts';
import { aStore, GOOD, idsOf, storeClient, team, told, user, WRITERS } from './support.ts';

let world: SharedWorld;

beforeAll(async () => {
  world = await sharedWorld();
});

describe('one entity', () => {
  test('is put, shown, patched and deleted, and each write is the next state of its store', async () => {
    const { put, patch, ask, bulk } = await aStore(world);
    expect(await bulk(team('writers'))).toMatchObject({ status: 200, body: { sequence: 2n, put: 1n } });

    const written = await put('/User/a', { attrs: { level: 9007199254740991 }, parents: [WRITERS] });
    expect(written).toMatchObject({ status: 200, body: { sequence: 3n, dry_run: false } });
    expect(await ask('GET', '/User/a')).toMatchObject({
      status: 200,
      body: {
        sequence: 3n,
        state_sequence: 3n,
        entity: {
          uid: { type: 'User', id: 'a' },
          attrs: { level: 9007199254740991n },
          parents: [WRITERS],
          tags: {},
        },
      },
    });

    expect(await patch('/User/a', { attrs: { set: { level: 2 } } })).toMatchObject({
      body: { sequence: 4n, entity: { attrs: { level: 2n }, parents: [WRITERS] } },
    });
    expect(await patch('/User/a', { parents: { remove: [WRITERS] } })).toMatchObject({
      body: { sequence: 5n, entity: { attrs: { level: 2n }, parents: [] } },
    });
    expect(await ask('DELETE', '/User/a?expected_sequence=5')).toMatchObject({ body: { sequence: 6n } });
    expect(told(await ask('GET', '/User/a'))).toBe('404 not_found id');
    expect(await ask('GET', '/User/a?state_sequence=3')).toMatchObject({
      body: { entity: { attrs: { level: 9007199254740991n } } },
    });
    expect(told(await ask('GET', '/User/a?state_sequence=7'))).toBe('412 precondition_failed state_sequence');
  });

  test('may have any id that a path can spell', async () => {
    const { put, ask } = await aStore(world);
    for (const id of ['a/b', 'é', 'a b', '__proto__', '%41', '🦊', '"']) {
      const path = `/User/${encodeURIComponent(id)}`;
      expect(await put(path, { attrs: { level: 1 }, parents: [] }), id).toMatchObject({ status: 200 });
      expect(await ask('GET', path)).toMatchObject({ body: { entity: { uid: { type: 'User', id } } } });
    }
  });

  test('is not written over what its author did not see', async () => {
    const { put, patch, ask } = await aStore(world);
    const entity = { attrs: { level: 1 }, parents: [] };
    expect(await put('/User/a', entity, { expected_sequence: 0 })).toMatchObject({ status: 200 });

    expect(told(await put('/User/a', entity, { expected_sequence: 0 }))).toBe(
      '409 conflict expected_sequence',
    );
    expect(told(await patch('/User/a', { attrs: { set: { level: 2 } } }, { expected_sequence: 1 }))).toBe(
      '409 conflict expected_sequence',
    );
    expect(told(await ask('DELETE', '/User/a?expected_sequence=9'))).toBe('409 conflict expected_sequence');
    expect(told(await patch('/User/b', { attrs: { set: { level: 2 } } }))).toBe('404 not_found entity');
    expect(told(await ask('DELETE', '/User/b'))).toBe('404 not_found entity');
  });

  test('is checked whole and not written by a dry run', async () => {
    const { put, ask } = await aStore(world);
    const dry = { dry_run: true };

    expect(await put('/User/a', { attrs: { level: 1 }, parents: [] }, dry)).toMatchObject({
      status: 200,
      body: { sequence: 2n, dry_run: true },
    });
    expect(told(await put('/User/a', { attrs: { level: 'x' }, parents: [] }, dry))).toBe(
      '400 invalid_request entity.attrs.level',
    );
    expect(await ask('GET')).toMatchObject({ body: { entities: [], state_sequence: 1n } });
  });

  test.each([
    [
      'an attribute of another type',
      { attrs: { level: 'high' }, parents: [] },
      '400 invalid_request entity.attrs.level',
    ],
    ['a missing attribute', { attrs: {}, parents: [] }, '400 invalid_request entity.attrs.level'],
    [
      'an attribute that nobody declares',
      { attrs: { level: 1, x: 1 }, parents: [] },
      '400 invalid_request entity.attrs.x',
    ],
    [
      'a tag where there are none',
      { attrs: { level: 1 }, parents: [], tags: { a: 1 } },
      '400 invalid_request entity.tags.a',
    ],
    [
      'a member that no entity has',
      { attrs: { level: 1 }, parents: [], tag: {} },
      '400 invalid_request entity.tag',
    ],
    ['no list of parents', { attrs: { level: 1 } }, '400 invalid_request entity.parents'],
    ['another uid', { uid: WRITERS, attrs: { level: 1 }, parents: [] }, '400 invalid_request entity.uid'],
    [
      'a parent of a type that is not above it',
      { attrs: { level: 1 }, parents: [{ type: 'Doc', id: 'd' }] },
      '400 invalid_request entity.parents[0]',
    ],
    [
      'a parent that is not there',
      { attrs: { level: 1 }, parents: [WRITERS] },
      '412 precondition_failed entity.parents',
    ],
    [
      'an id of a parent in another spelling',
      { attrs: { level: 1 }, parents: [{ type: 'Team', id: 'e\u0301' }] },
      '400 invalid_request entity.parents[0]',
    ],
    [
      'forty thousand parents',
      { attrs: { level: 1 }, parents: Array(40_000).fill(WRITERS) },
      '413 too_large entity.parents',
    ],
  ])('is refused with %s, and the field is named', async (_what, entity, refusal) => {
    const { put, ask } = await aStore(world);

    expect(told(await put('/User/a', entity))).toBe(refusal);
    expect(await ask('GET')).toMatchObject({ body: { entities: [], state_sequence: 1n } });
  });

  test('is refused where no bundle that decides takes its type from the store', async () => {
    const { put } = await aStore(world);
    const empty = uniqueName('empty');
    await createStore(world, empty);

    for (const refused of [
      await put('/Org/o', { attrs: { frozen: true }, parents: [] }),
      await put('/Nobody/o', { attrs: {}, parents: [] }),
      await storeClient(world, empty).put('/User/a', { attrs: { level: 1 }, parents: [] }),
    ]) {
      expect(told(refused)).toBe('412 precondition_failed entity');
      expect(refused.body['detail']).toContain('entity_sources');
    }
    expect(told(await storeClient(world, 'absent').put('/User/a', { attrs: {}, parents: [] }))).toBe(
      '404 not_found store',
    );
  });
});

describe('many entities', () => {
  test('are written as one state or not at all, parents in any order', async () => {
    const { bulk, ask } = await aStore(world);
    expect(await bulk(user('a'), user('b', 2), team('writers'))).toMatchObject({
      body: { sequence: 2n, put: 3n, deleted: 0n },
    });
    expect(
      await bulk(
        { delete: { type: 'User', id: 'a' } },
        { uid: { type: 'User', id: 'b' }, patch: { attrs: { set: { level: 3 } } }, expected_sequence: 2 },
        user('c'),
      ),
    ).toMatchObject({ body: { sequence: 3n, put: 2n, deleted: 1n } });

    expect(told(await bulk(user('d'), user('e', 'x')))).toBe('400 invalid_request entities[1].attrs.level');
    expect(told(await bulk(user('d'), user('d')))).toBe('400 invalid_request entities[1]');
    expect(told(await bulk({ put: user('d').put, delete: WRITERS }))).toBe('400 invalid_request entities.0');
    expect(told(await bulk())).toBe('400 invalid_request entities');
    expect(idsOf(await ask('GET'))).toEqual(['writers', 'b', 'c']);
  });

  test('that others stand under are deleted only with them', async () => {
    const { bulk, ask } = await aStore(world);
    await bulk(team('writers'), user('a'), user('b'));

    const refused = await ask('DELETE', '/Team/writers');
    expect(told(refused)).toBe('409 conflict entity');
    for (const id of ['a', 'b']) expect(refused.body['detail']).toContain(`User::"${id}"`);
    expect(
      await bulk({ delete: WRITERS }, { delete: { type: 'User', id: 'b' } }, user('a', 1, [])),
    ).toMatchObject({ status: 200 });
  });

  test('never stand below themselves, also through what is stored already', async () => {
    const { bulk, patch } = await aStore(world);
    await bulk(team('a'), team('b', [{ type: 'Team', id: 'a' }]), team('c', [{ type: 'Team', id: 'b' }]));

    const refused = await patch('/Team/a', { parents: { add: [{ type: 'Team', id: 'c' }] } });
    expect(refused.status).toBe(400);
    expect(refused.body['detail']).toContain('its own ancestor');
    expect((await bulk(team('x', [{ type: 'Team', id: 'x' }]))).status).toBe(400);
  });

  test('never have more above them than the limits admit, also those that stand below what is written', async () => {
    const { bulk, put, patch, ask } = await aStore(world);
    const chain = Array.from({ length: 31 }, (_, at) => team(`t${at}`, at === 0 ? [] : [teamUid(at - 1)]));
    // The last team of the chain has 30 above it, and its user 31.
    await bulk(...chain, user('a', 1, [teamUid(30)]));
    expect(await put('/Team/root', { attrs: {}, parents: [] })).toMatchObject({ status: 200 });
    const above = await patch('/Team/t0', { parents: { add: [{ type: 'Team', id: 'root' }] } });
    expect(above).toMatchObject({ status: 200 });

    const tooHigh = await patch('/Team/root', { parents: { add: [GOOD] } });
    expect(tooHigh).toMatchObject({ status: 413, body: { limit: { name: 'parent_chain', max: 32n } } });
    expect(tooHigh.body['field']).toBe('User::"a".parents');

    const wide = Array.from({ length: 70 }, (_, at) => team(`w${at}`, []));
    await bulk(...wide);
    const all = wide.map(({ put: { uid } }) => uid);
    const tooWide = await put('/User/a', { attrs: { level: 1 }, parents: [...all, teamUid(30)] });
    expect(tooWide).toMatchObject({ status: 413, body: { limit: { name: 'entity_ancestors', max: 100n } } });
    expect(await ask('GET', '/User/a')).toMatchObject({ body: { entity: { parents: [teamUid(30)] } } });
  });

  test('are listed by type in pages of one state, whatever is written between them', async () => {
    const { bulk, ask } = await aStore(world);
    await bulk(team('writers'), ...['c', 'a', 'b', 'd'].map((id) => user(id)));
    const first = await ask('GET', '?type=User&limit=2');
    await bulk({ delete: { type: 'User', id: 'c' } }, user('bb'));
    const second = await ask('GET', `?type=User&limit=3&cursor=${first.body['next']}`);

    expect([idsOf(first), idsOf(second)]).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(second.body).toMatchObject({ state_sequence: 2n });
    expect(second.body['next']).toBeUndefined();
    expect(idsOf(await ask('GET', '?type=User&id=bb'))).toEqual(['bb']);
    expect(told(await ask('GET', '?cursor=bm8'))).toBe('400 invalid_request cursor');
    expect(told(await ask('GET', '?id=a'))).toBe('400 invalid_request id');
  });
});

function teamUid(at: number) {
  return { type: 'Team', id: `t${at}` };
}
