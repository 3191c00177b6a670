import { compareText, type Problem, type ProblemCode } from './problem.ts';
import { type ProblemOptions, problemAt, problemOf, type Source, type Span } from './source.ts';

/** Collects findings, so that an author sees every one of them at once. */
export interface Problems {
  add(problem: Problem): void;
  /** Finds something at a part of a file, or about the file as a whole where there is no such part. */
  at(
    source: Source,
    span: Span | undefined,
    code: ProblemCode,
    message: string,
    options?: ProblemOptions,
  ): void;
  /** Finds something about a file that could not be read, or about the bundle as a whole. */
  of(file: string, code: ProblemCode, message: string, options?: ProblemOptions): void;
  readonly errors: number;
  /** In a fixed order: by file, place, code, message. */
  sorted(): readonly Problem[];
}

/** More findings than anyone reads, and a bound on what a hostile bundle can make a report weigh. */
export const MAX_PROBLEMS = 1_000;

export function createProblems(): Problems {
  const kept: Problem[] = [];
  let errors = 0;
  let dropped = 0;
  let droppedErrors = 0;

  /** Places are only worked out for what is kept: that takes time along the line. */
  const keep = (severity: Problem['severity'], make: () => Problem): void => {
    if (severity === 'error') errors += 1;
    if (kept.length < MAX_PROBLEMS) kept.push(make());
    else {
      dropped += 1;
      if (severity === 'error') droppedErrors += 1;
    }
  };

  return {
    add(problem) {
      keep(problem.severity, () => problem);
    },
    at(source, span, code, message, options = {}) {
      keep(options.severity ?? 'error', () => problemAt(source, span, code, message, options));
    },
    of(file, code, message, options = {}) {
      keep(options.severity ?? 'error', () => problemOf(file, code, message, options));
    },
    get errors() {
      return errors;
    },
    sorted() {
      const ordered = kept.toSorted(compareProblems);

      return dropped === 0
        ? ordered
        : [...ordered, tooMany(dropped, droppedErrors > 0 ? 'error' : 'warning')];
    },
  };
}

function compareProblems(a: Problem, b: Problem): number {
  return (
    compareText(a.file, b.file) ||
    (a.start?.line ?? 0) - (b.start?.line ?? 0) ||
    (a.start?.column ?? 0) - (b.start?.column ?? 0) ||
    compareText(a.code, b.code) ||
    compareText(a.policy_id ?? '', b.policy_id ?? '') ||
    compareText(a.message, b.message)
  );
}

function tooMany(dropped: number, severity: Problem['severity']): Problem {
  return problemOf('bundle.yaml', 'too_many_problems', `${dropped} more problems are not shown`, {
    severity,
  });
}
