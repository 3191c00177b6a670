import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startReaper } from '../support/start-reaper.ts';

const PUSH_TO_MAIN = JSON.stringify({
  principal: { type: 'Agent', id: 'build-bot' },
  action: { type: 'Action', id: 'git_push' },
  resource: { type: 'Repo', id: 'palisade' },
  context: { input: { branch: 'main' } },
});
const SOON = { timeout: 20_000, interval: 100 };

interface Started {
  readonly child: ChildProcess;
  readonly output: readonly string[];
  readonly rest: string;
  readonly admin: string;
  readonly exited: Promise<number | null>;
}

let home: string;
let reaper: ReturnType<typeof startReaper>;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'palisade-start-'));
  reaper = startReaper(home);
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await reaper.end();
});

/** Any free ones. */
const PORTS = {
  PALISADE_REST_ADDRESS: '127.0.0.1:0',
  PALISADE_GRPC_ADDRESS: '127.0.0.1:0',
  PALISADE_ADMIN_ADDRESS: '127.0.0.1:0',
};

/** Runs a command as somebody does who has set nothing but PATH, and these. */
function run(
  command: readonly [string, ...string[]],
  environment: Readonly<Record<string, string>> = { ...PORTS, PALISADE_HOME: home },
): ChildProcess {
  const child = spawn(command[0], command.slice(1), {
    env: { PATH: process.env['PATH'], HOME: home, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  if (child.pid !== undefined) reaper.watch(child.pid);
  child.once('exit', () => children.delete(child));

  return child;
}

/** Starts one and waits until it says where it is. */
async function start(child = run([process.execPath, 'services/cli/palisade.js', 'start'])): Promise<Started> {
  const output: string[] = [];
  const exited = new Promise<number | null>((settle) => child.once('exit', settle));
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', (line) => output.push(line));
  }
  await Promise.race([
    vi.waitFor(() => expect(output.at(-1)).toBe('Stop with Ctrl-C.'), { timeout: 60_000, interval: 50 }),
    exited.then((code) => Promise.reject(new Error(`ended with ${code}:\n${output.join('\n')}`))),
  ]);
  const addressOf = (what: string) =>
    /\/\/(\S+)/.exec(output.find((line) => line.includes(what)) ?? '')?.[1] ?? '';

  return { child, output, exited, rest: addressOf('REST decisions'), admin: addressOf('administration') };
}

async function stop({ child, exited }: Started): Promise<number | null> {
  child.kill('SIGTERM');

  return exited;
}

function decide({ rest }: Started, token?: string): Promise<Response> {
  return fetch(`http://${rest}/v1/authorize`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: PUSH_TO_MAIN,
  });
}

async function administer({ admin }: Started, path: string): Promise<unknown> {
  const authorization = `Bearer ${await token('admin')}`;

  return (await fetch(`http://${admin}${path}`, { headers: { authorization } })).json();
}

async function token(name: 'admin' | 'runtime'): Promise<string> {
  return (await readFile(join(home, `${name}.token`), 'utf8')).trim();
}

/** The process id of the PostgreSQL of this home; `undefined` where none lives. */
function postgres(): number | undefined {
  try {
    const pid = Number(readFileSync(join(home, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 0);

    return pid;
  } catch {
    return undefined;
  }
}

test('the first start makes everything, says what to do next, and leaves nothing running', {
  timeout: 90_000,
}, async () => {
  const started = await start();
  const said = started.output.join('\n');
  for (const next of ['curl -s http://', 'authorize.mjs', 'palisade deploy activate default']) {
    expect(said).toContain(next);
  }
  for (const file of ['admin.token', 'runtime.token', 'keyring.json']) {
    expect((await stat(join(home, file))).mode & 0o777, file).toBe(0o600);
  }

  const pasted = /^curl .*$/m.exec(said)?.[0] ?? '';
  const curl = run(['sh', '-c', pasted], {});
  expect(JSON.parse(await text(curl.stdout ?? process.stdin))).toMatchObject({
    decision: 'deny',
    reason_code: 'forbidden',
  });
  const exports = /^(?:export .*\n)+/m.exec(said)?.[0] ?? '';
  const listed = run(['sh', '-c', `${exports}"${process.execPath}" services/cli/palisade.js store list`], {});
  expect(await text(listed.stdout ?? process.stdin)).toMatch(/^default +1$/m);
  expect((await decide(started, await token('runtime'))).status).toBe(200);
  expect((await fetch(`http://${started.admin}/readyz`)).status).toBe(200);

  expect(await stop(started)).toBe(0);
  expect(postgres()).toBeUndefined();
});

describe('a later start', () => {
  test('keeps deployment, tokens and log; one at the same time is refused and hurts nobody', {
    timeout: 90_000,
  }, async () => {
    const before = { admin: await token('admin'), runtime: await token('runtime') };
    const started = await start();
    expect({ admin: await token('admin'), runtime: await token('runtime') }).toEqual(before);
    expect(await administer(started, '/v1/stores/default/deployment')).toMatchObject({
      active: { sequence: 1, author: 'palisade start' },
      history: { length: 1 },
    });

    await expect(start()).rejects.toThrow(
      /ended with 1:\npalisade: a Palisade already runs in .*PALISADE_HOME/,
    );
    expect((await decide(started, before.runtime)).status).toBe(200);
    expect(await administer(started, '/v1/log/verification')).toMatchObject({ problems: 0 });
    await stop(started);
  });

  test('makes a lost token anew, and the lost one is good for nothing', { timeout: 90_000 }, async () => {
    const lost = await token('runtime');
    const admin = await token('admin');
    await rm(join(home, 'runtime.token'));
    const started = await start();

    expect(await token('runtime')).not.toBe(lost);
    expect(await token('admin')).toBe(admin);
    expect((await decide(started, await token('runtime'))).status).toBe(200);
    expect((await decide(started, lost)).status).toBe(401);
    await stop(started);
  });

  test('after SIGKILL takes over the PostgreSQL that was left, and one whose processes are killed recovers', {
    timeout: 120_000,
  }, async () => {
    const killed = await start();
    const left = postgres();
    killed.child.kill('SIGKILL');
    await killed.exited;
    expect(postgres()).toBe(left);

    const started = await start();
    expect(postgres()).toBe(left);
    expect(started.output.join('\n')).toContain('found running');

    process.kill(left ?? Number.NaN, 'SIGKILL');
    expect((await decide(started)).status).toBe(200);
    await vi.waitFor(async () => {
      expect(postgres()).not.toBe(left);
      expect(await administer(started, '/v1/stores')).toMatchObject({ stores: [{ name: 'default' }] });
    }, SOON);
    expect((await decide(started)).status).toBe(200);

    expect(await stop(started)).toBe(0);
    expect(postgres()).toBeUndefined();
  });
});

test('npm start runs the Node of the project, whatever Node is on the PATH, and SIGTERM to npm stops everything', {
  timeout: 90_000,
}, async () => {
  const own = resolve('node_modules');
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((entry) => !entry.startsWith(own));
  const npm = run(['npm', 'start'], { ...PORTS, PALISADE_HOME: home, PATH: path.join(delimiter) });
  const started = await start(npm);
  const [server] = (await readFile(`/proc/${npm.pid}/task/${npm.pid}/children`, 'utf8')).split(' ');
  expect(await realpath(`/proc/${server}/exe`)).toBe(await realpath('node_modules/.bin/node'));

  await stop(started);
  await vi.waitFor(() => expect(postgres()).toBeUndefined(), SOON);
  await expect(decide(started)).rejects.toThrow();
});
