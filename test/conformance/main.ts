import { createCedarInstance } from '../../services/engine/cedar/instance.ts';
import { readCommandLine, wholeNumber } from '../support/command-line.ts';
import { CORPUS_REMEDY, DEFAULT_CORPUS, readCorpus } from './corpus.ts';
import { runCorpusTest } from './run-test.ts';

const USAGE = `npm run conformance -- [--corpus FILE.tar.gz] [--limit N]

Runs Cedar's public integration corpus through Palisade's request check, slice and both evaluators, every request: Cedar's
decision, its reasons and its erroring policies. Exit code 1 on any difference.
Without --corpus: ${DEFAULT_CORPUS}; ${CORPUS_REMEDY}`;

const PROGRESS_EVERY = 500;

const options = readCommandLine(USAGE, ['corpus', 'limit']);

if (options !== undefined) {
  process.exitCode = await run(
    options.corpus ?? process.env['PALISADE_TEST_CORPUS'] ?? DEFAULT_CORPUS,
    options.limit === undefined ? undefined : wholeNumber(USAGE, 'limit', options.limit, 1),
  );
}

async function run(path: string, limit: number | undefined): Promise<number> {
  const tests = (await readCorpus(path)).slice(0, limit);
  const instance = createCedarInstance();
  let failed = 0;
  let requests = 0;
  const validation: string[] = [];

  for (const [index, test] of tests.entries()) {
    const result = runCorpusTest(instance, test);
    requests += result.requests;
    if (result.differences.length > 0) {
      failed += 1;
      console.log(`FAILED ${test.name}\n${result.differences.map((line) => `  ${line}`).join('\n')}`);
    }
    const { expected, actual } = result.validation;
    if (expected !== actual)
      validation.push(`  ${test.name}: the corpus says ${expected}, Cedar says ${actual}`);
    if ((index + 1) % PROGRESS_EVERY === 0)
      console.log(`${index + 1} of ${tests.length} tests, ${failed} failed`);
  }

  console.log(`${requests} requests. Validation verdicts that differ from the corpus: ${validation.length}`);
  for (const line of validation) console.log(line);
  console.log(`${tests.length - failed} passed, ${failed} failed`);

  return failed === 0 && tests.length > 0 ? 0 : 1;
}
