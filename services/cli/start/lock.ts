import { createHash } from 'node:crypto';
import { realpath, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliError } from '../errors.ts';

/**
 * Makes this process the only one that starts a Palisade in a folder. The kernel lets go of it with the process, however
 * that ends, so there is no stale lock to remove by hand.
 * @throws CliError where another one runs there.
 */
export async function lockHome(home: string): Promise<() => void> {
  const name = `palisade-${createHash('sha256')
    .update(await realpath(home))
    .digest('hex')
    .slice(0, 32)}`;
  // Linux has names without a file; elsewhere a killed process leaves one, which answers nobody.
  const path = process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.lock`);
  if (await answers(path))
    throw new CliError(`a Palisade already runs in ${home}; stop it first, or set PALISADE_HOME`);
  if (process.platform !== 'linux') await rm(path, { force: true });

  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', () => reject(new CliError(`another Palisade starts in ${home} at this moment`)));
    server.listen(path, resolve);
  });
  server.unref();

  return () => {
    server.close();
  };
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
