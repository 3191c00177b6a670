import { expect, test } from 'vitest';
import { insertBundle } from '../../services/store/bundles.ts';
import { changeDeployment } from '../../services/store/change-deployment.ts';
import { createStore } from '../../services/store/deployments.ts';
import { query, withTransaction } from '../../services/store/pool.ts';
import { approveProposal, listProposals } from '../../services/store/proposals.ts';
import { applyProposedChange, requestChange, setTwoPerson } from '../../services/store/request-change.ts';
import { newKey } from '../bundles/signature/craft.ts';
import { push, signatureOf } from '../pdp/support/signing.ts';
import { type OpenTestDatabase, withDatabase } from '../support/postgres.ts';
import { aBundle, aChange, digestOf } from './samples.ts';

const [a, b, c] = [digestOf('a'), digestOf('b'), digestOf('c')];
const CANARY = { action: 'canary', digest: b, percent: 10, limits: { max_error_rate: '0.01' } };
const ROLLBACK = { action: 'rollback' };

/** `a` and `b` belong to `default`; `c` to `other`. */
async function withStores(body: (database: OpenTestDatabase) => Promise<void>): Promise<void> {
  await withDatabase(async (database) => {
    const { serving } = database;
    await createStore(serving, 'other');
    for (const [digest, version, store] of [
      [a, '1.0.0', 'default'],
      [b, '2.0.0', 'default'],
      [c, '3.0.0', 'other'],
    ] as const) {
      await insertBundle(serving, aBundle({ digest, version, stores: [store] }));
    }
    await body(database);
  });
}

function apply({ serving }: OpenTestDatabase, change: object) {
  return withTransaction(serving, (client) => changeDeployment(client, aChange(change)));
}

/** As only the owner of the database can: the server never takes a row away. */
function takeAway({ owner }: OpenTestDatabase, digest: string) {
  return query(owner, 'delete from bundle_stores where digest = $1', [digest]);
}

const nothing = () => Promise.resolve();
const notThere = (digest: string) => ({ code: 'not_found', message: `there is no bundle ${digest}` });

test.each([
  ['activated', { action: 'activate', digest: c }],
  ['a canary', { ...CANARY, digest: c }],
  ['a shadow', { action: 'shadow', digest: c }],
])('a bundle of another store is not %s, whoever has looked before', async (_what, change) => {
  await withStores(async (database) => {
    await apply(database, { action: 'activate', digest: a });

    await expect(apply(database, change)).rejects.toMatchObject(notThere(c));
  });
});

test('a canary is not promoted once its bundle is not of the store any more, and can be ended', async () => {
  await withStores(async (database) => {
    await apply(database, { action: 'activate', digest: a });
    await apply(database, CANARY);
    await takeAway(database, b);

    await expect(apply(database, { action: 'promote' })).rejects.toMatchObject(notThere(b));
    expect(await apply(database, ROLLBACK)).toMatchObject({ action: 'end_canary', digest: a });
  });
});

test.each([
  ['the one before', ROLLBACK],
  ['a sequence', { action: 'rollback', to: '1' }],
])('a rollback to %s does not bring back what is not of the store any more', async (_what, change) => {
  await withStores(async (database) => {
    await apply(database, { action: 'activate', digest: a });
    await apply(database, { action: 'activate', digest: b });
    await takeAway(database, a);

    await expect(apply(database, change)).rejects.toMatchObject(notThere(a));
  });
});

test('an approval looks again, and leaves its proposal open', async () => {
  await withStores(async (database) => {
    const { serving } = database;
    await setTwoPerson(serving, 'default', true);
    const change = { action: 'activate' as const, digest: a };
    const requested = await requestChange(serving, { ...aChange(change), change }, nothing);
    const id = 'proposal' in requested ? requested.proposal.id : '';
    await takeAway(database, a);
    const approving = approveProposal(serving, id, 'bob', 'all', (client, proposal) =>
      applyProposedChange(client, proposal, { approver: 'bob', recordId: id }, nothing),
    );

    await expect(approving).rejects.toMatchObject(notThere(a));
    expect(await listProposals(serving, 'all', { open: true, limit: 1 })).toMatchObject([{ id }]);
  });
});

test('a bundle that keeps its part is not asked about: what runs can still be changed beside it', async () => {
  await withStores(async (database) => {
    await apply(database, { action: 'activate', digest: a });
    await apply(database, { action: 'shadow', digest: b });
    await takeAway(database, a);

    expect(await apply(database, { action: 'shadow', digest: null })).toMatchObject({
      digest: a,
      shadow: null,
    });
  });
});

test('no signature is kept for a store that does not have its bundle', async () => {
  await withStores(async ({ serving }) => {
    const signature = (store: string) => signatureOf(newKey(), c, { store, bundle: 'coding-agent' });

    await expect(push(serving, signature('default'))).rejects.toMatchObject(notThere(c));
    expect(await push(serving, signature('other'))).toEqual({ created: true });
  });
});
