import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { inject } from 'vitest';
import { createTestDatabase, type TestServer } from './postgres.ts';
import { type ServerAddresses, withWorldOn } from './server.ts';
import { startReaper } from './start-reaper.ts';

/** One `palisade serve` that the files of a run share, each with policy stores and credentials of its own. */
export interface SharedWorld {
  readonly addresses: ServerAddresses;
  readonly adminToken: string;
  /** Its database, as a member of `palisade_serving`. */
  readonly databaseUrl: string;
  readonly keyringFile: string;
}

export interface SharedWorldOffer {
  /** Where the workers of the run ask for it. */
  readonly socket: string;
  readonly close: () => Promise<void>;
}

/** In the process of the run: starts the world when the first file asks, and ends it with the run. */
export async function offerSharedWorld(server: TestServer): Promise<SharedWorldOffer> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'palisade-shared-'));
  const socket = path.join(folder, 'world.sock');
  const over = Promise.withResolvers<void>();
  let started: Promise<SharedWorld> | undefined;
  let ended: Promise<void> | undefined;

  const start = (): Promise<SharedWorld> => {
    const reaper = startReaper(folder);
    const { promise, resolve, reject } = Promise.withResolvers<SharedWorld>();
    const running = createTestDatabase({ server }).then((database) =>
      withWorldOn(
        database,
        async (world) => {
          const { addresses } = await world.serve();
          resolve({
            addresses,
            adminToken: world.adminToken,
            databaseUrl: database.servingUrl,
            keyringFile: path.join(world.home, 'keyring.json'),
          });
          await over.promise;
        },
        reaper,
      ),
    );
    ended = running.catch(reject).then(reaper.end);

    return promise;
  };

  const listener = createServer((_request, response) => {
    started ??= start();
    started.then(
      (world) => response.end(JSON.stringify(world)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => listener.listen(socket, resolve));

  return {
    socket,
    async close() {
      over.resolve();
      await ended;
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** In a test: the world of this run. */
export function sharedWorld(): Promise<SharedWorld> {
  const socketPath = inject('sharedWorld');
  if (socketPath === undefined) throw new Error('no shared server: there is no test database');

  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, agent: false }, (response) => {
      text(response).then((body) => {
        if (response.statusCode === 200) resolve(JSON.parse(body) as SharedWorld);
        else reject(new Error(body));
      }, reject);
    });
    asked.on('error', reject).end();
  });
}
