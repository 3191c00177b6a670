import { FAILED } from '../engine/compiled/failure.ts';
import type { Est } from '../engine/compiled/shape.ts';
import type { Evaluation } from '../engine/evaluator.ts';
import type { Effect, Policy } from '../engine/policy.ts';
import { type Branch, type BranchPart, branchesOf, type Goal } from '../engine/traced/branches.ts';
import { unitOf } from '../engine/traced/clauses.ts';
import type { Observer, TracedEvaluator } from '../engine/traced/evaluator.ts';
import { expressionText } from '../engine/traced/expression-text.ts';
import { createLocator, type Place, type Places } from './places.ts';
import { compareText } from './problem.ts';

/** How much of a bundle its tests have seen; counts are evaluations. */
export interface CoverageReport extends Share {
  readonly policies: readonly PolicyCoverage[];
}

/** Goals reached of goals there are; `percent` is rounded down, so that 100 means all. */
export interface Share {
  readonly covered: number;
  readonly goals: number;
  readonly percent: number;
}

/** What the tests have seen of one policy, or of a template through all its links. */
export interface PolicyCoverage extends Share, Place {
  readonly policy_id: string;
  readonly effect: Effect;
  /** Of a template: how many links it has, and those whose scope no test matched. */
  readonly links?: { readonly total: number; readonly unmatched: readonly string[] };
  /** Its scope matched. */
  readonly matched: number;
  /** Its condition was true, false, failed. */
  readonly held: number;
  readonly not_held: number;
  readonly failed: number;
  /** It was among the determining policies. */
  readonly determined: number;
  readonly branches: readonly BranchCoverage[];
}

export interface BranchCoverage extends Place {
  readonly part: BranchPart;
  /** As Cedar text. */
  readonly text: string;
  /** How often it was true, false, another value, failed. */
  readonly seen: {
    readonly true: number;
    readonly false: number;
    readonly other: number;
    readonly failed: number;
  };
  /** What no test has seen of it. */
  readonly missing: readonly Goal[];
}

/** Counts what the tests of a bundle see of it. */
export interface Coverage extends Observer {
  /** Counts the policies that determined an answer. */
  determined(evaluation: Evaluation): void;
  report(evaluator: Pick<TracedEvaluator, 'clausesOf'>, places: Places): CoverageReport;
}

type Seen = { true: number; false: number; other: number; failed: number };

interface Unit {
  readonly policies: Policy[];
  readonly matched: Set<Policy>;
  readonly results: Seen;
  determined: number;
}

export function createCoverage(policies: readonly Policy[]): Coverage {
  const units = new Map<string, Unit>();
  const byId = new Map<string, Unit>();
  for (const policy of policies) {
    const name = unitOf(policy);
    const unit = units.get(name) ?? { policies: [], matched: new Set(), results: unseen(), determined: 0 };
    unit.policies.push(policy);
    units.set(name, unit);
    byId.set(policy.id, unit);
  }
  const seen = new Map<Est, Seen>();

  return {
    expression(node, result) {
      const counts = seen.get(node) ?? unseen();
      seen.set(node, counts);
      counts[kindOf(result)] += 1;
    },
    policy(policy, result) {
      const unit = byId.get(policy.id);
      unit?.matched.add(policy);
      if (unit !== undefined) unit.results[kindOf(result)] += 1;
    },
    determined({ determining }) {
      for (const id of determining) {
        const unit = byId.get(id);
        if (unit !== undefined) unit.determined += 1;
      }
    },
    report(evaluator, places) {
      const rows = [...units].flatMap(([id, unit]) => rowOf(id, unit, seen, evaluator, places) ?? []);
      const sorted = rows.toSorted((a, b) => compareText(a.file, b.file) || a.line - b.line);

      return { ...shareOf(sorted), policies: sorted };
    },
  };
}

function unseen(): Seen {
  return { true: 0, false: 0, other: 0, failed: 0 };
}

function kindOf(result: unknown): keyof Seen {
  if (result === FAILED) return 'failed';

  return typeof result === 'boolean' ? `${result}` : 'other';
}

function rowOf(
  id: string,
  { policies, matched, results, determined }: Unit,
  seen: ReadonlyMap<Est, Seen>,
  { clausesOf }: Pick<TracedEvaluator, 'clausesOf'>,
  places: Places,
): PolicyCoverage | undefined {
  const [policy] = policies;
  if (policy === undefined) return undefined;

  const place = places.get(id) ?? { file: '', line: 0 };
  const { source } = policy;
  const locator = createLocator(source.kind === 'link' ? source.templateText : source.text);
  const all = branchesOf(clausesOf(policy));
  const branches = all.map((branch): BranchCoverage => {
    const text = expressionText(branch.node, policy.condition.literals);
    const counts = seen.get(branch.node) ?? unseen();

    return {
      file: place.file,
      line: place.line + locator.lineOf(text),
      part: branch.part,
      text,
      seen: counts,
      missing: missingOf(branch, counts),
    };
  });
  const goals = 2 + sum(all.map((branch) => branch.goals.length));
  const missing =
    (matched.size > 0 ? 0 : 1) +
    (determined > 0 ? 0 : 1) +
    sum(branches.map((branch) => branch.missing.length));
  const unmatched = policies.filter((one) => !matched.has(one)).map((one) => one.id);

  return {
    policy_id: id,
    effect: policy.effect,
    ...place,
    ...(source.kind === 'link' ? { links: { total: policies.length, unmatched } } : {}),
    matched: results.true + results.false + results.failed,
    held: results.true,
    not_held: results.false,
    failed: results.failed,
    determined,
    ...shareOf([{ covered: goals - missing, goals }]),
    branches,
  };
}

function missingOf({ goals }: Branch, seen: Seen): readonly Goal[] {
  return goals.filter((goal) => {
    if (goal === 'reached') return seen.true + seen.false + seen.other === 0;

    return seen[goal] === 0;
  });
}

/** Nothing to see has been seen wholly. */
function shareOf(parts: readonly Pick<Share, 'covered' | 'goals'>[]): Share {
  const covered = sum(parts.map((part) => part.covered));
  const goals = sum(parts.map((part) => part.goals));

  return { covered, goals, percent: goals === 0 ? 100 : Math.floor((100 * covered) / goals) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
