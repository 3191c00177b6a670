import { FIGURES, measure } from './figures.ts';
import { type BenchOptions, readOptions, USAGE } from './options.ts';
import { createReport } from './report.ts';

const FAILED = 1;
const WRONG_USAGE = 2;

const asked = optionsOrUsage();
if (asked?.help === true) console.log(USAGE.replace('NAMES', FIGURES.join(', ')));
else if (asked !== undefined) await bench(asked);

async function bench(options: BenchOptions): Promise<void> {
  const interrupt = new AbortController();
  // Everything that runs is ended on the way out; a second signal ends this process at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interrupt.abort(new Error(`ended by ${signal}`)));
  }

  const report = createReport(options.json);
  try {
    await measure(options, report, interrupt.signal);
  } catch (thrown) {
    report.note(`FAILED: ${thrown instanceof Error ? thrown.message : thrown}`);
    process.exitCode = FAILED;
  } finally {
    report.end();
  }
}

function optionsOrUsage(): BenchOptions | undefined {
  try {
    return readOptions(process.argv.slice(2), FIGURES);
  } catch (thrown) {
    console.error(thrown instanceof Error ? thrown.message : thrown);
    console.error(USAGE.replace('NAMES', FIGURES.join(', ')));
    process.exitCode = WRONG_USAGE;

    return undefined;
  }
}
