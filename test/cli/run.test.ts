import { beforeAll, expect, test } from 'vitest';
import { parseExactJson } from '../../services/ledger/json.ts';
import { agentBundle } from '../pdp/runs/support.ts';
import { createDecisionClient, type DecisionClient } from '../support/decision-client.ts';
import { restBody } from '../support/question.ts';
import { createCredential, createStore, deploy, uniqueName } from '../support/shared-store.ts';
import { type SharedWorld, sharedWorld } from '../support/shared-world.ts';
import { type Ran, usePalisade } from './support/run.ts';

const palisade = usePalisade();
const BOT = 'Bot::"bot"';
const UUID = /^[0-9a-f-]{36}\n$/;
let world: SharedWorld;
let store: string;
let decisions: DecisionClient;
let tokens: { readonly own: string; readonly other: string; readonly auditor: string };

beforeAll(async () => {
  world = await sharedWorld();
  store = uniqueName('cli-runs');
  await createStore(world, store);
  tokens = {
    own: await createCredential(world, { stores: [store] }),
    other: await createCredential(world, { stores: [store] }),
    auditor: await createCredential(world, { roles: ['auditor'], stores: [store] }),
  };
  await deploy(world, store, agentBundle());
  decisions = createDecisionClient(world.addresses, tokens.own);

  return () => decisions.close();
});

/** `palisade run …`, as the runtime that owns the runs but for some of the environment. */
function run(args: readonly string[], changes: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return palisade(['run', ...args], {
    PALISADE_URL: `http://${world.addresses.rest}`,
    PALISADE_TOKEN: tokens.own,
    ...changes,
  });
}

function auditor(): Readonly<Record<string, string>> {
  return { PALISADE_TOKEN: tokens.auditor, PALISADE_ADMIN_URL: `http://${world.addresses.admin}` };
}

async function started(...more: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(['start', '--principal', BOT, ...more]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(UUID);

  return stdout.trim();
}

function ask(runId: string, action: string, resource: string) {
  const members = { run: { run_id: runId } };

  return decisions.rest(restBody({ principal: BOT, action: `Action::"${action}"`, resource, members }));
}

test('a run is started, takes what is read in it, and is ended with all that was started in it', async () => {
  const id = await started('--store', store, '--conversation', 'talk-7');
  const child = await started('--parent', id);
  expect(await ask(child, 'read', 'File::"keys"')).toMatchObject({ decision: 'allow' });

  const { stdout } = await run(['show', child]);
  expect(stdout).toMatch(/^open until 20\S+Z, started at 20\S+Z\n/);
  expect(stdout).toContain(`principal    ${BOT}\n`);
  expect(stdout).toContain(`store        ${store}\n`);
  expect(stdout).toContain(`parent       ${id}\n`);
  expect(stdout).toContain('labels       internal, public, secret\n');
  expect((await run(['show', id])).stdout).toContain('conversation talk-7\n');

  const ended = await run(['end', id]);
  expect(ended.stdout).toMatch(
    /^It ended at 20\S+Z, with 0 steps and the labels internal, public, secret\.\n$/,
  );
  expect((await run(['show', child])).stdout).toMatch(/^ended at /);
  expect(await ask(child, 'read', 'File::"keys"')).toMatchObject({ reason_code: 'not_permitted' });
  expect(await run(['end', id])).toEqual(ended);
});

test('--json is what the server said', async () => {
  const { stdout } = await run(['start', '--principal', BOT, '--json']);
  const { run_id: id, ...opened } = parseExactJson(stdout) as Record<string, unknown>;
  const known = { principal: { type: 'Bot', id: 'bot' }, policy_store: store, steps: 0n, open: true };

  expect(opened).toMatchObject({ ...known, labels: [], root_run_id: id });
  expect(parseExactJson((await run(['show', String(id), '--json'])).stdout)).toMatchObject(known);
  expect(parseExactJson((await run(['end', String(id), '--json'])).stdout)).toMatchObject({ open: false });
});

test('an auditor sees any run of a store, with its credential and its actions', async () => {
  const id = await started();
  await ask(id, 'run_tests', 'Site::"here"');
  await ask(id, 'run_tests', 'Site::"here"');
  await ask(id, 'deploy', 'Site::"here"');
  const { code, stdout } = await run(['show', id, '--store', store], auditor());

  expect(code).toBe(0);
  expect(stdout).toMatch(/^credential {3}test-[0-9a-f]+$/m);
  expect(stdout).toMatch(/^Action::"run_tests": allowed 2 times, last at 20\S+Z$/m);
  expect(stdout).toMatch(/^Action::"deploy": allowed once, last at /m);
  expect((await run(['show', id])).stdout).not.toContain('credential');
});

test('a run of another credential is not there, whatever it is asked for', async () => {
  const id = await started();
  const other = { PALISADE_TOKEN: tokens.other };

  for (const args of [
    ['show', id],
    ['end', id],
    ['start', '--principal', BOT, '--parent', id],
  ]) {
    expect(await run(args, other)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'palisade: not_found: there is no such run\n',
    });
  }
  expect((await run(['show', '../authorize'])).stderr).toContain('there is no such run');
  expect((await run(['show', id])).stdout).toMatch(/^open/);
});

test.each<[string, readonly string[], Readonly<Record<string, string>>, number, string]>([
  ['nobody to run for', ['start'], {}, 2, "required option '--principal <uid>'"],
  ['a principal that is none', ['start', '--principal', 'bot'], {}, 2, "It is an entity such as 'User::"],
  ['no run', ['end'], {}, 2, "missing required argument 'run-id'"],
  [
    'no URL',
    ['show', 'x'],
    { PALISADE_URL: 'here' },
    2,
    'PALISADE_URL is no URL such as http://127.0.0.1:7180',
  ],
  ['nobody there', ['show', 'x'], { PALISADE_URL: 'http://127.0.0.1:1' }, 1, 'or set PALISADE_URL.'],
  [
    'half a token',
    ['show', 'x'],
    { PALISADE_TOKEN: 'pal_' },
    2,
    'the runtime token is not of the form pal_…',
  ],
])('%s is said with what to do', async (_what, args, environment, code, message) => {
  expect(await run(args, environment)).toMatchObject({
    code,
    stdout: '',
    stderr: expect.stringContaining(message),
  });
});

test('without a token it looks for the one that palisade start left for runtimes, and that of an admin is refused', async () => {
  const nobody = await palisade(['run', 'show', 'x'], { PALISADE_HOME: '/nowhere' });

  expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('/nowhere/runtime.token') });
  expect(await run(['start', '--principal', BOT], { PALISADE_TOKEN: world.adminToken })).toMatchObject({
    code: 1,
    stderr: 'palisade: permission_denied: this credential administers; decisions need a runtime credential\n',
  });
});

test('--help teaches by an example', async () => {
  expect((await run(['--help'])).stdout).toContain(
    `RUN=$(palisade run start --principal 'Agent::"build-bot"')`,
  );
  for (const command of ['start', 'show', 'end']) {
    const { stdout } = await run([command, '--help']);

    expect(stdout).toContain(`  ${command === 'start' ? 'RUN=$(' : ''}palisade run ${command}`);
    expect(stdout).toContain('Exit codes: 0');
  }
});
