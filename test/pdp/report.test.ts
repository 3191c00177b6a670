import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { writeArchive } from '../../services/bundles/archive.ts';
import { bundleDigest } from '../../services/bundles/digest.ts';
import { replicasJson } from '../../services/pdp/admin/replicas-json.ts';
import { loadBundle } from '../../services/pdp/loader.ts';
import { unreadiness } from '../../services/pdp/readiness.ts';
import { startReport, storesOf } from '../../services/pdp/report.ts';
import { insertBundle } from '../../services/store/bundles.ts';
import { changeDeployment } from '../../services/store/change-deployment.ts';
import { withTransaction } from '../../services/store/pool.ts';
import { forgetReplicas, listReplicas, reportReplica } from '../../services/store/replicas.ts';
import { withDatabase } from '../support/postgres.ts';
import { replicaOf } from './disk/support.ts';
import { bundleFiles } from './support/bundle.ts';
import { deployVersion } from './support/deploy.ts';
import { withLedger } from './support/ledger.ts';

const LOG = { warn: () => undefined };

test('a canary that does not load on one replica leaves it with what it served, and everybody can see that', async () => {
  await withDatabase(async ({ owner, serving }) => {
    const active = await deployVersion(owner, '1.0.0');
    const canary = bundleDigest(bundleFiles('2.0.0'));
    let isBroken = true;
    const broken = replicaOf(serving, {
      load: (digest, by) =>
        isBroken && digest === canary
          ? Promise.reject(new Error('out of memory'))
          : loadBundle(serving, digest, by),
    });
    const sound = replicaOf(serving);
    const failures = new Map([['default', 'out of memory']]);
    const follow = async () => {
      for (const replica of [broken, sound]) {
        await replica.refresh();
        await replica.settled();
      }
    };
    await follow();
    const bundle = { name: 'docs', version: '2.0.0', description: '', manifest: {}, cedarVersion: '4.13.0' };
    const archive = writeArchive(bundleFiles('2.0.0'));
    await insertBundle(owner, { ...bundle, digest: canary, archive, createdBy: 'test' });
    await withTransaction(owner, (client) =>
      changeDeployment(client, {
        ...{
          store: 'default',
          expectedSequence: 1n,
          author: 'ada',
          approvedBy: null,
          reason: '',
          recordId: null,
        },
        change: { action: 'canary', digest: canary, percent: 10n, accept_flips: false },
      }),
    );
    await follow();

    expect(broken.snapshot().stores.get('default')).toMatchObject({
      sequence: 1n,
      bundle: { ref: { digest: active } },
    });
    const reports = [
      startReport({
        database: serving,
        bootId: randomUUID(),
        processId: 'broken',
        log: LOG,
        following: { replica: broken, failures: () => failures },
      }),
      startReport({
        database: serving,
        bootId: randomUUID(),
        processId: 'sound',
        log: LOG,
        following: { replica: sound, failures: () => new Map() },
      }),
    ];
    await expect.poll(async () => (await listReplicas(serving)).length).toBe(2);
    expect(replicasJson(await listReplicas(serving), 'default', 2n)).toMatchObject({
      skew: true,
      replicas: [
        { process_id: 'broken', sequence: 1n, digest: active, state: 'failed', problem: 'out of memory' },
        { process_id: 'sound', sequence: 2n, digest: active, canary, state: 'served' },
      ],
    });
    await withLedger(async (ledger) => {
      expect(unreadiness(broken, ledger, { PALISADE_MAX_STALENESS: 60_000 })).toEqual([
        'a deployed bundle does not load here',
      ]);
    });
    isBroken = false;
    for (const report of reports) await report.stop();
    expect(await listReplicas(serving)).toEqual([]);
  });
});

test('a replica that was killed is told as silent, then forgotten; one that reports nonsense takes nothing down', async () => {
  await withDatabase(async ({ owner, serving }) => {
    const stores = storesOf({ replica: replicaOf(serving), failures: () => new Map() });
    await reportReplica(serving, { bootId: randomUUID(), processId: 'killed', ageMs: 12, stores });
    await owner.query(
      `update replicas set seen_at = now() - interval '20 seconds', stores = '{"default": {"sequence": "x"}}'`,
    );
    const { replicas, skew } = replicasJson(await listReplicas(serving), 'default', 1n);
    expect({ replicas, skew }).toMatchObject({
      skew: true,
      replicas: [{ process_id: 'killed', state: 'silent' }],
    });

    await owner.query(`update replicas set seen_at = now() - interval '1 hour'`);
    expect(await listReplicas(serving)).toEqual([]);
    await forgetReplicas(serving);
    expect((await owner.query('select from replicas')).rows).toEqual([]);
  });
});
