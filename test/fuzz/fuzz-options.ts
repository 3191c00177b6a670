import { newSeed } from '../chaos/random.ts';
import { readCommandLine, wholeNumber } from '../support/command-line.ts';

/** What a fuzzer is told. */
export interface FuzzOptions {
  readonly requests: number;
  /** The same seed asks the same requests. */
  readonly seed: number;
}

/** Reads `--requests` and `--seed`; nothing where `--help` asked for the usage. */
export function readFuzzOptions(usage: string, defaultRequests: number): FuzzOptions | undefined {
  const options = readCommandLine(usage, ['requests', 'seed']);
  if (options === undefined) return undefined;

  return {
    // Without a single request nothing differs, and nothing is shown.
    requests: wholeNumber(usage, 'requests', options.requests ?? String(defaultRequests), 1),
    seed: wholeNumber(usage, 'seed', options.seed ?? String(newSeed())),
  };
}
