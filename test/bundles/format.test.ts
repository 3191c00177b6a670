import { describe, expect, test } from 'vitest';
import { type Cedar, createCedar } from '../../services/bundles/cedar.ts';
import { formatBundle } from '../../services/bundles/format.ts';

function format(text: string, cedar: Cedar = createCedar()) {
  return formatBundle(new Map([['a.cedar', Buffer.from(text)]]), cedar);
}

/** Cedar whose formatter does to its result what a test says; all else is Cedar's. */
function withFault(change: (formatted: string) => string): Cedar {
  const cedar = createCedar();

  return {
    version: cedar.version,
    ask(fn, argument) {
      const reply = cedar.ask(fn, argument);
      if (fn !== 'formatPolicies' || reply.type !== 'success') return reply;

      return {
        type: 'success',
        answer: { formatted_policy: change(String(reply.answer['formatted_policy'])) },
      };
    },
  };
}

const UGLY = `// About a.
@id("a")@reason("x")   // why
permit(principal,action , resource)when{context.a<1   // one
&&   context.b};
// About b.
@id("b") forbid(principal == ?principal, action, resource); // after b
// The end.
`;

describe('formatBundle', () => {
  test('formats policies and templates and keeps every comment', () => {
    const { changed, problems } = format(UGLY);

    expect(problems).toEqual([]);
    expect(changed[0]?.text).toBe(`// About a.
@id("a")
@reason("x") // why
permit (principal, action, resource)
when
{
  context.a < 1 // one
   &&
  context.b
};

// About b.
@id("b")
forbid (
  principal == ?principal,
  action,
  resource
); // after b
// The end.
`);
  });

  test('comes to an end: what it made, it leaves', () => {
    const [first] = format(UGLY).changed;

    expect(format(first?.text ?? '')).toEqual({ changed: [], unchanged: ['a.cedar'], problems: [] });
  });

  test.each([
    ['an empty file', ''],
    ['comments alone', '// nothing yet\n'],
  ])('leaves %s', (_what, text) => {
    expect(format(text)).toMatchObject({ changed: [], unchanged: ['a.cedar'], problems: [] });
  });

  test.each([
    ['no Cedar', '@id("a") permit(principal action, resource);', 'cedar_syntax', 'a.cedar:1:27'],
    [
      'too deep for Cedar',
      `@id("a") permit(principal, action, resource) when { ${'('.repeat(99)}true${')'.repeat(99)} };`,
      'policy_too_deep',
      'a.cedar:1:151',
    ],
    [
      'a chain that traps Cedar',
      `@id("a") permit(principal, action, resource) when { ${Array(15_000).fill('1').join('+')} == 1 };`,
      'policy_traps',
      'a.cedar:undefined:undefined',
    ],
    [
      'too large',
      `@id("a") permit(principal, action, resource) when { context.a == "${'x'.repeat(70_000)}" };`,
      'policy_too_large',
      'a.cedar:1:1',
    ],
  ])('leaves what is %s, and says where', (_what, text, code, place) => {
    const { changed, unchanged, problems } = format(text);

    expect({ changed, unchanged }).toEqual({ changed: [], unchanged: [] });
    expect(
      problems.map(({ file, start, code: found }) => [`${file}:${start?.line}:${start?.column}`, found]),
    ).toEqual([[place, code]]);
  });

  test.each([
    ['drops a comment', (text: string) => text.replace('// one', ''), /loses or moves a comment: \/\/ one/],
    [
      'moves a comment to another policy',
      (text: string) => text.replace('// About b.\n', '').replace(/^/, '// About b.\n'),
      /loses or moves a comment/,
    ],
    [
      'changes a condition',
      (text: string) => text.replace('< 1', '<= 1'),
      /changes the meaning of this policy/,
    ],
    [
      'changes an annotation',
      (text: string) => text.replace('"x"', '"y"'),
      /changes the meaning of this policy/,
    ],
    ['loses a policy', (text: string) => text.replace(/forbid [^;]*;/, ''), /changes the/],
    ['never ends', (text: string) => `${text}//\n`, /comes to no end/],
  ])('leaves a file where the formatter %s', (_what, fault, message) => {
    const { changed, problems } = format(UGLY, withFault(fault));

    expect(changed).toEqual([]);
    expect(problems).toMatchObject([
      { severity: 'error', code: 'format_refused', message: expect.stringMatching(message) },
    ]);
  });
});
