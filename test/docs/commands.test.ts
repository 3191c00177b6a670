import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { HOLDING_CEDAR } from '../support/server.ts';
import { startReaper } from '../support/start-reaper.ts';
import { follow } from './follow.ts';
import { type HostForShells, startHostForShells } from './host-for-shells.ts';
import { type Block, blocksOf } from './markdown.ts';
import { copyRepository, openTerminal, type Shell, startBlock } from './shell.ts';
import { walkOf } from './sres.ts';

const TIMEOUT_MS = 120_000;

let folder: string;
let shell: Shell;
let stop: () => Promise<void>;
let host: HostForShells;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palisade-docs-'));
  const cwd = await copyRepository(join(folder, 'palisade'));
  host = await startHostForShells(join(folder, 'host.sock'));
  ({ shell, stop } = await startPalisade(cwd));
}, TIMEOUT_MS);

afterAll(async () => {
  await stop?.();
  await host?.stop();
  await rm(folder, { recursive: true, force: true });
}, TIMEOUT_MS);

describe('README.md', () => {
  test('shows the real answer to its first question', async () => {
    const [question] = blocksOf('README.md', 'sh').filter(({ run }) => run === undefined) as [Block];
    const [answer] = blocksOf('README.md', 'json') as [Block];
    const answered = JSON.parse(await inTerminal(question.text)) as object;
    const shown = JSON.parse(answer.text) as object;

    expect(Object.keys(answered)).toEqual(Object.keys(shown));
    expect(stable(answered)).toEqual(stable(shown));
  });

  test('shows commands that npm itself runs', async () => {
    const printed = await inTerminal('command npm exec -- palisade log query --since 1h --limit 1');

    expect(printed).toContain('DECISION');
  });
});

test('README.md has commands that do what it says', { timeout: TIMEOUT_MS }, async () => {
  // As processes of their own, as a reader has them.
  await follow(blocksOf('README.md'), shell);
});

test.each([
  ['docs/guide-runtimes.md', blocksOf('docs/guide-runtimes.md')],
  ['docs/guide-authors.md', blocksOf('docs/guide-authors.md')],
  ['docs/deployments.md', blocksOf('docs/deployments.md')],
  ['docs/signatures.md', blocksOf('docs/signatures.md')],
  ['docs/store-entities.md', blocksOf('docs/store-entities.md')],
  ['docs/roles.md', blocksOf('docs/roles.md')],
  ['docs/guide-pipeline.md', blocksOf('docs/guide-pipeline.md')],
  ['docs/guide-sres.md, as far as it needs no database of its own,', walkOf('docs/guide-sres.md')],
  ['docs/decision-log.md', blocksOf('docs/decision-log.md')],
  ['docs/replay.md', blocksOf('docs/replay.md')],
  ['docs/break-glass.md', blocksOf('docs/break-glass.md')],
  ['docs/approvals.md', blocksOf('docs/approvals.md')],
  ['docs/runs.md', blocksOf('docs/runs.md')],
  ['docs/outcomes.md', blocksOf('docs/outcomes.md')],
  ['docs/replicas.md', blocksOf('docs/replicas.md')],
])('%s has commands that do what it says', { timeout: TIMEOUT_MS }, async (_page, blocks) => {
  expect(blocks.length).toBeGreaterThan(0);
  await follow(blocks, { ...shell, host: host.socket });
});

async function inTerminal(text: string): Promise<string> {
  const terminal = openTerminal(shell);
  try {
    return await terminal.run(text);
  } finally {
    await terminal.close();
  }
}

/** Without what differs from call to call. */
function stable(answer: object): object {
  const { decision_id, trace_id, evaluated_at, ...rest } = answer as Record<string, unknown>;

  return rest;
}

async function startPalisade(cwd: string): Promise<{ shell: Shell; stop: () => Promise<void> }> {
  const free = '127.0.0.1:0';
  const env = {
    PALISADE_REST_ADDRESS: free,
    PALISADE_GRPC_ADDRESS: free,
    PALISADE_ADMIN_ADDRESS: free,
    NODE_OPTIONS: HOLDING_CEDAR,
  };
  const child = startBlock('exec node services/cli/palisade.js start', { cwd, env, replace: [] });
  const exited = once(child, 'exit');
  const reaper = startReaper(join(cwd, '.palisade'));
  if (child.pid !== undefined) reaper.watch(child.pid);
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', (line) => lines.push(line));
  }
  await vi.waitFor(() => expect(lines).toContain('Stop with Ctrl-C.'), TIMEOUT_MS / 2);

  const address = (name: string): string =>
    lines.find((line) => line.trimStart().startsWith(name))?.match(/127\.0\.0\.1:\d+/)?.[0] ?? '';
  const admin = address('administration');

  return {
    shell: {
      cwd,
      env: { PALISADE_ADMIN_URL: `http://${admin}`, PALISADE_URL: `http://${address('REST')}` },
      replace: [
        ['127.0.0.1:7180', address('REST')],
        ['127.0.0.1:7181', address('gRPC')],
        ['127.0.0.1:7182', admin],
      ],
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
      await reaper.end();
    },
  };
}
