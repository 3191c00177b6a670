import type { LintName } from './lint/names.ts';

/** What `check` and `fmt` can find, a closed set: tools switch on it. */
export const PROBLEM_CODES = [
  'file_refused',
  'file_missing',
  'file_too_large',
  'not_utf8',
  'yaml_syntax',
  'json_syntax',
  'manifest_invalid',
  'source_defaulted',
  'unknown_type',
  'unknown_path',
  'unused_allowance',
  'cedar_syntax',
  'schema_invalid',
  'schema_warning',
  'fact_invalid',
  'limit_invalid',
  'label_invalid',
  'policy_id',
  'policy_annotation',
  'policy_too_deep',
  'policy_too_large',
  'policy_construct',
  'policy_invalid',
  'impossible_policy',
  'no_applicable_action',
  'policy_warning',
  'policy_traps',
  'format_refused',
  'evaluators_differ',
  'link_invalid',
  'entity_invalid',
  'test_invalid',
  'test_failed',
  'limit_exceeded',
  'lint',
  'check_incomplete',
  'too_many_problems',
] as const;

export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** A place in a file, as people count: from one, in characters (Unicode scalar values). */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One finding about a bundle. `error` keeps it from being stored as deployable, `warning` does not. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly code: ProblemCode;
  /** Path inside the bundle. */
  readonly file: string;
  /** Absent where the problem is about the file or the bundle as a whole. */
  readonly start?: Position;
  readonly end?: Position;
  readonly message: string;
  /** What to do about it, mostly in Cedar's own words. */
  readonly help?: string;
  readonly policy_id?: string;
  /** Which lint warns, where the code is `lint`. */
  readonly lint?: LintName;
  readonly excerpt?: Excerpt;
}

/** The line at fault as a terminal can show it, and carets under the part that is meant. */
export interface Excerpt {
  readonly line: string;
  readonly caret: string;
}

/**
 * A problem as text: `file:line:column: severity: message [code]`, the line itself with carets underneath, and help.
 * Control characters are escaped, so that a hostile bundle cannot write to the terminal of who reads about it.
 */
export function renderProblem(problem: Problem): string {
  const place = problem.start === undefined ? '' : `:${problem.start.line}:${problem.start.column}`;
  const lines = [
    `${problem.file}${place}: ${problem.severity}: ${escapeControls(problem.message)} [${problem.lint ?? problem.code}]`,
  ];

  if (problem.excerpt !== undefined) lines.push(`  ${problem.excerpt.line}`, `  ${problem.excerpt.caret}`);
  if (problem.help !== undefined) lines.push(`  help: ${escapeControls(problem.help)}`);

  return lines.join('\n');
}

/** Control, format and bidirectional characters as `\u{…}`; what is left can be printed. */
export function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** Orders by UTF-16 units, the same on every machine; for sorting what a report lists. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;

  return a < b ? -1 : 1;
}
