import { withPrivateWorld } from '../support/private-postgres.ts';
import { readFuzzOptions } from './fuzz-options.ts';
import { fuzz } from './run.ts';

const USAGE = `npm run fuzz:edge -- [--requests N] [--seed S]

Throws random and mutated requests at both transports of a real server, and watches for a decision that Cedar over the whole
bundle would not make, an internal error, a crash, a call without an answer, and a turn of the event loop over 50 ms of CPU.
The same seed sends the same requests. Exit code 1 on any difference.`;

const DEFAULT_REQUESTS = 10_000;

const options = readFuzzOptions(USAGE, DEFAULT_REQUESTS);

if (options !== undefined) {
  const { requests, seed } = options;
  const { differences, outcomes } = await withPrivateWorld((world) =>
    fuzz(world, { requests, seed, print: (line) => console.log(line) }),
  );
  console.log([...outcomes].map(([kind, times]) => `${kind}: ${times}`).join(', '));
  console.log(`${requests} requests, ${differences} differences, seed ${seed}`);
  process.exitCode = differences === 0 ? 0 : 1;
}
