import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { writeArchive } from '../../services/bundles/archive.ts';
import { bundleDigest } from '../../services/bundles/digest.ts';
import { loadInWorker } from '../../services/bundles/worker/load.ts';
import { readSchema } from '../../services/engine/schema/read.ts';
import { createPolicyIndex } from '../../services/engine/slice/policy-index.ts';
import { uidKey } from '../../services/engine/value/value.ts';
import type { LoadKind, LoadOrder, LoadResult } from './client/messages.ts';
import type { EchoAddresses } from './echo.ts';
import { startHelper } from './helper.ts';
import { benchBundle, benchRequest } from './workload.ts';
import { ENGINE_WORKLOADS } from './workloads.ts';

const run = promisify(execFile);
const number = expect.any(Number);

describe('the bench', () => {
  test('prints one line per figure of the engine', async () => {
    expect(await bench('--quick', '--json', '--rounds', '1', '--only', 'engine/10')).toEqual([
      { name: 'engine/10', unit: 'us', p50: number, p99: number, per_second: number },
    ]);
  });

  test('asks Cedar the same where it is compared, and JSON.parse where reading is measured', async () => {
    const engine = { unit: 'us', p50: number, p99: number, cedar_p50: number, per_second: number };
    const only = ['--only', 'paper/gdrive', '--only', 'read/context50'];

    expect(await bench('--quick', '--json', '--compare', 'cedar', ...only)).toEqual([
      { name: 'paper/gdrive', ...engine },
      {
        name: 'read/context50',
        unit: 'us',
        p50: number,
        p99: number,
        per_second: number,
        baseline_per_second: number,
        ratio: number,
      },
    ]);
  });

  test('compares with nothing but Cedar', async () => {
    await expect(bench('--compare', 'opa')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--compare takes cedar, not opa'),
    });
  });

  test('refuses a figure that it does not know', async () => {
    await expect(bench('--only', 'engine/11')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no figure is called engine/11'),
    });
  });
});

describe('the client', () => {
  const kinds: readonly LoadKind[] = ['grpc/unary', 'grpc/stream', 'grpc/batch100', 'rest/unary'];

  test.for(kinds)('takes right answers over %s, and ends with the first wrong one', async (kind) => {
    const { signal } = new AbortController();
    const echo = await startHelper<EchoAddresses>('echo.ts', signal);
    const client = await startHelper('client/main.ts', signal);
    try {
      const order: LoadOrder = {
        kind,
        addresses: [kind === 'rest/unary' ? echo.hello.rest : echo.hello.grpc],
        token: 'none',
        echo: true,
        policies: 100,
        requests: 40,
        warmUpMs: 10,
        measureMs: 50,
      };
      const right = await client.ask<LoadResult>(order);
      const wrong = await client.ask<LoadResult>({ ...order, echo: false });

      expect(right).toMatchObject({ perSecond: number, p50: number, p99: number });
      expect(right.problem).toBeUndefined();
      expect(wrong.problem).toMatch(/not deny$/);
    } finally {
      await client.end();
      await echo.end();
    }
  });
});

describe('a workload of the paper, or of wide requests,', () => {
  const workloads = ENGINE_WORKLOADS.slice(1).flatMap((group) => Object.entries(group));

  test.for(workloads)('%s, asks nothing twice, and has both answers', ([, make]) => {
    const { question } = make();
    const questions = Array.from({ length: 400 }, (_, index) => question(index));
    const asked = questions.map(({ want: _, ...one }) => JSON.stringify(one));
    const allowed = questions.filter(({ want }) => want === 'allow').length;

    expect(new Set(asked).size).toBe(400);
    expect(allowed).toBeGreaterThan(100);
    expect(allowed).toBeLessThan(300);
  });
});

describe('the workload', () => {
  test.for([
    [1, 1],
    [10, 10],
    [100, 10],
  ] as const)('of %i policies selects %i for each request', async ([policies, slice]) => {
    const files = benchBundle(policies);
    const parts = await loadInWorker(writeArchive(files), bundleDigest(files));
    const index = createPolicyIndex(readSchema(parts.resolvedSchema), parts.policies);

    for (const at of [0, 1, 17, 39]) {
      const { principal, action, resource } = benchRequest(policies, at);
      const group = principal.id.slice(1);
      const subject = ({ type, id }: typeof principal, parent: string) => ({
        type,
        keys: [uidKey(type, id), parent],
      });

      expect(
        index.slice({
          principal: subject(principal, uidKey('Team', `t${group}`)),
          action: uidKey(action.type, action.id),
          resource: subject(resource, uidKey('Folder', `f${group}`)),
        }),
      ).toHaveLength(slice);
    }
  });

  test('asks no request twice, and denies half of them', () => {
    const requests = Array.from({ length: 400 }, (_, index) => benchRequest(4_000, index));

    expect(new Set(requests.map(({ context }) => context)).size).toBe(400);
    expect(new Set(requests.map(({ principal }) => principal.id)).size).toBe(400);
    expect(requests.filter(({ want }) => want === 'deny')).toHaveLength(200);
  });
});

async function bench(...args: readonly string[]): Promise<unknown[]> {
  const { stdout } = await run(process.execPath, ['test/bench/main.ts', ...args]);

  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}
