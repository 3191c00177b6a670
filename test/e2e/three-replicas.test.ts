import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createPool } from '../../services/store/pool.ts';
import { failFrom, PERMIT } from '../pdp/support/levels.ts';
import { withPrivateWorld } from '../support/private-postgres.ts';
import { pushBundle, type Reply, until } from './support/stage.ts';
import { allServe, type Replica, startBalancedLoad, startReplicas } from './support/three-replicas.ts';

/** A second is promised; a machine that tests are run on may be five times as slow. */
const SOON_MS = 5_000;
const DEPLOYMENT = '/v1/stores/default/deployment';
const LEVEL = 50;

test('three replicas go through activation, canary, auto-rollback, a dead listener, restarts and an outage, and no decision fails or is mixed', {
  timeout: 240_000,
}, async () => {
  await withPrivateWorld(async (world, postgres) => {
    const a = await pushBundle(world, '1.0.0', PERMIT.replace('"permit"', '"a"'));
    const b = await pushBundle(world, '2.0.0', PERMIT.replace('"permit"', '"b"'));
    const failing = await pushBundle(world, '3.0.0', PERMIT + failFrom(10));
    const replicas = await startReplicas(world, ['pdp-1', 'pdp-2', 'pdp-3'], {
      PALISADE_DRAIN_DELAY: '300ms',
    });
    const [first, second, third] = replicas as readonly [Replica, Replica, Replica];
    const change = async (method: string, path: string, body: object): Promise<bigint> => {
      const { status, body: answer } = await first.admin(method, `${DEPLOYMENT}${path}`, body);
      if (status !== 200) throw new Error(`not changed: ${String(answer['detail'])}`);

      return answer['sequence'] as bigint;
    };
    const status = async (replica: Replica) =>
      (await replica.admin('GET', DEPLOYMENT)).body as unknown as Status;
    const permitted = new Map<bigint, readonly string[]>();
    /** Makes a change, and waits until everybody serves it. */
    const reach = async (digests: readonly string[], sequence: bigint) => {
      permitted.set(sequence, digests);
      await allServe(replicas, sequence, SOON_MS);
    };

    await reach([a], await change('PUT', '', { digest: a }));
    const load = startBalancedLoad(world, replicas, LEVEL);

    await reach([a, b], await change('POST', '/canary', { digest: b, percent: 50 }));
    await sleep(300);
    await reach([b], await change('POST', '/promote', {}));

    const limits = { max_error_rate: '0.1', min_sample: 20 };
    const canary = await change('POST', '/canary', { digest: failing, percent: 50, limits });
    permitted.set(canary, [b, failing]);
    permitted.set(canary + 1n, [b]);
    await until(async () => (await status(second)).active.action === 'end_canary');
    await allServe(replicas, canary + 1n, SOON_MS);

    await killListeners(world.database.ownerUrl);
    await reach([a], await change('PUT', '', { digest: a }));

    await until(async () => !(await status(third)).skew);
    expect((await status(third)).replicas).toMatchObject(
      replicas.map(({ id }) => ({ process_id: id, digest: a, state: 'served' })),
    );

    for (const replica of replicas) await replica.restart();
    await reach([b], await change('PUT', '', { digest: b }));
    // What the second was told is on its disk when it stops.
    await postgres.stop();
    await second.restart();
    const ready = await second.admin('GET', '/readyz');
    expect(ready).toMatchObject({
      status: 200,
      body: { warnings: expect.arrayContaining([expect.stringContaining('stale')]) },
    });
    expect(second.server.output.join('\n')).toContain('starts from its snapshot, which is STALE');
    expect((await second.admin('GET', DEPLOYMENT)).status).toBe(503);
    const outage = load.replies.length;
    await until(() => Promise.resolve(load.replies.length > outage + 100));

    await postgres.start();
    await until(async () => (await second.admin('GET', DEPLOYMENT)).status === 200);
    await reach([a], await change('PUT', '', { digest: a }));
    expect((await second.admin('GET', '/readyz')).body['warnings']).toEqual([]);
    await load.stop();

    expect(load.lost).toEqual([]);
    expect(mixed(load.replies, permitted, { [a]: 'a', [b]: 'b' }, failing)).toEqual([]);
    expect(new Set(load.replies.map(({ sequence }) => sequence)).size).toBe(permitted.size);
  });
});

interface Status {
  readonly active: { readonly action: string };
  readonly skew: boolean;
  readonly replicas: readonly object[];
}

/** Replies that are not wholly of one bundle that may decide at their sequence, and runs that met two bundles at one sequence. */
function mixed(
  replies: readonly Reply[],
  permitted: ReadonlyMap<bigint, readonly string[]>,
  policies: Readonly<Record<string, string>>,
  failing: string,
): string[] {
  const arms = new Map<string, string>();

  return replies.flatMap(({ sequence, digest, decision, determining, run, error }) => {
    const right =
      digest === failing
        ? decision === 'deny'
        : decision === 'allow' && determining.length === 1 && determining[0] === policies[digest];
    const arm = `${sequence} ${run}`;
    const known = arms.get(arm) ?? digest;
    arms.set(arm, known);
    const told = `${sequence} ${run}: ${decision} by ${determining.join()} of ${digest} (${error})`;

    return right && known === digest && permitted.get(sequence)?.includes(digest) === true ? [] : [told];
  });
}

async function killListeners(url: string): Promise<void> {
  const pool = createPool({ connection: url, max: 1 });
  try {
    await pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'palisade listener'`,
    );
  } finally {
    await pool.end();
  }
}
