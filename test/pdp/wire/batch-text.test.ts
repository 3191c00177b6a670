import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import { LIMITS } from '../../../services/engine/limits.ts';
import { batchTexts } from '../../../services/pdp/wire/rest/batch-text.ts';

describe('batchTexts()', () => {
  test('cuts out exactly the elements, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(fc.json()), fc.constantFrom('', ' ', '\n\t'), (items, space) => {
        const text = `${space}{${space}"requests"${space}:${space}[${items.join(`${space},${space}`)}${space}]${space}}${space}`;

        expect(batchTexts(Buffer.from(text)).map((item) => item.toString().trim())).toEqual(
          items.map((item) => item.trim()),
        );
      }),
    );
  });

  test('does not take brackets and commas in strings for structure', () => {
    const items = ['{"a":"]},{\\"\\\\"}', '["\\\\","[",{"}":1}]', '"é,😀]"'];

    expect(batchTexts(Buffer.from(`{"requests":[${items}]}`)).map(String)).toEqual(items);
  });

  test.each([
    ['nothing', ''],
    ['another object', '{"a":[]}'],
    ['a field before', '{"a":1,"requests":[]}'],
    ['a field after', '{"requests":[],"a":1}'],
    ['requests twice', '{"requests":[],"requests":[]}'],
    ['no list', '{"requests":{}}'],
    ['a list alone', '[]'],
    ['no end', '{"requests":[{}'],
    ['no end of a string', '{"requests":["]}'],
    ['an escape at the end', '{"requests":["\\'],
    ['no end of the object', '{"requests":[]'],
    ['text after the object', '{"requests":[]} x'],
    ['a byte order mark', '\uFEFF{"requests":[]}'],
  ])('refuses %s', (_what, text) => {
    expect(() => batchTexts(Buffer.from(text))).toThrow(PdpError);
  });

  test('refuses more than the limit says', () => {
    const text = (count: number) => Buffer.from(`{"requests":[${Array(count).fill('{}')}]}`);

    expect(batchTexts(text(LIMITS.batch_items))).toHaveLength(LIMITS.batch_items);
    expect(() => batchTexts(text(LIMITS.batch_items + 1))).toThrow(
      expect.objectContaining({ code: 'too_large' }),
    );
  });
});
