import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { writeArchive } from '../../services/bundles/archive.ts';
import { type BundleFiles, isTestPath, readBundleDirectory } from '../../services/bundles/files.ts';
import { createKeyring } from '../../services/ledger/keyring.ts';
import { createToken } from '../../services/pdp/token.ts';
import {
  ADMINISTRATIVE_ROLES,
  insertCredential,
  type NewCredential,
} from '../../services/store/credentials.ts';
import { createPool } from '../../services/store/pool.ts';
import type { TestDatabase } from './postgres.ts';
import type { Reaper } from './start-reaper.ts';

/** Where one `palisade serve` listens. */
export interface ServerAddresses {
  readonly rest: string;
  readonly grpc: string;
  readonly admin: string;
}

/** A `palisade serve` in a process of its own. */
export interface ServerProcess {
  readonly addresses: ServerAddresses;
  readonly child: ChildProcess;
  /** Everything that it printed, line by line. */
  readonly output: readonly string[];
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** A database, a keyring and a spool, which several server processes, at once or after each other, share. */
export interface ServerWorld {
  readonly database: TestDatabase;
  readonly home: string;
  readonly adminToken: string;
  /** Of a credential for the store `default`, any principal, full detail. */
  readonly runtimeToken: string;
  /** Makes a credential and gives its token. */
  credential(wanted: Partial<NewCredential> & Pick<NewCredential, 'name'>): Promise<string>;
  /** Starts a server; `environment` overrides its configuration, `cwd` is an installation other than this one. */
  serve(environment?: Readonly<Record<string, string>>, cwd?: string): Promise<ServerProcess>;
}

/** `NODE_OPTIONS` of a server that is to load many bundles in little time. */
export const HOLDING_CEDAR = `--import ${pathToFileURL(join(import.meta.dirname, 'hold-cedar.js')).href}`;

/** What `palisade serve` starts itself anew with: with it from the beginning, a server saves a start of Node, a tenth of its own. */
export const BOUNDED = {
  flags: ['--max-semi-space-size=16', '--max-old-space-size=1024'],
  environment: { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' },
} as const;

/** A server that lives for seconds need not begin with a small heap: this saves a twentieth of what it takes. */
const ROOMY = '--min-semi-space-size=16';

const START_DEADLINE_MS = 20_000;

/** Runs `body` with a migrated database of its own, and ends every server that it started. */
export async function withWorld<T>(body: (world: ServerWorld) => Promise<T>): Promise<T> {
  // Only the test runner knows that database's server, and scripts have no runner.
  const { createTestDatabase } = await import('./postgres.ts');

  return withWorldOn(await createTestDatabase(), body);
}

/** The same on a database that is there, which is dropped afterwards. */
export async function withWorldOn<T>(
  database: TestDatabase,
  body: (world: ServerWorld) => Promise<T>,
  reaper?: Reaper,
): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'palisade-world-'));
  const started: ServerProcess[] = [];
  try {
    await createKeyring(join(home, 'keyring.json'));
    const credential: ServerWorld['credential'] = (wanted) => makeCredential(database, wanted);
    const world: ServerWorld = {
      database,
      home,
      adminToken: await credential({ name: 'test-admin', roles: ADMINISTRATIVE_ROLES, stores: ['*'] }),
      runtimeToken: await credential({ name: 'test-runtime', fullDetail: true }),
      credential,
      async serve(environment = {}, cwd = '.') {
        const server = await startProcess(database, home, environment, reaper, cwd);
        started.push(server);

        return server;
      },
    };

    return await body(world);
  } finally {
    await Promise.all(started.map((server) => server.kill()));
    await database.drop();
    await rm(home, { recursive: true, force: true });
  }
}

/** Pushes a bundle's folder over REST and makes it the active one; gives its digest. */
export async function deployFolder(
  world: ServerWorld,
  admin: string,
  folder: string,
  store = 'default',
): Promise<string> {
  const { files } = await readBundleDirectory(folder);

  return deployArchive(world, admin, writeArchive(files), store);
}

