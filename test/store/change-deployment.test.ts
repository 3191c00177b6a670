import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { insertBundle } from '../../services/store/bundles.ts';
import { type ChangeRequest, changeDeployment } from '../../services/store/change-deployment.ts';
import { DEPLOYMENT_CHANGE } from '../../services/store/deployment-change.ts';
import {
  assignmentKeys,
  createStore,
  currentDeployments,
  deploymentHistory,
} from '../../services/store/deployments.ts';
import { withTransaction } from '../../services/store/pool.ts';
import { approveProposal } from '../../services/store/proposals.ts';
import { applyProposedChange, requestChange, setTwoPerson } from '../../services/store/request-change.ts';
import { type OpenTestDatabase, withDatabase } from '../support/postgres.ts';
import { aBundle, aChange, digestOf } from './samples.ts';

const [a, b, c] = [digestOf('a'), digestOf('b'), digestOf('c')];

async function withBundles(body: (database: OpenTestDatabase) => Promise<void>): Promise<void> {
  await withDatabase(async (database) => {
    for (const [index, digest] of [a, b, c].entries()) {
      await insertBundle(database.serving, aBundle({ digest, version: `${index}.0.0` }));
    }
    await body(database);
  });
}

function apply({ serving }: OpenTestDatabase, change: object, changes: Partial<ChangeRequest> = {}) {
  return withTransaction(serving, (client) => changeDeployment(client, aChange(change, changes)));
}

const nothing = () => Promise.resolve();
const CANARY = { action: 'canary', digest: b, percent: 10, limits: { max_error_rate: '0.01' } };

describe('a change of what a store runs', () => {
  test('is one row that describes the whole state, as it is read back', async () => {
    await withBundles(async (database) => {
      await apply(database, { action: 'activate', digest: a });
      await apply(database, { action: 'shadow', digest: c });
      await apply(database, { action: 'monitor', monitor: { policies: ['p'] } });
      const last = await apply(database, CANARY);

      expect(last).toMatchObject({
        sequence: 4n,
        action: 'canary',
        digest: a,
        origin: 1n,
        canary: {
          digest: b,
          percent: 10,
          by: 'run',
          since: 4n,
          limits: { max_error_rate: '0.01', min_sample: 200n },
        },
        shadow: { digest: c, since: 2n },
        monitor: { policies: ['p'] },
        approvedBy: null,
      });
      expect(await currentDeployments(database.serving)).toEqual([last]);
      expect(
        (await deploymentHistory(database.serving, 'default', 2, 4n)).map(({ sequence }) => sequence),
      ).toEqual([3n, 2n]);
    });
  });

  test('is not made where it is not recorded, and is recorded before anybody sees it', async () => {
    await withBundles(async (database) => {
      const { serving } = database;
      const failing = withTransaction(serving, (client) =>
        changeDeployment(client, aChange({ action: 'activate', digest: a }), () =>
          Promise.reject(new Error('the spool is full')),
        ),
      );
      await expect(failing).rejects.toThrow('the spool is full');
      expect(await currentDeployments(serving)).toEqual([]);

      await withTransaction(serving, (client) =>
        changeDeployment(client, aChange({ action: 'activate', digest: a }), async ({ before, after }) => {
          expect([before, after.sequence]).toEqual([undefined, 1n]);
          expect(await currentDeployments(serving)).toEqual([]);
        }),
      );
      expect(await currentDeployments(serving)).toHaveLength(1);
    });
  });

  test('of several kinds at once is made by exactly one', async () => {
    await withBundles(async (database) => {
      await apply(database, { action: 'activate', digest: a });
      await apply(database, CANARY);
      const changes = [
        { action: 'promote' },
        { action: 'rollback' },
        { action: 'activate', digest: c },
        { action: 'canary', percent: 50 },
        { action: 'monitor', monitor: { policies: null } },
      ];
      const results = await Promise.allSettled(
        changes.map((change) => apply(database, change, { expectedSequence: 2n })),
      );

      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const result of results) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict' });
      }
      expect(await currentDeployments(database.serving)).toMatchObject([{ sequence: 3n }]);
    });
  });

  test('goes back step by step, and never forward again', async () => {
    await withBundles(async (database) => {
      for (const digest of [a, b, c]) await apply(database, { action: 'activate', digest });
      const back = () => apply(database, { action: 'rollback' });

      expect(await back()).toMatchObject({ digest: b, origin: 2n, sequence: 4n });
      await apply(database, { action: 'monitor', monitor: { policies: null } });
      expect(await back()).toMatchObject({ digest: a, origin: 1n, sequence: 6n });
      await expect(back()).rejects.toMatchObject({ code: 'precondition_failed' });
      expect(await apply(database, { action: 'rollback', to: 3 })).toMatchObject({ digest: c, origin: 3n });
      await expect(apply(database, { action: 'rollback', to: 99 })).rejects.toMatchObject({ field: 'to' });
    });
  });

  test('needs a bundle that is there', async () => {
    await withBundles(async (database) => {
      await apply(database, { action: 'activate', digest: a });
      const none = digestOf('none');

      for (const change of [
        { action: 'activate', digest: none },
        { ...CANARY, digest: none },
        { action: 'shadow', digest: none },
      ]) {
        await expect(apply(database, change)).rejects.toMatchObject({ code: 'not_found', field: 'digest' });
      }
    });
  });
});

