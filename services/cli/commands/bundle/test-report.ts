import type { ApprovalData } from '../../../bundles/approvals/text.ts';
import { escapeControls, renderProblem } from '../../../bundles/problem.ts';
import type { Answer, Refusal, TestReport, ToldResult } from '../../../bundles/test-bundle.ts';
import { coverageLines } from './coverage-report.ts';

/** The report of the tests as people read it: what is wrong, each failure, then how much was seen. */
export function testLines({ name, version, problems, tests, coverage }: TestReport): string[] {
  // Warnings are for `check`: this is run after each change.
  const errors = problems.filter(({ severity }) => severity === 'error');
  const found = errors.flatMap((problem) => [renderProblem(problem), '']);
  if (tests === undefined) return [...found, `${errors.length} problem(s): the tests were not run`];

  const { passed, failed, left_out, results } = tests;
  const others = left_out === 0 ? '' : ` (${left_out} left out by the filter)`;
  const title = `${name ?? 'the bundle'} ${version ?? ''}`.trimEnd();

  return [
    ...found,
    ...results
      .filter((result) => !result.passed)
      .flatMap(failureLines)
      .map(escapeControls),
    `${title}: ${passed} of ${passed + failed} tests passed${others}`,
    ...(coverage === undefined ? [] : coverageLines(coverage)),
    ...(errors.length === 0 ? [] : ['', `${errors.length} problem(s) with the files of this bundle`]),
  ];
}

function failureLines({ file, line, name, want, got }: ToldResult): string[] {
  const head = `${file}:${line}: failed: ${JSON.stringify(name)}`;
  if ('error' in got) {
    return [head, `  wanted a decision, ${want.decision}`, `  came a refusal: ${refusalText(got)}`, ''];
  }

  return [
    head,
    aspect('decision', want.decision, got.decision),
    ...(want.reason_code === undefined
      ? []
      : [aspect('reason_code', want.reason_code, got.reason_code ?? '')]),
    ...(want.approval === undefined
      ? []
      : [aspect('approval', approvalText(want.approval), approvalText(got.approval, want.approval))]),
    ...(want.determining === undefined
      ? []
      : [aspect('determining', listed(want.determining), listed(got.determining ?? []))]),
    ...(want.obligations === undefined
      ? []
      : [aspect('obligations', listed(want.obligations), listed(got.obligations ?? []))]),
    aspect('errors', errorsText(want), errorsText(got)),
    '',
  ];
}

function aspect(name: string, wanted: string, came: string): string {
  return `  ${name.padEnd(11)}  wanted ${wanted}, came ${came}`;
}

/** @param wanted says whether the time is of interest. */
function approvalText(approval: ApprovalData | undefined, wanted = approval): string {
  if (approval === undefined) return 'none';
  const groups = approval.groups.map(({ group, count }) => `${count} of ${group}`).join(', ');

  return wanted?.ttl === undefined ? groups : `${groups} within ${approval.ttl}`;
}

function errorsText({ errors }: Answer): string {
  return typeof errors === 'number' ? `${errors} of them` : listed(errors);
}

function listed(ids: readonly string[]): string {
  return `[${ids.toSorted().join(', ')}]`;
}

function refusalText({ error, field, message }: Refusal): string {
  return field === undefined || message.includes(field)
    ? `${message} (${error})`
    : `${field}: ${message} (${error})`;
}
