import { type Answer, BROKEN, type Decided, isDecided, NO_ANSWER, type Outcome } from './answer.ts';
import type { EdgeCase } from './edge-case.ts';
import type { Oracle, OracleAnswer } from './oracle.ts';
import { type Reading, readCase } from './reading.ts';

/** Codes that a caller's input must never lead to. */
const OUR_FAULT: ReadonlySet<string> = new Set([
  'internal',
  'bare internal',
  'bare unknown',
  'unknown',
  'http 500',
]);

/** What is wrong with an answer, in words; nothing where Cedar says the same. */
export function differencesOf(oracle: Oracle, edge: EdgeCase, answer: Answer): string[] {
  const { refused } = answer;
  const found = refused === undefined ? [] : callProblems(edge, refused.code, refused.message);
  const readings = readCase(edge);
  for (const { key, outcome } of answer.items) {
    const problem = problemOf(oracle, outcome, readings.get(key) ?? []);
    if (problem !== undefined) found.push(`item ${key}: ${problem}`);
  }

  return found;
}

function callProblems({ oddHead }: EdgeCase, code: string, message: string): string[] {
  if (code === NO_ANSWER || OUR_FAULT.has(code)) return [`${code}: ${message}`];
  if ((code === BROKEN && !oddHead) || /^bare un(available|implemented)/.test(code))
    return [`${code}: ${message}`];

  return [];
}

/** A stream may hold one request id twice; its answer must be right for one of them. */
function problemOf(oracle: Oracle, outcome: Outcome, readings: readonly Reading[]): string | undefined {
  if (!isDecided(outcome))
    return OUR_FAULT.has(outcome.code) || outcome.code === BROKEN
      ? `${outcome.code}: ${outcome.message}`
      : undefined;
  if (outcome.decision !== 'allow' && outcome.decision !== 'deny') return `decided ${outcome.decision}`;
  if (readings.length === 0) return `decided ${outcome.decision} on what cannot be read in one way`;

  const problems = readings.map((reading) => {
    const bundle = oracle.bundleOf(reading);

    const cedar = oracle.judge(reading, outcome.evaluatedAt);

    return compare(outcome, cedar, bundle?.forbids ?? new Set(), oracle.needsRun(reading));
  });

  return problems.includes(undefined) ? undefined : problems[0];
}

function compare(
  decided: Decided,
  cedar: OracleAnswer,
  forbids: ReadonlySet<string>,
  needsRun: boolean,
): string | undefined {
  if (typeof cedar === 'string') return `decided ${decided.decision}, and Cedar refuses: ${cedar}`;

  const failedForbid = cedar.errors.some((id) => forbids.has(id));
  const permitted = cedar.decision === 'allow' && cedar.reason.length > 0 && !failedForbid && !needsRun;
  if (decided.decision !== (permitted ? 'allow' : 'deny'))
    return `decided ${decided.decision}, and Cedar ${JSON.stringify(cedar)}`;

  const { explanation } = decided;
  if (explanation === undefined) return undefined;
  const said = {
    decision: explanation.cedarDecision,
    reason: [...explanation.determining].sort(),
    errors: [...explanation.errors].sort(),
  };

  return JSON.stringify(said) === JSON.stringify(cedar)
    ? undefined
    : `explained ${JSON.stringify(said)}, and Cedar says ${JSON.stringify(cedar)}`;
}
