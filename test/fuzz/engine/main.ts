import { readFuzzOptions } from '../fuzz-options.ts';
import { fuzz } from './run.ts';
import { WANTED } from './wanted.ts';

const USAGE = `npm run fuzz -- [--requests N] [--seed S]

Compares the compiled evaluator with cedar-wasm over whole random policy sets: decision, determining and failing policies, and
whether a request is taken at all. The same seed asks the same requests. Prints each difference as a small case, and what the
requests reached. Exit code 1 on a difference, and from 20,000 requests on where anything that Cedar can do was not reached.`;

const DEFAULT_REQUESTS = 20_000;
/** Fewer requests need not reach everything. */
const ENOUGH_FOR_ALL = 20_000;

const options = readFuzzOptions(USAGE, DEFAULT_REQUESTS);

if (options !== undefined) {
  const { requests, seed } = options;
  const started = Date.now();
  const { differences, coverage } = fuzz({
    requests,
    seed,
    print: (text) => console.log(text),
    onProgress: (done) =>
      console.error(`${done} requests after ${Math.round((Date.now() - started) / 1000)} s`),
  });
  const holes = coverage.holes(WANTED);
  for (const line of coverage.lines()) console.log(line);
  if (holes.length > 0) console.log(`never reached:\n  ${holes.join('\n  ')}`);
  console.log(`${requests} requests, ${differences} differences, seed ${seed}`);
  process.exitCode = differences > 0 || (holes.length > 0 && requests >= ENOUGH_FOR_ALL) ? 1 : 0;
}
