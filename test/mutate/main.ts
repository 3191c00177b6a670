import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MUTANTS, type Mutant } from './mutants.ts';

const USAGE = `npm run mutate -- [--only TEXT]

Breaks a copy of the compiled evaluator in small ways, one at a time, and runs its tests there: the table of semantics, patterns
and equality, and then random policy sets. Prints which faults no test noticed; exit code 1 if there are any. Takes some minutes.
With --only, faults whose file or description holds the text.`;

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const COPIED = [
  'services',
  'test/engine',
  'test/fuzz',
  'test/chaos',
  'test/support/command-line.ts',
  'package.json',
];
const TESTS = [
  'test/engine/compiled',
  'test/engine/value',
  'test/engine/slice/key-numbers.test.ts',
  'test/engine/slice/policy-index.test.ts',
  'test/engine/steps.test.ts',
];
const FUZZ = ['test/fuzz/engine/main.ts', '--requests', '4000', '--seed', '1'];
/** A fault that makes the tests run for so long is noticed too. */
const TIMEOUT_MS = 180_000;

const { values } = parseArgs({ options: { only: { type: 'string' }, help: { type: 'boolean' } } });

if (values.help === true) console.log(USAGE);
else process.exitCode = await mutate(values.only ?? '');

async function mutate(only: string): Promise<number> {
  const chosen = MUTANTS.filter(({ file, what }) => `${file} ${what}`.includes(only));
  const copy = await mkdtemp(join(tmpdir(), 'palisade-mutate-'));
  try {
    await prepare(copy);
    // Says at once which fault has lost its place.
    for (const mutant of chosen) await withFault(copy, mutant, async () => {});
    if (await isNoticed(copy)) throw new Error('the tests fail without any fault');

    const survivors: Mutant[] = [];
    for (const mutant of chosen) {
      const noticed = await withFault(copy, mutant, () => isNoticed(copy));
      console.log(`${noticed ? 'noticed ' : 'SURVIVED'} ${mutant.file}: ${mutant.what}`);
      if (!noticed) survivors.push(mutant);
    }
    console.log(`${chosen.length} faults, ${survivors.length} survived`);

    return survivors.length === 0 ? 0 : 1;
  } finally {
    await rm(copy, { recursive: true });
  }
}

/** The folders that the tests need, with a configuration that starts no database. */
async function prepare(copy: string): Promise<void> {
  for (const path of COPIED) {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    await cp(join(ROOT, path), join(copy, path), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  await writeFile(join(copy, 'vitest.config.ts'), 'export default {};\n');
}

async function withFault<T>(
  copy: string,
  { file, what, find, replace }: Mutant,
  run: () => Promise<T>,
): Promise<T> {
  const path = join(copy, 'services/engine', file);
  const text = await readFile(path, 'utf8');
  if (text.split(find).length !== 2)
    throw new Error(`${file}: no single place for the fault "${what}": ${find}`);

  await writeFile(
    path,
    text.replace(find, () => replace),
  );
  try {
    return await run();
  } finally {
    await writeFile(path, text);
  }
}

async function isNoticed(copy: string): Promise<boolean> {
  if (!(await succeeds(copy, ['node_modules/vitest/vitest.mjs', 'run', '--bail', '1', ...TESTS])))
    return true;

  return !(await succeeds(copy, FUZZ));
}

async function succeeds(cwd: string, args: readonly string[]): Promise<boolean> {
  const child: ChildProcess = spawn(process.execPath, args, { cwd, stdio: 'ignore', timeout: TIMEOUT_MS });
  const [code] = (await once(child, 'exit')) as [number | null];

  return code === 0;
}
