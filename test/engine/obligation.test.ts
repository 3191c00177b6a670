import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { obligationText, parseObligations, uniteObligations } from '../../services/engine/obligation.ts';

const id = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,63}$/).filter((name) => name !== 'redact');
const argument = fc.stringMatching(/^[!-:<-~]([ -:<-~]{0,254}[!-:<-~])?$/);
const path = fc.stringMatching(/^[a-z_]{1,9}(\.[a-z_]{1,9}){0,3}$/);
const obligation = fc.oneof(
  id,
  fc.tuple(id, argument).map(([name, value]) => `${name}:${value}`),
  path.map((to) => `redact:${to}`),
);
const list = fc.uniqueArray(obligation, { minLength: 1, maxLength: 8 });

describe('@obligation', () => {
  test('is read as it is written, whatever spaces stand around it', () => {
    fc.assert(
      fc.property(list, fc.constantFrom(';', '; ', ' ;  '), (texts, between) => {
        const parsed = parseObligations(texts.join(between));

        expect(typeof parsed === 'string' ? parsed : parsed.map(obligationText)).toEqual(texts);
      }),
    );
  });

  test('is read from any text as something that prints as itself, or not at all', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'a:;. é') })), (text) => {
        const parsed = parseObligations(text);
        if (typeof parsed === 'string') return;

        expect(parseObligations(parsed.map(obligationText).join('; '))).toEqual(parsed);
      }),
    );
  });

  test('gives each its parameters', () => {
    expect(parseObligations('redact:input.body; notify:the desk: now; log')).toEqual([
      { id: 'redact', params: { path: 'input.body' } },
      { id: 'notify', params: { value: 'the desk: now' } },
      { id: 'log', params: {} },
    ]);
  });

  test.each([
    ['nothing', ''],
    ['an empty part', 'log;'],
    ['an id in capitals', 'Log'],
    ['an id over 64 characters', 'a'.repeat(65)],
    ['an empty argument', 'log:'],
    ['an argument over 256 characters', `log:${'a'.repeat(257)}`],
    ['an argument beyond ASCII', 'notify:b\u00fcro'],
    ['a line break', 'log\n'],
    ['a redact without a path', 'redact'],
    ['a redact of something else', 'redact:input[0]'],
    ['the same twice', 'log; log'],
    ['nine of them', 'a;b;c;d;e;f;g;h;i'],
  ])('refuses %s', (_, text) => {
    expect(typeof parseObligations(text)).toBe('string');
  });
});

test('lists come together each once, in one order whatever order they come in', () => {
  fc.assert(
    fc.property(fc.array(list, { maxLength: 4 }), (texts) => {
      const lists = texts.map((one) => {
        const parsed = parseObligations(one.join(';'));
        if (typeof parsed === 'string') throw new Error(parsed);

        return parsed;
      });
      const united = uniteObligations(lists).map(obligationText);

      expect(united).toEqual([...new Set(texts.flat())].sort());
      expect(uniteObligations(lists.toReversed()).map(obligationText)).toEqual(united);
    }),
  );
});
