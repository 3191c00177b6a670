import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createProblems } from '../../services/bundles/problems.ts';
import { createSource } from '../../services/bundles/source.ts';
import { plainOf, rawOf, readYaml } from '../../services/bundles/yaml.ts';
import { RawNumber, RawObject } from '../../services/engine/raw/raw.ts';

function read(text: string) {
  const problems = createProblems();
  const root = readYaml(createSource('a.yaml', text), problems);

  return { root, problems: problems.sorted() };
}

describe('readYaml', () => {
  test('survives any text, and has a root or a problem', () => {
    const part = fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '- ',
      '? ',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '#',
      '&a',
      '*a',
      '!t',
      '|',
      '>',
      '%',
      '---',
      '\t',
      ',',
      '<<',
      '1',
      '\u{feff}',
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(part, fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 60 }),
        (parts) => {
          const { root, problems } = read(parts.join(''));

          expect(root === undefined).toBe(problems.length > 0);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('reads what JSON says, exactly', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(text.isWellFormed() && !text.includes('\u{fffd}') && !/[\u{7f}-\u{9f}]|\d{16}/u.test(text));
        const { root } = read(text);

        if (root !== undefined) expect(JSON.stringify(plainOf(root))).toBe(text);
      }),
    );
  });

  test.each([
    '['.repeat(50_000),
    '- '.repeat(20_000),
    '? '.repeat(20_000),
    '{a: '.repeat(20_000),
    '&a '.repeat(20_000),
    '!a '.repeat(20_000),
  ])('comes to an end with %.10s…', (text) => {
    expect(read(text).problems.length).toBeGreaterThan(0);
  });

  test('knows YAML 1.2 alone', () => {
    expect(plainOf(read('[yes, no, on, 012, 0o12, 1_000, 2026-11-22, ~]').root ?? null)).toEqual([
      'yes',
      'no',
      'on',
      12,
      10,
      '1_000',
      '2026-11-22',
      null,
    ]);
  });

  test('keeps numbers exact for Cedar', () => {
    const raw = rawOf(
      read('{ a: 9223372036854775807, b: 9223372036854775808, c: 1.0, __proto__: x }').root ?? null,
    );

    expect(raw instanceof RawObject ? [...raw.entries] : raw).toEqual([
      ['a', 9223372036854775807n],
      ['b', new RawNumber('9223372036854775808')],
      ['c', new RawNumber('1.0')],
      ['__proto__', 'x'],
    ]);
  });
});
