import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { connectionUrl } from '../../services/store/embedded/database.ts';
import { startEmbeddedPostgres } from '../../services/store/embedded/embedded-postgres.ts';
import { migrate } from '../../services/store/migrate.ts';
import { clearAbandonedFolders, makeFastFolder } from './fast-folder.ts';
import { runAsAdmin, type TestServer, withDatabaseName } from './postgres.ts';
import { offerSharedWorld } from './shared-world.ts';
import { startReaper } from './start-reaper.ts';

declare module 'vitest' {
  interface ProvidedContext {
    testServer: TestServer | { readonly error: string };
    /** Absent where there is no test server. */
    sharedWorld: string | undefined;
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
    const server = await prepareServer(adminUrl, stops);
    const { socket, close } = await offerSharedWorld(server);
    stops.push(close);
    project.provide('testServer', server);
    project.provide('sharedWorld', socket);
  } catch (error) {
    await teardown();
    project.provide('testServer', { error: error instanceof Error ? error.message : String(error) });
  }

  return teardown;
}

async function startServer(stops: (() => Promise<void>)[]): Promise<string> {
  for (const prefix of ['palisade-test-', 'palisade-own-']) await clearAbandonedFolders(prefix);
  const folder = await makeFastFolder('palisade-test-');
  stops.push(startReaper(folder).end);
  const server = await startEmbeddedPostgres({ dataDir: path.join(folder, 'postgres'), disposable: true });
  stops.push(server.stop);

  return connectionUrl(server.owner);
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
