import { describe, expect, test } from 'vitest';
import { type Entity, readEntities, readEntitiesInSteps } from '../../../services/engine/data/entities.ts';
import { parseTrustedJson, parseTrustedListInSteps } from '../../../services/engine/raw/json.ts';
import { atOnce } from '../../../services/engine/steps.ts';
import { schemaOf } from './schemas.ts';

const schema = schemaOf('entity Group in [Group]; entity User in [Group] { level: Long };');
const COUNT = 2_500;
const UNBOUNDED = { maxEntities: Number.POSITIVE_INFINITY };

type Listed = Readonly<Record<'uid' | 'attrs' | 'parents', unknown>>;

function listed(type: string, id: number, above?: number): Listed {
  return {
    uid: { type, id: `${id}` },
    attrs: type === 'User' ? { level: id } : {},
    parents: above === undefined ? [] : [{ type: 'Group', id: `${above}` }],
  };
}

/** Groups in chains of ten, and users under them. */
const groups = Array.from({ length: COUNT }, (_, id) =>
  listed('Group', id, id % 10 === 9 ? undefined : id + 1),
);
const users = Array.from({ length: COUNT }, (_, id) => listed('User', id, (id * 7) % COUNT));

function outcome(read: () => readonly Entity[]): unknown {
  try {
    return read();
  } catch (error) {
    return error;
  }
}

describe('entities that are read in steps are as if read at once,', () => {
  test.each([
    ['parents first', [...groups.toReversed(), ...users]],
    ['parents last', [...users, ...groups]],
    ['parents anywhere', [...groups.filter((_, at) => at % 2 === 0), ...users, ...groups]],
    ['none', []],
    ['a cycle at the end', [...groups, listed('Group', COUNT, COUNT + 1), listed('Group', COUNT + 1, COUNT)]],
    ['two of one that say different things', [...users, listed('User', 3, 4)]],
    ['one that does not fit', [...users, { ...listed('User', COUNT), attrs: {} }]],
    [
      'one that stands too deep',
      Array.from({ length: COUNT }, (_, id) => listed('Group', id, id < 40 ? id + 1 : undefined)),
    ],
  ])('%s', (_, list) => {
    const raw = parseTrustedJson(JSON.stringify(list));
    const inSteps = outcome(() => atOnce(readEntitiesInSteps(schema, raw, UNBOUNDED)));

    expect(inSteps).toEqual(outcome(() => readEntities(schema, raw, UNBOUNDED)));
  });

  test('with rests between', () => {
    const steps = readEntitiesInSteps(schema, parseTrustedJson(JSON.stringify(users)), UNBOUNDED);
    let rests = 0;
    for (let step = steps.next(); step.done !== true; step = steps.next()) rests += 1;

    expect(rests).toBeGreaterThan(4);
  });
});

describe('a list that is parsed in steps is as if parsed at once,', () => {
  const texts = [
    '[]',
    ' [ ] ',
    '[1]',
    '[1, "a", {"b":[2]}, null]\n',
    JSON.stringify([...users, ...groups]),
    '[1',
    '[1,',
    '[1,]',
    '[1] 2',
    '[1}',
    '[{"a":1,"a":2}]',
    '[1.5e999]',
    `[${'['.repeat(40)}`,
    `${'['.repeat(32)}${']'.repeat(32)}`,
    `${'['.repeat(33)}${']'.repeat(33)}`,
    '["\\ud800"]',
  ];

  test.each(texts.map((text) => [text.slice(0, 40), text] as const))('%s', (_, text) => {
    const parsed = outcome(() => parseTrustedJson(text) as unknown as readonly Entity[]);
    const inSteps = outcome(() => atOnce(parseTrustedListInSteps(text)) as unknown as readonly Entity[]);

    expect(inSteps).toEqual(parsed);
  });

  test.each(['{}', '1', '', 'null'])('and %s is no list', (text) => {
    expect(() => atOnce(parseTrustedListInSteps(text))).toThrow('a list must stand here');
  });

  test('with rests between', () => {
    const steps = parseTrustedListInSteps(JSON.stringify(users));
    let rests = 0;
    for (let step = steps.next(); step.done !== true; step = steps.next()) rests += 1;

    expect(rests).toBe(2);
  });
});
