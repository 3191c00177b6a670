import type { CheckReport } from '../../../bundles/check.ts';
import { renderProblem } from '../../../bundles/problem.ts';

/** The report of a check as people read it, the digest or the number of problems last. */
export function reportLines(report: CheckReport): string[] {
  const { name, version, tests, policies, unanchored, entities, digest, problems, ok } = report;
  const found = problems.flatMap((problem) => [renderProblem(problem), '']);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const ran =
    tests === undefined ? 'tests not run' : `${tests.passed} of ${tests.passed + tests.failed} tests passed`;

  return [
    ...found,
    `${name ?? 'the bundle'} ${version ?? ''}: ${policies} policies (${unanchored} that every request pays for), ${entities} entities, ${ran}`,
    ok ? digest : `${errors} problem(s): this bundle cannot be deployed`,
  ];
}
