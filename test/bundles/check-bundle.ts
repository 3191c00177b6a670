import { expect } from 'vitest';
import { type CheckReport, checkBundle } from '../../services/bundles/check.ts';
import type { ProblemCode } from '../../services/bundles/problem.ts';
import type { Changes } from './bundle-changes.ts';
import { filesOf } from './files-of.ts';

/** What is wrong with the valid bundle after some changes, and the problem that must be found. */
export type Refusal = readonly [what: string, changes: Changes, code: ProblemCode, message: RegExp];

/** Checks the valid bundle with some changes. */
export function check(changes: Changes = {}): Promise<CheckReport> {
  return checkBundle(filesOf(changes));
}

/** Expects that the bundle is refused, for this problem among others. */
export async function expectRefused(...[_what, changes, code, message]: Refusal): Promise<void> {
  const report = await check(changes);
  const found = report.problems.filter((problem) => problem.code === code);

  expect(report.ok).toBe(false);
  expect(found.map((problem) => problem.message)).toContainEqual(expect.stringMatching(message));
  for (const { severity } of found) expect(severity).toBe('error');
}
