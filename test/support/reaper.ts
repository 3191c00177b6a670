/**
 * Outlives the test run that started it, however that ends, to end the run's servers and remove its folder: it waits for the
 * end of its standard input, whose other end only the run holds. Each line of that input is the process id of a server.
 */
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { stopServer } from '../../services/store/embedded/postmaster.ts';

const [folder = ''] = process.argv.slice(2);
const watched: number[] = [];
for await (const line of createInterface({ input: process.stdin })) watched.push(Number(line));

for (const pid of watched) if (await isPalisade(pid)) process.kill(pid, 'SIGKILL');
await stopServer(path.join(folder, 'postgres'));
await rm(folder, { recursive: true, force: true });

/** By now the process id may be somebody else's. */
async function isPalisade(pid: number): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');

  return command.includes('services/cli/palisade.js');
}
