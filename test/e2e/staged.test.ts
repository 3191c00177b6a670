import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { failFrom, forbidFrom, PERMIT } from '../pdp/support/levels.ts';
import { useWorld } from '../support/use-world.ts';
import { ask, createStage, type Reply, type Stage, until } from './support/stage.ts';

const world = useWorld((made) => Promise.resolve(made));
let stage: Stage;
const digests = { a: '', b: '', strict: '', failing: '' };

beforeAll(async () => {
  stage = await createStage(world());
  digests.a = await stage.push('1.0.0', PERMIT.replace('"permit"', '"a"'));
  digests.b = await stage.push('2.0.0', PERMIT.replace('"permit"', '"b"'));
  digests.strict = await stage.push('3.0.0', PERMIT + forbidFrom(10));
  digests.failing = await stage.push('4.0.0', PERMIT + failFrom(10));
});

/** Asks in many runs, on both processes in turns, until it is told to stop. */
function startLoad(level: number) {
  const replies: Reply[] = [];
  let stopped = false;
  const loops = stage.servers.flatMap((server, of) =>
    Array.from({ length: 2 }, async (_, client) => {
      for (let count = 0; !stopped; count += 1) {
        const run = `run-${(count + 7 * client + 13 * of) % 60}`;
        replies.push(await ask(stage, server, level, run));
        await sleep(2);
      }
    }),
  );

  return {
    replies,
    async stop() {
      stopped = true;
      await Promise.all(loops);
    },
  };
}

/** Both processes serve it, and have for a while. */
async function reach(sequence: bigint): Promise<void> {
  await until(async () => (await stage.serving()).every((one) => one >= sequence));
  await sleep(250);
}