describe('where it takes two persons', () => {
  const ask = ({ serving }: OpenTestDatabase, change: object) =>
    requestChange(serving, { ...aChange(change), change: DEPLOYMENT_CHANGE.parse(change) }, nothing);
  const approve = ({ serving }: OpenTestDatabase, id: string, approver = 'bob') =>
    approveProposal(serving, id, approver, 'all', (client, proposal) =>
      applyProposedChange(client, proposal, { approver, recordId: randomUUID() }, nothing),
    );

  test('a change waits, is applied as it was proposed, and names both', async () => {
    await withBundles(async (database) => {
      await apply(database, { action: 'activate', digest: a });
      await setTwoPerson(database.serving, 'default', true);
      const asked = await ask(database, CANARY);
      if (!('proposal' in asked)) throw new Error('it did not wait');
      expect(await currentDeployments(database.serving)).toMatchObject([{ sequence: 1n, canary: null }]);

      await expect(approve(database, asked.proposal.id, 'ada')).rejects.toMatchObject({
        code: 'permission_denied',
      });
      expect(await approve(database, asked.proposal.id)).toMatchObject({
        sequence: 2n,
        author: 'ada',
        approvedBy: 'bob',
        canary: { digest: b, percent: 10, limits: { max_error_rate: '0.01' } },
      });
    });
  });

  test('a proposal is good for the state that it was made for alone', async () => {
    await withBundles(async (database) => {
      await apply(database, { action: 'activate', digest: a });
      await setTwoPerson(database.serving, 'default', true);
      const asked = await ask(database, { action: 'activate', digest: b });
      await apply(database, { action: 'activate', digest: c });

      if (!('proposal' in asked)) throw new Error('it did not wait');
      await expect(approve(database, asked.proposal.id)).rejects.toMatchObject({
        code: 'conflict',
        field: 'expected_sequence',
      });
      expect(await currentDeployments(database.serving)).toMatchObject([{ digest: c }]);
    });
  });

  test('what does not fit is refused at once, and what only ends a candidate is done by one', async () => {
    await withBundles(async (database) => {
      await apply(database, { action: 'activate', digest: a });
      await apply(database, { action: 'shadow', digest: c });
      await apply(database, CANARY);
      await setTwoPerson(database.serving, 'default', true);

      await expect(ask(database, { action: 'canary', digest: a, percent: 1 })).rejects.toMatchObject({
        code: 'precondition_failed',
      });
      expect(await ask(database, { action: 'rollback' })).toMatchObject({
        deployment: { action: 'end_canary' },
      });
      expect(await ask(database, { action: 'shadow', digest: null })).toHaveProperty(
        'deployment.shadow',
        null,
      );
      // A rollback of the active bundle could bring back a hole that two had closed.
      await apply(database, { action: 'activate', digest: b });
      expect(await ask(database, { action: 'rollback' })).toHaveProperty('proposal');
    });
  });
});

test('each store has a secret of its own, of 32 bytes', async () => {
  await withDatabase(async ({ serving }) => {
    await createStore(serving, 'other');
    const keys = [...(await assignmentKeys(serving)).values()].map((key) => Buffer.from(key).toString('hex'));

    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(2);
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{64}$/);
  });
});
