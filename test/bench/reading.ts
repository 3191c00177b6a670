import { setImmediate as turn } from 'node:timers/promises';
import { compileBundle } from '../../services/bundles/compile.ts';
import type { Effort, Figure } from './figure.ts';
import type { Question, Workload } from './question.ts';
import { median, quantile } from './statistics.ts';
import { loadFiles, readQuestion } from './subject.ts';

/** One round in which the same texts were read by both; times of single requests in microseconds. */
interface Round {
  readonly ours: Float64Array;
  readonly parse: Float64Array;
}

/** A pass is over in a few milliseconds, in which one that another process takes decides the ratio. */
const MORE_PASSES = 10;

type Read = (question: Question) => unknown;

/**
 * Measures reading alone, from the texts of context and entities to checked engine values, in turns with `JSON.parse` of the
 * same texts, which checks nothing and rounds large numbers.
 */
export async function measureReading(
  name: string,
  { files, question }: Workload,
  effort: Effort,
  signal: AbortSignal,
): Promise<Figure> {
  const bundle = await compileBundle(await loadFiles(files, { signal }));
  const questions = Array.from({ length: effort.requests }, (_, index) => question(index));
  const ours: Read = (asked) => readQuestion(bundle, asked);
  const parse: Read = ({ context, entities }) => [JSON.parse(context), JSON.parse(entities)];

  const passes = MORE_PASSES * effort.passes;
  for (const read of [ours, parse]) pass(questions, read, 1);
  const rounds: Round[] = [];
  for (let round = 0; round < effort.rounds; round += 1) {
    rounds.push({ ours: pass(questions, ours, passes), parse: pass(questions, parse, passes) });
    await turn();
    signal.throwIfAborted();
  }

  return {
    name,
    unit: 'us',
    p50: median(rounds.map((round) => quantile(round.ours, 0.5))),
    p99: median(rounds.map((round) => quantile(round.ours, 0.99))),
    per_second: median(rounds.map((round) => rateOf(round.ours))),
    baseline_per_second: median(rounds.map((round) => rateOf(round.parse))),
    ratio: median(rounds.map((round) => rateOf(round.parse) / rateOf(round.ours))),
  };
}

function pass(questions: readonly Question[], read: Read, passes: number): Float64Array {
  const times = new Float64Array(passes * questions.length);
  let at = 0;
  for (let count = 0; count < passes; count += 1) {
    for (const question of questions) {
      const startedAt = performance.now();
      read(question);
      times[at] = 1_000 * (performance.now() - startedAt);
      at += 1;
    }
  }

  return times;
}

function rateOf(times: Float64Array): number {
  return (1_000_000 * times.length) / times.reduce((sum, time) => sum + time, 0);
}
