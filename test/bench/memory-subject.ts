import { setImmediate as turn } from 'node:timers/promises';
import { type CompiledBundle, compileBundle } from '../../services/bundles/compile.ts';
import { readBundleDirectory } from '../../services/bundles/files.ts';
import { loadFiles, readQuestion } from './subject.ts';
import { benchWorkload } from './workload.ts';

/** What a process is told to hold: the bundle of a folder, or so many policies of the bench with requests to evaluate. */
export type MemoryOrder =
  | { readonly folder: string }
  | { readonly policies: number; readonly requests: number; readonly evaluations: number };

/** What a process takes after collecting garbage, in MiB. */
export interface Memory {
  /** JavaScript's heap, with what its objects hold outside of it. */
  readonly heapMb: number;
  readonly rssMb: number;
}

export interface MemoryResult {
  /** With the bundle ready to decide. */
  readonly loaded: Memory;
  /** After a quarter of the evaluations, and after all of them. */
  readonly quarter: Memory;
  readonly end: Memory;
}

/** Evaluations between two turns of the event loop. */
const BATCH = 1_000;
/** What the first collection frees may hold something that only the second one frees. */
const COLLECTIONS = 3;

process.once('message', async (order: MemoryOrder) => {
  process.send?.('folder' in order ? await holdFolder(order.folder) : await holdPolicies(order));
});
process.send?.({});

async function holdFolder(folder: string): Promise<MemoryResult> {
  const { files } = await readBundleDirectory(folder);
  const bundle = await compileBundle(await loadFiles(files));
  const loaded = await memoryWith(bundle);

  return { loaded, quarter: loaded, end: loaded };
}

async function holdPolicies({
  policies,
  requests,
  evaluations,
}: Extract<MemoryOrder, { policies: number }>): Promise<MemoryResult> {
  const { files, question } = benchWorkload(policies);
  const bundle = await compileBundle(await loadFiles(files));
  const loaded = await memoryWith(bundle);
  const asked = Array.from({ length: requests }, (_, index) => readQuestion(bundle, question(index)));
  const evaluate = async (from: number, to: number): Promise<Memory> => {
    for (let at = from; at < to; at += 1) {
      const request = asked[at % asked.length];
      if (request !== undefined) bundle.evaluator.evaluate(request);
      if (at % BATCH === 0) await turn();
    }

    return memoryWith(bundle);
  };
  const quarter = await evaluate(0, evaluations / 4);

  return { loaded, quarter, end: await evaluate(evaluations / 4, evaluations) };
}

/** @param held is in use until then, so that it is part of what is measured. */
async function memoryWith(held: CompiledBundle): Promise<Memory> {
  for (let count = 0; count < COLLECTIONS; count += 1) {
    globalThis.gc?.();
    await turn();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  if (held.policies.size === 0) throw new Error('a bundle without policies');

  return { heapMb: mib(heapUsed + external), rssMb: mib(rss) };
}

function mib(bytes: number): number {
  return bytes / 1024 ** 2;
}
