import { setImmediate as turn } from 'node:timers/promises';
import { type BundleParts, type CompiledBundle, compileBundle } from '../../services/bundles/compile.ts';
import { PdpError } from '../../services/engine/error.ts';
import type { EvaluationRequest, Evaluator } from '../../services/engine/evaluator.ts';
import { LIMITS } from '../../services/engine/limits.ts';
import { type BundleText, entitiesOf, WORST_CASES, type WorstCase } from '../fuzz/worst-cases.ts';
import type { Effort, Figure } from './figure.ts';
import { bundleFiles, type Question } from './question.ts';
import { median, quantile } from './statistics.ts';
import { loadFiles, readQuestion } from './subject.ts';

const EVALUATIONS = 5;

/** The slowest request of one evaluator; times are milliseconds of one evaluation each. */
export interface Slowest {
  readonly evaluator: string;
  readonly name: string;
  /** Bytes of its body. */
  readonly bytes: number;
  readonly times: readonly number[];
}

export interface Worst {
  readonly figure: Figure;
  /** Of the compiled evaluator, then of Cedar's own where it is compared. */
  readonly slowest: readonly Slowest[];
}

/**
 * Searches the families of requests that the fuzzer keeps for the one whose evaluation is slowest: of each, the largest request
 * that reading and the evaluator take. What is slow for one evaluator need not be for the other, so each has its own.
 */
export async function measureWorst(
  name: string,
  { rounds }: Effort,
  compareCedar: boolean,
  signal: AbortSignal,
): Promise<Worst> {
  const compiled: Slowest[] = [];
  const cedar: Slowest[] = [];
  for (const { parts, cases } of await bundlesOf(WORST_CASES, signal)) {
    const bundle = await compileBundle(parts);
    const own = compareCedar ? (await compileBundle(parts, 'cedar')).evaluator : undefined;
    for (const worst of cases) {
      const most = largest(worst, (size) => readWorst(bundle, worst, size) !== undefined);
      compiled.push(timeLargest(bundle, bundle.evaluator, worst, most, rounds));
      if (own !== undefined) cedar.push(timeLargest(bundle, own, worst, most, rounds));
      await turn();
      signal.throwIfAborted();
    }
  }

  const ours = slowestOf(compiled);
  const theirs = compareCedar ? slowestOf(cedar) : undefined;

  return {
    figure: {
      name,
      unit: 'ms',
      p50: median(ours.times),
      p99: quantile(ours.times, 0.99),
      ...(theirs === undefined ? {} : { cedar_p50: median(theirs.times) }),
    },
    slowest: theirs === undefined ? [ours] : [ours, theirs],
  };
}

/** A family of which not even the smallest request is taken has no times. */
function slowestOf(all: readonly Slowest[]): Slowest {
  const [first] = all
    .filter(({ times }) => times.length > 0)
    .toSorted((a, b) => median(b.times) - median(a.times));
  if (first === undefined) throw new Error('no request of the slowest families is taken');

  return first;
}

interface WorstBundle {
  readonly parts: BundleParts;
  readonly cases: readonly WorstCase[];
}

/** Each bundle once, with the families that it is asked; typed values give the same request as JSON. */
async function bundlesOf(all: readonly WorstCase[], signal: AbortSignal): Promise<readonly WorstBundle[]> {
  const byText = Map.groupBy(
    all.filter(({ typed }) => typed !== true),
    ({ bundle }) => JSON.stringify(bundle),
  );
  const bundles: WorstBundle[] = [];
  for (const [text, cases] of byText) {
    bundles.push({ parts: await loadFiles(bundleFiles(JSON.parse(text) as BundleText), { signal }), cases });
  }

  return bundles;
}

function timeLargest(
  bundle: CompiledBundle,
  evaluator: Evaluator,
  worst: WorstCase,
  most: number,
  rounds: number,
): Slowest {
  const size = largestBelow(most, (one) => {
    const request = readWorst(bundle, worst, one);

    return request !== undefined && taken(() => evaluator.evaluate(request)) !== undefined;
  });
  const request = readWorst(bundle, worst, size);
  const times: number[] = [];
  for (let count = 0; request !== undefined && count < EVALUATIONS * rounds; count += 1) {
    const startedAt = performance.now();
    evaluator.evaluate(request);
    times.push(performance.now() - startedAt);
  }

  return {
    evaluator: evaluator.name,
    name: worst.name,
    bytes: Buffer.byteLength(questionOf(worst, size).body),
    times,
  };
}

/** The request of that size; `undefined` where a limit refuses it. */
function readWorst(bundle: CompiledBundle, worst: WorstCase, size: number): EvaluationRequest | undefined {
  const { body, ...question } = questionOf(worst, size);
  if (Buffer.byteLength(body) > LIMITS.body_bytes) return undefined;

  return taken(() => readQuestion(bundle, question));
}

function questionOf(worst: WorstCase, size: number): Omit<Question, 'want'> & { readonly body: string } {
  const uids = {
    principal: { type: 'P', id: '0' },
    action: { type: 'Action', id: 'act' },
    resource: worst.resource ?? { type: 'R', id: 'r' },
  };
  const context = worst.context(size);
  const entities = entitiesOf(worst, size);
  const body = `${JSON.stringify(uids).slice(0, -1)},"context":${context},"entities":${entities}}`;

  return { ...uids, context, entities, body };
}

/** What a limit refuses is `undefined`. */
function taken<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof PdpError && (error.code === 'too_large' || error.code === 'invalid_request')) {
      return undefined;
    }
    throw error;
  }
}

function largest(worst: WorstCase, passes: (size: number) => boolean): number {
  const most = worst.most ?? LIMITS.body_bytes;
  let size = 1;
  while (size < most && passes(size)) size *= 2;

  return largestBelow(Math.min(size, most), passes);
}

/** The largest size up to `most` that passes; 0 where none does. */
function largestBelow(most: number, passes: (size: number) => boolean): number {
  if (passes(most)) return most;
  let good = 0;
  let bad = most;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (passes(middle)) good = middle;
    else bad = middle;
  }

  return good;
}
