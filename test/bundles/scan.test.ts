import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCedar } from '../../services/bundles/cedar.ts';
import { schemaNesting, splitPolicies } from '../../services/bundles/scan.ts';

const cedar = createCedar();

/** Cedar's own view: how many policies a text holds. */
function parsesAlone(text: string, template: boolean): boolean {
  return cedar.ask(template ? 'templateToJson' : 'policyToJson', text).type === 'success';
}

const trivia = fc.constantFrom(
  '',
  ' ',
  '\n',
  '\r\n',
  '\t',
  '// a; "b\n',
  '//\r',
  '// permit(principal, action, resource);\n',
  '//é🦀\n',
);
const text = fc.constantFrom(
  'a',
  ';',
  '//',
  '\\"',
  '\\\\',
  '}',
  '\n',
  'é',
  '🦀',
  '?principal',
  '\\u{1F980}',
  '(',
);
const quoted = fc.array(text, { maxLength: 6 }).map((parts) => `"${parts.join('')}"`);
const condition = fc.oneof(
  fc.constant('true'),
  quoted.map((string) => `context.a == ${string}`),
  quoted.map((string) => `{${string}: [1, (2)]} == context`),
  quoted.map((string) => `if context has ${string} then true else false`),
);
const policy = fc
  .tuple(
    trivia,
    quoted,
    trivia,
    fc.constantFrom('principal', 'principal == ?principal'),
    trivia,
    condition,
    trivia,
  )
  .map(([a, note, b, principal, c, body, d]) => ({
    template: principal !== 'principal',
    text: `${a}@note(${note})${b}permit(${principal}, action, resource)${c}when { ${body} }${d};`,
  }));

describe('splitPolicies', () => {
  test('gives pieces that put together are the text, whatever it is', () => {
    const soup = fc.array(
      fc.oneof(fc.string(), text, trivia, fc.constantFrom('"', ';', '{', '}', '?', '?principal')),
    );
    fc.assert(
      fc.property(soup, (parts) => {
        const whole = parts.join('');
        const pieces = splitPolicies(whole);

        expect(pieces.map((piece) => piece.text).join('')).toBe(whole);
        for (const { start, end, head, text: own } of pieces) {
          expect(whole.slice(start, end)).toBe(own);
          expect(head >= start && head <= end).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('gives each policy to Cedar as exactly one', () => {
    fc.assert(
      fc.property(fc.array(policy, { minLength: 1, maxLength: 4 }), trivia, (policies, rest) => {
        const whole = `${policies.map((one) => one.text).join('')}${rest}`;
        const pieces = splitPolicies(whole).filter(({ blank }) => !blank);

        expect(pieces.map(({ template }) => template)).toEqual(policies.map(({ template }) => template));
        for (const piece of pieces) expect(parsesAlone(piece.text, piece.template)).toBe(true);
      }),
    );
  });

  test('finds as many policies as Cedar does in the whole text', () => {
    fc.assert(
      fc.property(fc.array(policy, { minLength: 1, maxLength: 4 }), (policies) => {
        const whole = policies.map((one) => one.text).join('');
        const reply = cedar.ask('checkParsePolicySet', {
          staticPolicies: policies.some(({ template }) => template) ? '' : whole,
        });

        expect(reply.type).toBe('success');
        expect(splitPolicies(whole).filter(({ blank }) => !blank)).toHaveLength(policies.length);
      }),
    );
  });

  test.each([
    ['permit(principal, action, resource);', 1],
    ['permit(principal, action, resource) when { ((true)) };', 3],
    ['permit(principal, action, resource) when { [[1], [2]] == [] };', 3],
    ['permit(principal, action, resource) when { if a then b else if c then d else e };', 3],
    ['permit(principal, action, resource) when { [if a then b else c, if d then e else f] };', 3],
    ['permit(principal, action, resource) when { "((((" == "" };', 1],
    ['permit(principal, action, resource) when { true // ((((\n };', 1],
    [')))) permit(principal, action, resource);', 1],
  ])('counts the nesting of %s', (whole, nesting) => {
    expect(splitPolicies(whole)[0]?.nesting).toBe(nesting);
  });

  test('loses no policy behind a bracket that is never closed', () => {
    const whole = 'permit(principal, action, resource) when { ( };\npermit(principal, action, resource);';

    expect(splitPolicies(whole).map(({ text: own }) => own.trim())[1]).toBe(
      'permit(principal, action, resource);',
    );
  });

  test('takes a string that never ends as one policy', () => {
    expect(splitPolicies('permit(principal, action, resource) when { "; ; ;')).toHaveLength(1);
  });
});

test('schemaNesting counts angle brackets too', () => {
  expect(schemaNesting('entity A { x: Set<Set<{y: Long}>> };').nesting).toBe(4);
});
