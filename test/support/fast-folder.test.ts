import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { clearAbandonedFolders, makeFastFolder } from './fast-folder.ts';
import { uniqueName } from './shared-store.ts';

const PREFIX = `${uniqueName('palisade-folder')}-`;
const made: string[] = [];

afterEach(async () => {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
});

test('a folder whose maker was killed is cleared', async () => {
  const folder = madeByTheDead();
  expect(existsSync(folder)).toBe(true);
  await clearAbandonedFolders(PREFIX);

  expect(existsSync(folder)).toBe(false);
});

test('a folder whose maker lives stays', async () => {
  const folder = await makeFastFolder(PREFIX);
  made.push(folder);
  await clearAbandonedFolders(PREFIX);

  expect(existsSync(folder)).toBe(true);
});

test('a folder that a living process was started with stays until that is gone', async () => {
  const folder = madeByTheDead();
  const user = spawn(process.execPath, [
    '-e',
    'setInterval(() => undefined, 1_000)',
    join(folder, 'postgres'),
  ]);
  await once(user, 'spawn');
  await clearAbandonedFolders(PREFIX);
  expect(existsSync(folder)).toBe(true);

  user.kill('SIGKILL');
  await once(user, 'exit');
  await clearAbandonedFolders(PREFIX);
  expect(existsSync(folder)).toBe(false);
});

test.each([
  ['by processes that are not visible from here', 'pid:[1] 4194305'],
  ['by nobody knows whom', ''],
])('a folder that was made %s stays', async (_whom, maker) => {
  const folder = madeByTheDead();
  await writeFile(join(folder, 'maker'), maker);
  await clearAbandonedFolders(PREFIX);

  expect(existsSync(folder)).toBe(true);
});

test('a folder of another name stays', async () => {
  const folder = madeByTheDead();
  await clearAbandonedFolders(`${PREFIX}other-`);

  expect(existsSync(folder)).toBe(true);
});

/** Made by a process that did nothing to clean up. */
function madeByTheDead(): string {
  const script = `
    import { makeFastFolder } from './test/support/fast-folder.ts';
    process.stdout.write(await makeFastFolder('${PREFIX}'));
    process.kill(process.pid, 'SIGKILL');`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  if (!stdout.includes(PREFIX)) throw new Error(`no folder was made: ${stdout}`);
  made.push(stdout);

  return stdout;
}
