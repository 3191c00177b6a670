import type { BranchCoverage, CoverageReport, PolicyCoverage } from '../../../bundles/coverage.ts';
import type { Goal } from '../../../engine/traced/branches.ts';
import { table } from '../../output.ts';
import { shorten } from '../../shorten.ts';

/** Policies that the table shows, and lines on what was not seen; `--json` has all. */
const MAX_ROWS = 100;
const MAX_MISSING = 200;
const MAX_TEXT = 120;

/** A table of the policies, and below it everything that no test has seen. */
export function coverageLines({ covered, goals, percent, policies }: CoverageReport): string[] {
  const incomplete = policies.filter((policy) => policy.percent < 100);
  const shown = policies.length <= MAX_ROWS ? policies : incomplete.slice(0, MAX_ROWS);
  const missing = incomplete.flatMap(missingLines);

  return [
    `coverage ${percent}%: ${covered} of ${goals} goals, ${policies.length - incomplete.length} of ${policies.length} policies wholly`,
    ...(shown.length === 0 ? [] : ['', ...table([HEADING, ...shown.map(row)])]),
    ...(missing.length === 0 ? [] : ['', 'Not seen by any test:']),
    ...cut(missing),
  ];
}

const HEADING = ['POLICY', 'PLACE', 'COVERED', 'MATCHED', 'TRUE', 'FALSE', 'FAILED', 'DECIDED'];

function row(policy: PolicyCoverage): string[] {
  const { policy_id, file, line, percent, matched, held, not_held, failed, determined } = policy;

  return [
    policy_id,
    `${file}:${line}`,
    `${percent}%`,
    ...[matched, held, not_held, failed, determined].map(String),
  ];
}

function missingLines(policy: PolicyCoverage): string[] {
  const { policy_id, file, line, matched, determined, branches, links } = policy;
  const head = `${file}:${line}: ${policy_id}`;
  if (matched === 0) return [`${head}: its scope never matched`];

  return [
    ...(determined === 0 ? [`${head}: it never decided`] : []),
    ...(links?.unmatched ?? []).map((id) => `${head}: the scope of its link ${id} never matched`),
    ...branches.flatMap((branch) => branch.missing.map((goal) => branchLine(policy_id, branch, goal))),
  ];
}

function branchLine(id: string, { file, line, part, text }: BranchCoverage, goal: Goal): string {
  return `${file}:${line}: ${id}: ${part === 'if' ? 'test of if' : part} never ${goal}: ${shorten(text, MAX_TEXT)}`;
}

function cut(lines: readonly string[]): readonly string[] {
  if (lines.length <= MAX_MISSING) return lines;

  return [
    ...lines.slice(0, MAX_MISSING),
    `… and ${lines.length - MAX_MISSING} more; --json lists all of them`,
  ];
}
