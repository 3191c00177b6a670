import type { Problem } from '../bundles/problem.ts';
import { renderProblem } from '../bundles/problem.ts';
import type { TestReport, ToldResult } from '../bundles/test-bundle.ts';

/**
 * The report as JUnit XML, which every CI reads: a suite for each file of tests. What keeps the tests from running is an error in a
 * suite named after the file at fault; too little coverage is a failure in a suite of its own.
 * @param tooLittle what to say where the coverage is below what was demanded.
 */
export function junitXml(
  { name, version, problems, tests, coverage }: TestReport,
  tooLittle?: string,
): string {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const suites = [
    ...grouped(errors, ({ file }) => file).map(([file, found]) => suite(file, found.map(problemCase))),
    ...grouped(tests?.results ?? [], ({ file }) => file).map(([file, results]) =>
      suite(file, results.map(testCase)),
    ),
    ...(tooLittle === undefined
      ? []
      : [
          suite('coverage', [
            {
              kind: 'failure',
              xml: testcase('coverage', 'min-coverage', undefined, 'failure', tooLittle, ''),
            },
          ]),
        ]),
  ];
  const title = name === undefined ? 'a bundle' : `${name} ${version ?? ''}`.trimEnd();
  const totals = countsOf(suites.flatMap(({ cases }) => cases));
  const comment =
    coverage === undefined
      ? ''
      : `<!-- coverage ${coverage.percent}%: ${coverage.covered} of ${coverage.goals} goals -->\n`;

  return `<?xml version="1.0" encoding="UTF-8"?>\n${comment}<testsuites name=${attribute(title)} ${totals}>\n${suites
    .map(({ xml }) => xml)
    .join('\n')}\n</testsuites>\n`;
}

interface Case {
  readonly kind: 'passed' | 'failure' | 'error';
  readonly xml: string;
}

interface Suite {
  readonly cases: readonly Case[];
  readonly xml: string;
}

function suite(name: string, cases: readonly Case[]): Suite {
  const inner = cases.map(({ xml }) => xml).join('\n');

  return { cases, xml: `  <testsuite name=${attribute(name)} ${countsOf(cases)}>\n${inner}\n  </testsuite>` };
}

function countsOf(cases: readonly Case[]): string {
  const count = (kind: Case['kind']): number => cases.filter((one) => one.kind === kind).length;

  return `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}"`;
}

function testCase({ file, line, name, passed, differences }: ToldResult): Case {
  if (passed) return { kind: 'passed', xml: testcase(file, name, line) };

  const [first = ''] = differences;
  const details = `${file}:${line}\n${differences.join('\n')}`;

  return { kind: 'failure', xml: testcase(file, name, line, 'failure', first, details) };
}

function problemCase(problem: Problem): Case {
  const { file, start, code, message } = problem;

  return {
    kind: 'error',
    xml: testcase(file, `[${code}] ${message}`, start?.line, 'error', message, renderProblem(problem)),
  };
}

function testcase(
  file: string,
  name: string,
  line: number | undefined,
  outcome?: 'failure' | 'error',
  message = '',
  details = '',
): string {
  const place = line === undefined ? '' : ` line="${line}"`;
  const head = `    <testcase classname=${attribute(file)} name=${attribute(name)} file=${attribute(file)}${place}`;
  if (outcome === undefined) return `${head}/>`;

  return `${head}>\n      <${outcome} message=${attribute(message)}>${escapeXml(details)}</${outcome}>\n    </testcase>`;
}

/** A quoted attribute value; line breaks and tabs in it would be read as spaces. */
function attribute(text: string): string {
  return `"${escapeXml(text).replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`)}"`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** XML 1.0 has no way to write most control characters, lone surrogates and two more (section 2.2), so they are told as `\u{…}`. */
function escapeXml(text: string): string {
  return text
    .replace(
      /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu,
      (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
    )
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): (readonly [string, readonly T[]])[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }

  return [...groups];
}
