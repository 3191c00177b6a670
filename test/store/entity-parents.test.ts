import { expect, test } from 'vitest';
import {
  absentParents,
  edgesOver,
  edgesUnder,
  hierarchyAround,
} from '../../services/store/entity-parents.ts';
import { withTransaction } from '../../services/store/pool.ts';
import { gone, team, user, write } from '../pdp/entities/support/write.ts';
import { withDatabase } from '../support/postgres.ts';

const uid = (type: string, id: string) => ({ type, id });
const TEAM = uid('Team', 'writers');

test('what stands under what follows each write', async () => {
  await withDatabase(async ({ serving }) => {
    await write(serving, 'default', team('writers', 'good'), user('a', 1, 'writers', 'writers'));
    expect(await edgesUnder(serving, 'default', [TEAM], 9)).toEqual([
      { child: uid('User', 'a'), parent: TEAM },
    ]);
    await write(serving, 'default', user('a', 1, 'readers'), user('b', 1, 'writers'));
    expect(await edgesOver(serving, 'default', [uid('User', 'a')])).toEqual([
      { child: uid('User', 'a'), parent: uid('Team', 'readers') },
    ]);
    await write(serving, 'default', gone('User', 'b'));

    expect(await edgesUnder(serving, 'default', [TEAM], 9)).toEqual([]);
    expect(await edgesUnder(serving, 'other', [uid('Team', 'readers')], 9)).toEqual([]);
  });
});

test('a parent is absent that was never put, or was deleted', async () => {
  await withDatabase(async ({ serving }) => {
    await write(serving, 'default', team('writers', 'good'), team('old', 'good'));
    await write(serving, 'default', user('a', 1, 'writers', 'old', 'never'), gone('Team', 'old'));

    const absent = await absentParents(serving, 'default', [uid('User', 'a')]);
    expect(absent.map(({ parent }) => parent.id).toSorted()).toEqual(['never', 'old']);
  });
});

test('of all who stand under the same parents one is told, unless somebody stands under them', async () => {
  await withDatabase(async ({ serving }) => {
    const many = Array.from({ length: 50 }, (_, at) => user(`u${at}`, 1, 'writers'));
    const both = [user('x', 1, 'writers', 'readers'), user('y', 1, 'readers', 'writers')];
    await write(serving, 'default', team('writers', 'good'), team('readers', 'evil'), ...many, ...both);

    const placed = await withTransaction(serving, (client) => hierarchyAround(client, 'default', [TEAM]));
    const told = placed.map(
      ({ type, parents }) =>
        `${type} in ${parents
          .map(({ id }) => id)
          .toSorted()
          .join()}`,
    );
    expect(told.toSorted()).toEqual([
      'Team in evil',
      'Team in good',
      'User in readers,writers',
      'User in writers',
    ]);
  });
});

test('types and ids that look alike when they are joined are kept apart', async () => {
  await withDatabase(async ({ serving }) => {
    const put = (one: { type: string; id: string }, parents: readonly object[]) => ({
      uid: one,
      document: JSON.stringify({ uid: one, attrs: {}, parents, tags: {} }),
    });
    const [one, other] = [uid('A', '","b'), uid('A","', 'b')];
    await write(serving, 'default', put(uid('U', 'x'), [one]), put(uid('U', 'y'), [other]));

    expect(await edgesUnder(serving, 'default', [one], 9)).toMatchObject([{ child: { id: 'x' } }]);
    expect(await edgesUnder(serving, 'default', [other], 9)).toMatchObject([{ child: { id: 'y' } }]);
  });
});
