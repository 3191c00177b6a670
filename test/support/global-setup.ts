import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { connectionUrl } from '../../services/store/embedded/database.ts';
import { startEmbeddedPostgres } from '../../services/store/embedded/embedded-postgres.ts';
import { migrate } from '../../services/store/migrate.ts';
import { runAsAdmin, type TestServer, withDatabaseName } from './postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    testServer: TestServer | { readonly error: string };
  }
}

const SERVING_ROLE = 'palisade_test_server';

/** One PostgreSQL for the whole run. Where it cannot be had, only the tests that ask for it fail. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stops: (() => Promise<void>)[] = [];
  const teardown = async (): Promise<void> => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };

  try {
    const adminUrl = process.env['PALISADE_TEST_DATABASE_URL'] || (await startServer(stops));
    project.provide('testServer', await prepareServer(adminUrl, stops));
  } catch (error) {
    await teardown();
    project.provide('testServer', { error: error instanceof Error ? error.message : String(error) });
  }

  return teardown;
}

async function startServer(stops: (() => Promise<void>)[]): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'palisade-test-'));
  stops.push(startReaper(folder));
  const server = await startEmbeddedPostgres({ dataDir: path.join(folder, 'postgres'), disposable: true });
  stops.push(server.stop);

  return connectionUrl(server.owner);
}

/** Sees to it that nothing is left when this run is interrupted or killed; gives what ends it. */
function startReaper(folder: string): () => Promise<void> {
  const reaper = spawn(process.execPath, [path.join(import.meta.dirname, 'reaper.ts'), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const exit = once(reaper, 'exit');

  return async () => {
    reaper.stdin.end();
    await exit;
  };
}

async function prepareServer(adminUrl: string, stops: (() => Promise<void>)[]): Promise<TestServer> {
  const template = `palisade_template_${randomBytes(8).toString('hex')}`;
  await runAsAdmin(adminUrl, `create database ${template}`);
  stops.push(() => runAsAdmin(adminUrl, `drop database if exists ${template}`));
  await migrate(withDatabaseName(adminUrl, template));

  const password = randomBytes(16).toString('hex');
  await runAsAdmin(
    adminUrl,
    `do $$ begin
       if not exists (select from pg_roles where rolname = '${SERVING_ROLE}') then create role ${SERVING_ROLE}; end if;
     end $$;
     alter role ${SERVING_ROLE} login password '${password}';
     grant palisade_serving to ${SERVING_ROLE}`,
  );
  const servingUrl = new URL(adminUrl);
  servingUrl.username = SERVING_ROLE;
  servingUrl.password = password;

  return { adminUrl, servingUrl: servingUrl.href, template };
}
