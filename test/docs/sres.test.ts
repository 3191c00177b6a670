import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { test } from 'vitest';
import { runAsAdmin, testServer } from '../support/postgres.ts';
import type { ServerAddresses } from '../support/server.ts';
import { follow, RUN } from './follow.ts';
import { copyRepository, type Shell, startBlock } from './shell.ts';
import { productionOf } from './sres.ts';

const TIMEOUT_MS = 120_000;
/** The page's names may be taken on the test server. */
const NAMES = [
  ['palisade_owner', 'docs_owner'],
  ['palisade_server', 'docs_server'],
  ['database palisade ', 'database docs_palisade '],
] as const;
const FREE = '127.0.0.1:0';
const ADDRESSES = { PALISADE_REST_ADDRESS: FREE, PALISADE_GRPC_ADDRESS: FREE, PALISADE_ADMIN_ADDRESS: FREE };
/** SQLSTATE duplicate_object. */
const DUPLICATE = '42710';

test(
  'the guide leads from an empty PostgreSQL to a server that is administered',
  async () => {
    const blocks = productionOf('docs/guide-sres.md');
    const aside = blocks.findIndex(({ run = '' }) => RUN.aside.test(run));
    const server = blocks[aside];
    if (server === undefined) throw new Error('the guide starts no server');
    await withShell(async (shell) => {
      const sql = blocks.filter(({ language }) => language === 'sql').map(({ text }) => text);
      await makeRoles(replaced(sql.join(''), NAMES));
      await follow(blocks.slice(0, aside), shell);
      await withServer(server.text, shell, async (addresses) => {
        const env = { PALISADE_ADMIN_URL: `http://${addresses.admin}` };
        const replace = [
          ...shell.replace,
          ['127.0.0.1:7180', addresses.rest],
          ['127.0.0.1:7182', addresses.admin],
        ] as const;
        await follow(blocks.slice(aside + 1), { ...shell, env, replace });
      });
    });
  },
  TIMEOUT_MS,
);

async function withShell(body: (shell: Shell) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'palisade-docs-'));
  try {
    await mkdir(join(folder, 'etc'));
    await body({
      cwd: await copyRepository(join(folder, 'palisade')),
      env: ADDRESSES,
      replace: [
        ...NAMES,
        ['@db.example:5432/palisade', databasePath()],
        ['/etc/palisade', join(folder, 'etc')],
        ['/var/lib/palisade', folder],
        // The shell makes way for the server, so that it can be stopped.
        ['npm exec -- palisade serve', 'exec node services/cli/palisade.js serve'],
      ],
    });
  } finally {
    await dropRoles();
    await rm(folder, { recursive: true, force: true });
  }
}

async function withServer(
  text: string,
  shell: Shell,
  body: (addresses: Pick<ServerAddresses, 'rest' | 'admin'>) => Promise<void>,
): Promise<void> {
  const child = startBlock(text, shell);
  const exited = once(child, 'exit');
  try {
    if (child.stdout === null) throw new Error('no output');
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.includes('"palisade serves"')) continue;
      await body(JSON.parse(line) as ServerAddresses);
      return;
    }
    throw new Error('it does not serve');
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}

/** What stands behind the password in a URL of the test server, with the page's database. */
function databasePath(): string {
  const { host, search } = new URL(testServer().adminUrl);

  return `@${host}/docs_palisade${search}`;
}

async function makeRoles(sql: string): Promise<void> {
  for (const statement of sql.split(';\n').filter((text) => text.trim() !== '')) {
    // The two group roles belong to the server, and are there already.
    await runAsAdmin(testServer().adminUrl, statement).catch((error: unknown) => {
      if (!(error instanceof pg.DatabaseError && error.code === DUPLICATE)) throw error;
    });
  }
}

async function dropRoles(): Promise<void> {
  const { adminUrl } = testServer();
  await runAsAdmin(adminUrl, 'drop database if exists docs_palisade with (force)');
  await runAsAdmin(adminUrl, 'drop role if exists docs_owner, docs_server');
}

function replaced(text: string, pairs: readonly (readonly [string, string])[]): string {
  return pairs.reduce((result, [from, to]) => result.replaceAll(from, to), text);
}
