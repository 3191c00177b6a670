import { expect, test } from 'vitest';
import { parseJson } from '../../../services/engine/raw/json.ts';
import { LONGEST_KEPT } from '../../../services/engine/raw/names-of-late.ts';
import { RawObject } from '../../../services/engine/raw/raw.ts';

function namesIn(text: string): readonly string[] {
  const node = parseJson(text, '');

  return node instanceof RawObject ? [...node.entries.keys()] : [];
}

test('names are what stands there, whatever texts had before', () => {
  const names = Array.from({ length: 5_000 }, (_, at) => `n${at % 3_000}`);
  for (const name of [...names, 'a"', 'a\\', 'a\n', 'a', '', '0', '__proto__', 'é', '漢字', ' a'])
    expect(namesIn(JSON.stringify({ [name]: 1 }))).toEqual([name]);
});

test('an escape in a name is read, though the same units stood in a name before', () => {
  expect(namesIn(String.raw`{"a\\u0062":1}`)).toEqual([String.raw`a\u0062`]);
  expect(namesIn(String.raw`{"a\u0062":1}`)).toEqual(['ab']);
});

test.each([LONGEST_KEPT - 1, LONGEST_KEPT, LONGEST_KEPT + 1])('a name of %i units is itself', (length) => {
  const name = 'x'.repeat(length);

  expect(namesIn(`{"${name}":1,"${name}y":2}`)).toEqual([name, `${name}y`]);
});

test('a name with a lone surrogate is refused again and again', () => {
  for (let time = 0; time < 3; time += 1)
    expect(() => parseJson('{"a\ud800":1}', '')).toThrow('lone surrogate or U+FFFD');
});

test.each([2, 8, 9, 30])('of %i members a repeated one is refused, also by an escape', (count) => {
  const members = Array.from({ length: count }, (_, at) => `"${String.fromCharCode(97 + at)}x":1`);
  for (const again of ['"ax":2', String.raw`"\u0061x":2`])
    expect(() => parseJson(`{${[...members, again].join()}}`, '')).toThrow('this name is repeated');

  expect(namesIn(`{${members.join()}}`)).toHaveLength(count);
});
