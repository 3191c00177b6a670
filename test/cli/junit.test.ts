import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TestReport, ToldResult } from '../../services/bundles/test-bundle.ts';
import { junitXml } from '../../services/cli/junit.ts';
import { type Element, parseXml } from './support/xml.ts';

const WANT = { decision: 'allow', errors: [] };

function result(fields: Partial<ToldResult>): ToldResult {
  return {
    file: 'tests/a.yaml',
    line: 3,
    name: 'a test',
    passed: true,
    differences: [],
    want: WANT,
    got: WANT,
    ...fields,
  };
}

function report(results: readonly ToldResult[], fields: Partial<TestReport> = {}): TestReport {
  const passed = results.filter((one) => one.passed).length;

  return {
    digest: 'sha256:0',
    name: 'receipts',
    version: '1.0.0',
    problems: [],
    tests: { passed, failed: results.length - passed, left_out: 0, results },
    coverage: undefined,
    ...fields,
  };
}

const suites = (xml: string): readonly Element[] => parseXml(xml).children;

describe('the JUnit report', () => {
  test('has a suite for each file, with a failure for each test that failed', () => {
    const xml = junitXml(
      report([
        result({}),
        result({
          name: 'another',
          passed: false,
          differences: ['decision is deny, wanted allow', 'errors is []'],
        }),
        result({ file: 'tests/b.json' }),
      ]),
    );

    expect(parseXml(xml)).toMatchObject({
      name: 'testsuites',
      attributes: { name: 'receipts 1.0.0', tests: '3', failures: '1', errors: '0' },
    });
    expect(suites(xml)).toMatchObject([
      {
        attributes: { name: 'tests/a.yaml', tests: '2', failures: '1' },
        children: [
          { attributes: { classname: 'tests/a.yaml', name: 'a test', line: '3' }, children: [] },
          {
            attributes: { name: 'another' },
            children: [
              {
                name: 'failure',
                attributes: { message: 'decision is deny, wanted allow' },
                text: 'tests/a.yaml:3\ndecision is deny, wanted allow\nerrors is []',
              },
            ],
          },
        ],
      },
      { attributes: { name: 'tests/b.json', tests: '1', failures: '0' } },
    ]);
  });

  test('has an error for each problem that kept the tests from running, and none for a warning', () => {
    const problem = { code: 'cedar_syntax', file: 'a.cedar', message: 'unexpected <end>' } as const;
    const xml = junitXml(
      report([], {
        tests: undefined,
        problems: [
          { ...problem, severity: 'error', start: { line: 4, column: 1 } },
          { ...problem, severity: 'warning' },
        ],
      }),
    );

    expect(suites(xml)).toMatchObject([
      {
        attributes: { name: 'a.cedar', tests: '1', errors: '1', failures: '0' },
        children: [
          {
            attributes: { line: '4' },
            children: [{ name: 'error', attributes: { message: 'unexpected <end>' } }],
          },
        ],
      },
    ]);
  });

  test('has a failure where the coverage is too low', () => {
    expect(suites(junitXml(report([result({})]), 'coverage 3% is below')).at(-1)).toMatchObject({
      attributes: { name: 'coverage', failures: '1' },
    });
  });

  test('is well-formed XML whatever a test is called', () => {
    const hostile = fc.string({
      unit: fc.oneof(fc.constantFrom(...'<>&"\'\n\r\t\0\u{1b}\u{fffe}\u{d800}]]>'), fc.string()),
    });
    fc.assert(
      fc.property(hostile, hostile, (name, difference) => {
        const xml = junitXml(report([result({ name, passed: false, differences: [difference] })]));
        const [found] = suites(xml)[0]?.children ?? [];

        expect(found?.attributes['name']).toBe(told(name));
        expect(found?.children[0]?.attributes['message']).toBe(told(difference));
      }),
    );
  });
});

/** What XML cannot say is told as `\u{…}`. */
function told(text: string): string {
  return text.replace(
    /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
