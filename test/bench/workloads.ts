import { gdriveWorkload } from './paper/gdrive.ts';
import { githubWorkload } from './paper/github.ts';
import { tinytodoWorkload } from './paper/tinytodo.ts';
import type { Workload } from './question.ts';
import { contextWorkload } from './wide/context.ts';
import { entitiesWorkload } from './wide/entities.ts';
import { benchWorkload } from './workload.ts';

type Workloads = Readonly<Record<string, () => Workload>>;

/**
 * What the engine's figures are measured on, by name; those of one group take turns. Code that has run many kinds of requests is
 * slower than code that has run one, so the groups follow each other.
 */
export const ENGINE_WORKLOADS: readonly Workloads[] = [
  {
    'engine/1': () => benchWorkload(1),
    'engine/10': () => benchWorkload(10),
    'engine/10-hot': () => hot(benchWorkload(10)),
    'engine/100': () => benchWorkload(100),
    'engine/1000': () => benchWorkload(1_000),
    'engine/10000': () => benchWorkload(10_000),
    'engine/100000': () => benchWorkload(100_000),
  },
  { 'engine/entities20': entitiesWorkload, 'engine/context50': contextWorkload },
  { 'paper/gdrive': gdriveWorkload, 'paper/github': githubWorkload, 'paper/tinytodo': tinytodoWorkload },
];

export const READ_WORKLOADS: Workloads = {
  'read/entities20': entitiesWorkload,
  'read/context50': contextWorkload,
};

/** One request again and again. */
function hot({ files, question }: Workload): Workload {
  return { files, question: () => question(0) };
}