/** The same without the bundle's own tests. */
export async function deployPolicies(
  world: ServerWorld,
  admin: string,
  folder: string,
  store = 'default',
): Promise<string> {
  const { files } = await readBundleDirectory(folder);

  return deployArchive(world, admin, writeArchive(withoutTests(files)), store);
}

/**
 * A bundle without its own tests, for whoever only wants its policies: the tests are more than half of what its check takes, and of each
 * load by a process that did not check it.
 */
export function withoutTests(files: BundleFiles): BundleFiles {
  return new Map([...files].filter(([path]) => !isTestPath(path)));
}

export async function deployArchive(
  world: ServerWorld,
  admin: string,
  archive: Uint8Array,
  store = 'default',
): Promise<string> {
  const authorization = `Bearer ${world.adminToken}`;
  const pushed = await fetch(`http://${admin}/v1/bundles`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/gzip' },
    body: Buffer.from(archive),
  });
  const { digest, report } = (await pushed.json()) as { digest: string; report?: string };
  if (!pushed.ok) throw new Error(`the bundle was refused: ${report}`);

  const activated = await fetch(`http://${admin}/v1/stores/${store}/deployment`, {
    method: 'PUT',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ digest }),
  });
  if (!activated.ok) throw new Error(`the bundle was not activated: ${await activated.text()}`);

  return digest;
}

async function makeCredential(
  database: TestDatabase,
  wanted: Partial<NewCredential> & Pick<NewCredential, 'name'>,
): Promise<string> {
  const pool = createPool({ connection: database.ownerUrl, max: 1 });
  try {
    const { token, credentialId, secretHash } = createToken();
    await insertCredential(pool, {
      id: credentialId,
      roles: ['runtime'],
      stores: ['default'],
      principals: null,
      fullDetail: false,
      secretHash,
      createdBy: 'test',
      expiresAt: null,
      ...wanted,
    });

    return token;
  } finally {
    await pool.end();
  }
}

/** What a server of a world is told: its database, its folder, and to listen wherever there is room. */
export function serverEnvironment({ servingUrl }: Pick<TestDatabase, 'servingUrl'>, home: string) {
  return {
    PALISADE_DATABASE_URL: servingUrl,
    PALISADE_REST_ADDRESS: '127.0.0.1:0',
    PALISADE_GRPC_ADDRESS: '127.0.0.1:0',
    PALISADE_ADMIN_ADDRESS: '127.0.0.1:0',
    PALISADE_SPOOL_DIR: join(home, 'spool'),
    PALISADE_KEYRING_FILE: join(home, 'keyring.json'),
  };
}

async function startProcess(
  database: TestDatabase,
  home: string,
  environment: Readonly<Record<string, string>>,
  reaper: Reaper | undefined,
  cwd: string,
): Promise<ServerProcess> {
  // Not where a script measures what a server takes.
  const isTested = process.env['VITEST'] !== undefined;
  const flags = isTested ? [...BOUNDED.flags, ROOMY] : [];
  const child = spawn(process.execPath, [...flags, 'services/cli/palisade.js', 'serve'], {
    cwd,
    env: {
      PATH: process.env['PATH'],
      ...(isTested ? { ...BOUNDED.environment, NODE_OPTIONS: HOLDING_CEDAR } : {}),
      ...serverEnvironment(database, home),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) reaper?.watch(child.pid);
  const output: string[] = [];
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const ready = new Promise<ServerAddresses>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`not up in time:\n${output.join('\n')}`)),
      START_DEADLINE_MS,
    );
    void exited.then((code) => reject(new Error(`ended with ${code}:\n${output.join('\n')}`)));
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        output.push(line);
        if (!line.includes('"palisade serves"')) return;
        clearTimeout(timer);
        resolve(JSON.parse(line) as ServerAddresses);
      });
    }
  });

  try {
    return {
      addresses: await ready,
      child,
      output,
      stop() {
        child.kill('SIGTERM');

        return exited;
      },
      async kill() {
        child.kill('SIGKILL');
        await exited;
      },
    };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}