describe('two processes', () => {
  test('go from a canary to the next bundle and back under load, and every reply is wholly of one bundle', async () => {
    const { a, b } = digests;
    await stage.change('PUT', '', { digest: a, expected_sequence: 0 });
    await reach(1n);
    const load = startLoad(1);
    const steps = [
      ['POST', '/canary', { digest: b, percent: 30 }],
      ['POST', '/canary', { percent: 60 }],
      ['POST', '/promote', {}],
      ['POST', '/rollback', {}],
    ] as const;
    for (const [index, [method, path, body]] of steps.entries()) {
      await stage.change(method, path, { ...body, expected_sequence: index + 1 });
      await reach(BigInt(index + 2));
    }
    await load.stop();

    const arms = new Map<string, string>();
    const seen = new Set<string>();
    for (const { sequence, digest, determining, decision, run, error } of load.replies) {
      expect(error).toBeUndefined();
      // What was determined by a policy of a bundle names that bundle.
      expect([decision, determining]).toEqual(['allow', [digest === a ? 'a' : 'b']]);
      expect({ 1: [a], 2: [a, b], 3: [a, b], 4: [b], 5: [a] }[Number(sequence)]).toContain(digest);
      const arm = `${sequence} ${run}`;
      expect(arms.get(arm) ?? digest).toBe(digest);
      arms.set(arm, digest);
      seen.add(`${sequence} ${digest}`);
    }
    // Raising the percentage only added runs.
    for (const [arm, digest] of arms) {
      if (arm.startsWith('2 ') && digest === b) expect(arms.get(arm.replace('2 ', '3 ')) ?? b).toBe(b);
    }
    expect(seen.size).toBe(7);
    const records = await stage.records('change');
    expect(records.map(({ action, sequence, author }) => [action, sequence, author])).toEqual([
      ['activate', 1n, 'test-admin'],
      ['canary', 2n, 'test-admin'],
      ['canary', 3n, 'test-admin'],
      ['promote', 4n, 'test-admin'],
      ['rollback', 5n, 'test-admin'],
    ]);
    expect(await stage.recordOf(load.replies.at(-1))).toMatchObject({
      arm: 'active',
      policy_decision: 'allow',
    });
  });

  test('end a canary that fails, once, and say why; flips freeze one, and it goes on', async () => {
    const { failing, strict } = digests;
    const limits = { max_error_rate: '0.1', min_sample: 20 };
    const canary = await stage.change('POST', '/canary', { digest: failing, percent: 50, limits });
    await reach(canary);
    const load = startLoad(50);
    await until(async () => (await stage.status()).active.action === 'end_canary');
    await load.stop();
    const { active } = await stage.status();

    expect(active).toMatchObject({ author: 'palisade', sequence: canary + 1n });
    expect(active.reason).toMatch(/errors .*: \d+ of \d+/);
    // An overflow in a forbid is no allow, whatever arm and whatever limit.
    for (const { digest, decision } of load.replies)
      expect(decision).toBe(digest === failing ? 'deny' : 'allow');

    const next = { digest: strict, percent: 50, limits: { max_flip_rate: '0.05', min_sample: 20 } };
    await reach(await stage.change('POST', '/canary', next));
    const flipping = startLoad(50);
    await until(async () => (await stage.status()).active.action === 'freeze');
    await flipping.stop();
    const frozen = await stage.status();
    expect(frozen.active).toMatchObject({ author: 'palisade', canary: { digest: strict, percent: 50n } });
    expect(await stage.refused('POST', '/promote', {})).toMatchObject({
      code: 'conflict',
      field: 'accept_flips',
    });
    expect(frozen.figures.canary?.flips).toBeGreaterThan(19n);
    const [flip] = await stage.records('flip');
    expect(flip).toMatchObject({
      flip: { role: 'canary', active: { decision: 'allow' }, candidate: { decision: 'deny' } },
    });
    await reach(await stage.change('POST', '/promote', { accept_flips: true }));
    expect((await stage.status()).active).toMatchObject({ bundle: { digest: strict } });
  });

  test('let a shadow decide nothing and count where it differs', async () => {
    const { a, strict } = digests;
    await stage.change('PUT', '', { digest: a });
    await reach(await stage.change('POST', '/shadow', { digest: strict }));
    const load = startLoad(50);
    await until(async () => ((await stage.status()).figures.shadow?.flips ?? 0n) > 0n);
    await load.stop();

    for (const { digest, decision } of load.replies) expect([digest, decision]).toEqual([a, 'allow']);
    await until(async () => (await stage.records('flip')).some((record) => record.flip?.role === 'shadow'));
    expect(
      await stage.metric('palisade_candidate_flips_total{palisade_store="default",palisade_role="shadow"}'),
    ).toBeGreaterThan(0);
    await reach(await stage.change('POST', '/shadow', { digest: null }));
  });

  test('tell what is monitored in reply, record and metrics, and never monitor a failure away', async () => {
    const { strict, failing } = digests;
    await stage.change('PUT', '', { digest: strict });
    await reach(await stage.change('POST', '/monitor', { monitor: { policies: null } }));
    const [server] = stage.servers;
    const monitored = await ask(stage, server, 50, 'r');
    expect(monitored).toMatchObject({ decision: 'allow', enforcement: 'monitored', policyDecision: 'deny' });
    expect(await stage.recordOf(monitored)).toMatchObject({
      decision: 'allow',
      policy_decision: 'deny',
      enforcement: 'monitored',
      reason_code: 'forbidden',
    });
    expect(await stage.metric('palisade_deployment_monitored{palisade_store="default"}')).toBe(1);
    expect(
      await stage.metric(
        'palisade_decisions_monitored_total{palisade_store="default",palisade_decision="allow"}',
      ),
    ).toBe(1);

    await reach(await stage.change('PUT', '', { digest: failing }));
    expect(await ask(stage, server, 50, 'r')).toMatchObject({ decision: 'deny', enforcement: 'enforced' });
    await reach(await stage.change('POST', '/monitor', { monitor: null }));
  });
});
