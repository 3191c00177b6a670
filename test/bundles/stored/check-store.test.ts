import { describe, expect, test } from 'vitest';
import { checkBundle } from '../../../services/bundles/check.ts';
import { DOC, storeBundle, storeTest, TEAM, USER } from './store-bundle.ts';

const EVIL = TEAM.replace('id: good', 'id: evil');
const FORBIDDEN = '{ decision: deny, reason_code: forbidden, determining: [not-of-evil], errors: [] }';

/** What check says of the bundle with one test. */
async function problemsOf(test: string): Promise<readonly string[]> {
  const { problems } = await checkBundle(storeBundle({ 'tests/view.yaml': test }));

  return problems.filter(({ severity }) => severity === 'error').map(({ message }) => message);
}

describe('a bundle that reads the store', () => {
  test('passes check, with tests that list what the store holds', async () => {
    const report = await checkBundle(storeBundle());

    expect(report.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(report).toMatchObject({ ok: true, tests: { passed: 1, failed: 0 } });
  });

  test('forbids by a group of the bundle above a team of the store', async () => {
    expect(await problemsOf(storeTest([DOC, USER, EVIL], FORBIDDEN))).toEqual([]);
    expect(await problemsOf(storeTest([DOC, USER, EVIL]))).toContainEqual(
      expect.stringContaining('decision is deny, wanted allow'),
    );
  });

  test('takes the same in the format of Cedar', async () => {
    const uid = (type: string, id: string): object => ({ type, id });
    const entities = [
      { uid: uid('User', 'a'), attrs: { level: 1 }, parents: [uid('Team', 'writers')] },
      { uid: uid('Team', 'writers'), attrs: {}, parents: [uid('Org', 'evil')] },
      { uid: uid('Org', 'evil'), attrs: { frozen: true }, parents: [] },
      { uid: uid('Doc', 'd'), attrs: { public: true }, parents: [] },
    ];
    const one = (listed: readonly object[]): string =>
      JSON.stringify([
        {
          name: 'evil',
          request: { principal: 'User::"a"', action: 'Action::"read"', resource: 'Doc::"d"', context: {} },
          entities: listed,
          ...{ decision: 'deny', reason: ['not-of-evil'], num_errors: 0 },
        },
      ]);
    const files = (text: string) => storeBundle({ 'tests/view.yaml': undefined, 'tests/cedar.json': text });

    const all = await checkBundle(files(one(entities)));
    expect(all.problems.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('entities of type Org come from the bundle; leave them out'),
    );
    const own = await checkBundle(files(one(entities.toSpliced(2, 1))));
    expect(own).toMatchObject({ ok: true, tests: { passed: 1, failed: 0 } });
  });

  test.each([
    ['a principal that is not there', [DOC, TEAM], /principal .*the store does not know it/],
    ['a parent that is not there', [DOC, USER], /entities\[1\].parents: .*Team::"writers" is missing/],
    [
      'a parent of the bundle that is not there',
      [DOC, USER, TEAM.replace('good', 'no')],
      /Org::"no" is missing/,
    ],
    ['an entity that is there twice', [DOC, USER, TEAM, USER], /entities\[3\]: User::"a" is listed twice/],
    [
      'an attribute of another type',
      [USER.replace('level: 1', 'level: x'), TEAM, DOC],
      /entities\[0\].attrs/,
    ],
    [
      'a team above itself',
      [DOC, USER, TEAM.replace('Org, id: good', 'Team, id: writers')],
      /its own ancestor/,
    ],
    [
      'a mistake of the request behind it',
      [USER, TEAM, DOC.replace('true', '1')],
      /entities\[2\].attrs.public/,
    ],
    [
      'an entity of the request under one of the store',
      [DOC.replace('[]', '[{ type: Team, id: writers }]'), USER, TEAM],
      /a request cannot put an entity under Team, which the store owns/,
    ],
    [
      'an entity of the store under one of the request',
      [DOC, USER, TEAM.replace('Org, id: good', 'Guests, id: all')],
      /entities\[2\].parents\[0\]: a stored entity cannot stand under Guests/,
    ],
  ])('refuses %s', async (_what, entities, message) => {
    expect(await problemsOf(storeTest(entities))).toContainEqual(expect.stringMatching(message));
  });

  test('may not list in entities.json what the store holds, nor stand its own entities under it', async () => {
    const of = async (text: string): Promise<readonly string[]> =>
      (await checkBundle(storeBundle({ 'entities.json': text }))).problems.map(({ message }) => message);

    expect(
      await of('[{"uid": {"type": "User", "id": "x"}, "attrs": {"level": 1}, "parents": []}]'),
    ).toContainEqual(expect.stringContaining('User comes from its other source'));
    expect(
      await of(
        '[{"uid": {"type": "Unit", "id": "x"}, "attrs": {}, "parents": [{"type": "Team", "id": "t"}]}]',
      ),
    ).toContainEqual(expect.stringContaining('a parent of type Team comes from another source'));
  });
});
