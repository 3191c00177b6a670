import { describe, expect, test } from 'vitest';
import { Datetime } from '../../../services/engine/extension/datetime.ts';
import { shownUid } from '../../../services/engine/value/shown-text.ts';
import { CedarRecord, CedarSet, EntityUid, type Value } from '../../../services/engine/value/value.ts';
import { shownFields, shownValue } from '../../../services/pdp/approvals/shown-value.ts';

const record = (members: Readonly<Record<string, Value>>) =>
  new CedarRecord(new Map(Object.entries(members)));

describe('a value as people read it', () => {
  test.each<[Value, string]>([
    [9_223_372_036_854_775_807n, '9223372036854775807'],
    [true, 'true'],
    ['plain', '"plain"'],
    ['"\\', '"\\"\\\\"'],
    ['\\u{202e}', '"\\\\u{202e}"'],
    [new EntityUid('A::B', 'x"y'), 'A::B::"x\\"y"'],
    [new CedarSet([2n, 1n]), '[1, 2]'],
    [record({ 'a b': 'c' }), '{"a b": "c"}'],
    [new Datetime(0n), 'datetime("1970-01-01T00:00:00.000Z")'],
  ])('is told as Cedar text, case %#', (value, text) => {
    expect(shownValue(value)).toBe(text);
  });

  test.each([
    ['a right-to-left override', '\u202e', '202e'],
    ['a zero-width space', '\u200b', '200b'],
    ['a no-break space', '\u00a0', 'a0'],
    ['a line separator', '\u2028', '2028'],
    ['an escape', '\u001b', '1b'],
    ['a Hangul filler', '\u3164', '3164'],
    ['a variation selector', '\ufe0f', 'fe0f'],
    ['a tag character', '\u{e0041}', 'e0041'],
    ['a private character', '\ue000', 'e000'],
    ['half a pair', '\ud800', 'd800'],
  ])('shows %s as its number, in texts, ids and names', (_what, character, hex) => {
    expect(shownValue(`a${character}b`)).toBe(`"a\\u{${hex}}b"`);
    expect(shownUid({ type: 'T', id: character })).toBe(`T::"\\u{${hex}}"`);
    expect(shownFields(record({ [character]: 1n }))).toEqual([
      { path: `["\\u{${hex}}"]`, value: '1', redacted: false },
    ]);
  });

  test('leaves common spaces and letters of all alphabets', () => {
    expect(shownValue('Zürich 東京 é')).toBe('"Zürich 東京 é"');
  });
});

describe('the fields of a record', () => {
  const input = record({ amount: 5n, card: record({ pin: '1', name: 'n' }), none: record({}) });

  test('are told each on its own, by path', () => {
    expect(shownFields(record({ input })).map(({ path, value }) => `${path} ${value}`)).toEqual([
      'input.amount 5',
      'input.card.name "n"',
      'input.card.pin "1"',
      'input.none {}',
    ]);
  });

  test('are redacted with all that is below, and nothing else is', () => {
    const shown = shownFields(record({ input, other: 1n }), ['input.card', 'input.amount', 'absent']);

    expect(shown).toEqual([
      { path: 'input.amount', value: '', redacted: true },
      { path: 'input.card', value: '', redacted: true },
      { path: 'input.none', value: '{}', redacted: false },
      { path: 'other', value: '1', redacted: false },
    ]);
  });
});
