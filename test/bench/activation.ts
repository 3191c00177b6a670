import { writeArchive } from '../../services/bundles/archive.ts';
import { compileBundle } from '../../services/bundles/compile.ts';
import { bundleDigest } from '../../services/bundles/digest.ts';
import { loadInWorker } from '../../services/bundles/worker/load.ts';
import type { Effort, Figure } from './figure.ts';
import { type Held, watchThread } from './held.ts';
import { median, quantile } from './statistics.ts';
import { benchBundle } from './workload.ts';

const MAX_TIMES = 3;

export interface Activation {
  readonly figure: Figure;
  /** Of the thread that decides, over all times. */
  readonly held: Held;
}

/**
 * Measures from a bundle's archive until it decides, as the server goes about it: a worker reads it and holds the evaluators
 * against each other, this thread takes what it found and compiles it.
 */
export async function measureActivation(
  name: string,
  policies: number,
  { starts }: Effort,
  signal: AbortSignal,
): Promise<Activation> {
  const files = benchBundle(policies);
  const archive = writeArchive(files);
  const digest = bundleDigest(files);
  const took: number[] = [];
  const held: Held[] = [];
  for (let time = 0; time < Math.min(starts, MAX_TIMES); time += 1) {
    const thread = watchThread();
    const startedAt = performance.now();
    await compileBundle(await loadInWorker(archive, digest, 'compiled', { signal }));
    took.push(performance.now() - startedAt);
    held.push(thread.end());
  }

  return {
    figure: { name, unit: 'ms', p50: median(took), p99: quantile(took, 0.99) },
    held: {
      longestMs: Math.max(...held.map(({ longestMs }) => longestMs)),
      longestCpuMs: Math.max(...held.map(({ longestCpuMs }) => longestCpuMs)),
    },
  };
}
