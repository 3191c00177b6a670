import { setImmediate as turn } from 'node:timers/promises';
import type { Evaluator } from '../../services/engine/evaluator.ts';
import type { Effort, Figure } from './figure.ts';
import type { Workload } from './question.ts';
import { median, quantile } from './statistics.ts';
import { prepareSubject, type Subject } from './subject.ts';

/** Quantiles of one round in microseconds. */
interface Round {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}

interface Rounds {
  readonly compiled: Round[];
  readonly cedar: Round[];
}

/**
 * Measures the evaluator alone, in this process: the requests are parsed, checked and informed before the clock starts.
 * @param workloads by the name of their figure; they take turns within each round.
 * @throws Error where an answer is not the one that the policies give.
 */
export async function measureEngine(
  workloads: ReadonlyMap<string, Workload>,
  effort: Effort,
  compareCedar: boolean,
  signal: AbortSignal,
): Promise<readonly Figure[]> {
  const subjects: Subject[] = [];
  for (const [name, workload] of workloads) {
    subjects.push(await prepareSubject(name, workload, effort.requests, compareCedar, signal));
  }

  const measured = subjects.map((subject) => ({ subject, rounds: { compiled: [], cedar: [] } as Rounds }));
  for (const { compiled, cedar, ...subject } of subjects) {
    for (const evaluator of cedar === undefined ? [compiled] : [compiled, cedar]) pass(subject, evaluator, 1);
  }
  for (let round = 0; round < effort.rounds; round += 1) {
    for (const { subject, rounds } of measured) {
      rounds.compiled.push(pass(subject, subject.compiled, effort.passes));
      if (subject.cedar !== undefined) rounds.cedar.push(pass(subject, subject.cedar, effort.cedarPasses));
      await turn();
      signal.throwIfAborted();
    }
  }

  return measured.map(({ subject, rounds }) => figureOf(subject.name, rounds));
}

function figureOf(name: string, { compiled, cedar }: Rounds): Figure {
  return {
    name,
    unit: 'us',
    p50: median(compiled.map(({ p50 }) => p50)),
    p99: median(compiled.map(({ p99 }) => p99)),
    per_second: median(compiled.map(({ perSecond }) => perSecond)),
    ...(cedar.length === 0 ? {} : { cedar_p50: median(cedar.map(({ p50 }) => p50)) }),
  };
}

function pass({ name, cases }: Pick<Subject, 'name' | 'cases'>, evaluator: Evaluator, passes: number): Round {
  const times = new Float64Array(passes * cases.length);
  let total = 0;
  let at = 0;
  for (let count = 0; count < passes; count += 1) {
    for (const { request, want } of cases) {
      const startedAt = performance.now();
      const { decision, errors } = evaluator.evaluate(request);
      const took = performance.now() - startedAt;
      if (decision !== want || errors.length > 0) {
        throw new Error(`${name}: ${evaluator.name} says ${decision} and not ${want}`);
      }

      total += took;
      times[at] = 1_000 * took;
      at += 1;
    }
  }

  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), perSecond: (1_000 * at) / total };
}
