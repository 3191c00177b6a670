import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderProblem } from '../../services/bundles/problem.ts';
import { createProblems, MAX_PROBLEMS } from '../../services/bundles/problems.ts';
import { createSource, offsetOfByte, positionAt, problemAt } from '../../services/bundles/source.ts';

/** Renders a problem at the first `[…]` of a text, which is taken out. */
function render(marked: string): string {
  const start = marked.indexOf('[');
  const end = marked.indexOf(']') - 1;
  const source = createSource('a.cedar', marked.replace(/[[\]]/g, ''));

  return renderProblem(problemAt(source, { start, end }, 'cedar_syntax', 'wrong', { help: 'do right' }));
}

describe('renderProblem', () => {
  test('shows the place, the line, carets and help', () => {
    expect(render('one\ntwo [three] four\nfive')).toBe(
      [
        'a.cedar:2:5: error: wrong [cedar_syntax]',
        '  two three four',
        '      ^^^^^',
        '  help: do right',
      ].join('\n'),
    );
  });

  test('counts columns in characters, whatever they take in UTF-16', () => {
    expect(render('é🦀 [x]')).toContain('a.cedar:1:4:');
  });

  test.each([
    ['tabs', '\ta\t[b]', '      a   b', '          ^'],
    ['wide characters', '漢字 [字]', '  漢字 字', '       ^^'],
    ['astral characters', '🦀 [🦀]', '  🦀 🦀', '     ^^'],
    ['combining marks', 'e\u{301} [x]', '  e\u{301} x', '    ^'],
    ['control characters', '\u{1b} [x]', '  \\u{1b} x', '         ^'],
    ['bidirectional controls', '\u{202e} [x]', '  \\u{202e} x', '           ^'],
    ['an empty part', 'a[]b', '  ab', '   ^'],
    ['a part over the line', 'a [b\nc]', '  a b', '    ^'],
    ['a line that ends in CR LF', 'a [b]\r\nc', '  a b', '    ^'],
  ])('puts the caret under %s', (_what, marked, line, caret) => {
    const lines = render(marked).split('\n');

    expect(lines[1]).toBe(line);
    expect(lines[2]).toBe(caret);
  });

  test('clips a long line around the caret', () => {
    const [, line = '', caret = ''] = render(`${'a'.repeat(100_000)}[b]${'c'.repeat(100_000)}`).split('\n');

    expect(line.length).toBeLessThan(110);
    expect(line[caret.indexOf('^')]).toBe('b');
  });

  test('never writes control characters, and has a caret under the line', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(20), (whole, at, length) => {
        const start = at % (whole.length + 1);
        const source = createSource('a.cedar', whole);
        const rendered = renderProblem(
          problemAt(source, { start, end: start + length }, 'cedar_syntax', whole),
        );

        expect(rendered).not.toMatch(/[^\P{Cc}\n]/u);
        expect(rendered.split('\n').at(-1)).toMatch(/^ +\^+$/);
      }),
      { numRuns: 1_000 },
    );
  });
});

test('positionAt counts alike in whatever order places are asked for', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.array(fc.nat()), (text, picks) => {
      const source = createSource('a', text);
      for (const pick of picks) {
        const offset = pick % (text.length + 1);

        expect(positionAt(source, offset)).toEqual(positionAt(createSource('a', text), offset));
      }
    }),
  );
});

test('offsetOfByte is what UTF-8 says', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), (text, pick) => {
      const offset = [...text].slice(0, pick % (text.length + 1)).join('').length;

      expect(offsetOfByte(text, Buffer.byteLength(text.slice(0, offset)))).toBe(offset);
    }),
  );
});

test('a collection of problems keeps so many, and counts all', () => {
  const problems = createProblems();
  for (let at = 0; at < MAX_PROBLEMS + 5; at += 1) problems.of('a.cedar', 'policy_id', `${at}`);

  expect(problems.errors).toBe(MAX_PROBLEMS + 5);
  expect(problems.sorted()).toHaveLength(MAX_PROBLEMS + 1);
});
