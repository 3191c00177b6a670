import { setImmediate as turn } from 'node:timers/promises';
import { writeArchive } from '../../services/bundles/archive.ts';
import { type CompiledBundle, compileBundle } from '../../services/bundles/compile.ts';
import { bundleDigest } from '../../services/bundles/digest.ts';
import { informRequest } from '../../services/bundles/inform.ts';
import { loadInWorker } from '../../services/bundles/worker/load.ts';
import type { EvaluationRequest } from '../../services/engine/evaluator.ts';
import { parseJson } from '../../services/engine/raw/json.ts';
import type { Effort, Figure } from './figure.ts';
import { median, quantile } from './statistics.ts';
import { type BenchRequest, benchBundle, benchRequest } from './workload.ts';

/** Everything that one of the engine figures is measured on. */
interface Subject {
  readonly name: string;
  readonly bundle: CompiledBundle;
  readonly cases: readonly Case[];
}

interface Case {
  readonly request: EvaluationRequest;
  readonly want: BenchRequest['want'];
}

/** Quantiles of one round in microseconds. */
interface Round {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}

/**
 * Measures the evaluator alone, in this process: the requests are parsed, checked and informed before the clock starts.
 * @param names `engine/N`, N policies in the bundle.
 * @throws Error where an answer is not the one that the policies give.
 */
export async function measureEngine(
  names: readonly string[],
  effort: Effort,
  signal: AbortSignal,
): Promise<readonly Figure[]> {
  const subjects: Subject[] = [];
  for (const name of names) subjects.push(await prepare(name, Number(name.split('/')[1]), effort.requests));

  const rounds = new Map(subjects.map(({ name }): [string, Round[]] => [name, []]));
  for (const subject of subjects) pass(subject, 1);
  for (let round = 0; round < effort.rounds; round += 1) {
    for (const subject of subjects) {
      rounds.get(subject.name)?.push(pass(subject, effort.passes));
      await turn();
      signal.throwIfAborted();
    }
  }

  return [...rounds].map(([name, measured]) => ({
    name,
    unit: 'us',
    p50: median(measured.map(({ p50 }) => p50)),
    p99: median(measured.map(({ p99 }) => p99)),
    per_second: median(measured.map(({ perSecond }) => perSecond)),
  }));
}

async function prepare(name: string, policies: number, requests: number): Promise<Subject> {
  const files = benchBundle(policies);
  const bundle = await compileBundle(await loadInWorker(writeArchive(files), bundleDigest(files)));
  const cases = Array.from({ length: requests }, (_, index): Case => {
    const { context, entities, want, ...uids } = benchRequest(policies, index);
    const asked = {
      ...uids,
      context: parseJson(context, 'context'),
      entities: parseJson(entities, 'entities'),
    };

    return { request: informRequest(bundle, asked, () => ({})).request, want };
  });

  return { name, bundle, cases };
}

function pass({ name, bundle, cases }: Subject, passes: number): Round {
  const times = new Float64Array(passes * cases.length);
  let total = 0;
  let at = 0;
  for (let count = 0; count < passes; count += 1) {
    for (const { request, want } of cases) {
      const startedAt = performance.now();
      const { decision, errors } = bundle.evaluator.evaluate(request);
      const took = performance.now() - startedAt;
      if (decision !== want || errors.length > 0) throw new Error(`${name}: ${decision} and not ${want}`);

      total += took;
      times[at] = 1_000 * took;
      at += 1;
    }
  }

  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), perSecond: (1_000 * at) / total };
}
