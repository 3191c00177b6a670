/**
 * Outlives the test run that started it, however that ends, to stop the run's server and remove its folder: it waits
 * for the end of its standard input, whose other end only the run holds.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { stopServer } from '../../services/store/embedded/postmaster.ts';

const [folder = ''] = process.argv.slice(2);
process.stdin.resume();
process.stdin.once('close', async () => {
  await stopServer(path.join(folder, 'postgres'));
  await rm(folder, { recursive: true, force: true });
});
