import { describe, expect, test } from 'vitest';
import { bundleDigest } from '../../services/bundles/digest.ts';
import { parseSignature } from '../../services/bundles/signature/jws.ts';
import { LIMITS } from '../../services/engine/limits.ts';
import { activate } from '../../services/store/change-deployment.ts';
import { applyRequirement, proposeRequirement } from '../../services/store/change-requirement.ts';
import { createStore } from '../../services/store/deployments.ts';
import { approveProposal, propose } from '../../services/store/proposals.ts';
import { currentRequirement, requirementSequences } from '../../services/store/signature-requirements.ts';
import { listSignatures, signaturesBy } from '../../services/store/signatures.ts';
import { newKey } from '../bundles/signature/craft.ts';
import { bundleFiles } from '../pdp/support/bundle.ts';
import { deployVersion } from '../pdp/support/deploy.ts';
import { push, requireSignatures, signatureOf } from '../pdp/support/signing.ts';
import { type OpenTestDatabase, withDatabase } from '../support/postgres.ts';

const [ada, grace] = [newKey(), newKey()];
const FIRST = bundleDigest(bundleFiles('1.0.0'));
const again = (digest = FIRST, store = 'default') => ({
  ...{ store, digest, expectedSequence: undefined, author: 'carol', reason: '' },
});
const propose_ = ({ serving }: OpenTestDatabase, keys = [ada], threshold = 1) =>
  proposeRequirement(
    serving,
    { store: 'default', keys, threshold, proposedBy: 'ada', reason: 'reviewed twice' },
    Date.now(),
  );
const approve = ({ serving }: OpenTestDatabase, id: string, who: string) =>
  approveProposal(serving, id, who, ['default'], (client, proposal) =>
    applyRequirement(client, proposal, who, Date.now()),
  );

describe('a signature', () => {
  test('is kept once, however often it comes, and beside it what else the key signed', async () => {
    await withDatabase(async ({ serving }) => {
      await deployVersion(serving, '1.0.0');
      const text = signatureOf(ada, FIRST, { issuedAt: 1 });

      expect(await push(serving, text)).toEqual({ created: true });
      expect(await push(serving, text)).toEqual({ created: false });
      expect(await push(serving, signatureOf(ada, FIRST, { expiresAt: 4_000_000_000 }))).toEqual({
        created: true,
      });
      expect(await listSignatures(serving, FIRST, 'all')).toMatchObject([
        { keyId: ada.id, store: 'default' },
        { text },
      ]);
      expect(await listSignatures(serving, FIRST, ['other'])).toEqual([]);
    });
  });

  test.each([
    ['an unknown bundle', { digest: `sha256:${'0'.repeat(64)}` }, 'not_found'],
    ['an unknown store', { store: 'nowhere' }, 'not_found'],
    ['another name than the bundle has', { bundle: 'receipts' }, 'precondition_failed'],
  ])('for %s is refused', async (_what, changes, code) => {
    await withDatabase(async ({ serving }) => {
      await deployVersion(serving, '1.0.0');

      await expect(push(serving, signatureOf(ada, FIRST, changes))).rejects.toMatchObject({ code });
    });
  });

  test('by a key that nobody requires has no room without end, which required ones do not need', async () => {
    await withDatabase(async ({ serving }) => {
      await deployVersion(serving, '1.0.0');
      const text = (at: number) => signatureOf(ada, FIRST, { issuedAt: 1, expiresAt: 4_000_000_000 + at });
      for (let at = 0; at < LIMITS.bundle_signatures; at++) await push(serving, text(at));

      await expect(push(serving, text(-1))).rejects.toMatchObject({ limit: { name: 'bundle_signatures' } });
      expect(await push(serving, text(0))).toEqual({ created: false });
      expect(await push(serving, signatureOf(grace, FIRST), true)).toEqual({ created: true });
    });
  });
});

describe('a store that requires signatures', () => {
  test('runs no bundle that lacks them, and says whose are missing and how to sign', async () => {
    await withDatabase(async ({ serving }) => {
      await createStore(serving, 'other');
      await deployVersion(serving, '1.0.0', 'other');
      await requireSignatures(serving, [ada, grace], 2);
      await push(serving, signatureOf(ada, FIRST));
      await push(serving, signatureOf(grace, FIRST, { store: 'other' }));

      const refused = activate(serving, again());
      await expect(refused).rejects.toMatchObject({ code: 'precondition_failed', field: 'digest' });
      await expect(refused).rejects.toThrow(`2 of 2 keys, and docs (${FIRST}) has 1. Missing: ${grace.id}.`);
      await expect(refused).rejects.toThrow(
        `palisade bundle sign ${FIRST} --name docs --key FILE --store default`,
      );

      await push(serving, signatureOf(grace, FIRST));
      expect(await activate(serving, again())).toMatchObject({ sequence: 1n });
      expect(await activate(serving, again(FIRST, 'other'))).toMatchObject({ sequence: 2n });
    });
  });

  test.each([
    ['expired', { issuedAt: 1, expiresAt: 1_700_000_000 }, /expired at 2023-11-14T22:13:20Z/],
    [
      'made in the future',
      { issuedAt: 3_999_999_999, expiresAt: 4_000_000_000 },
      /one of the two clocks is wrong/,
    ],
  ])('runs no bundle whose signature is %s, though it is there', async (_what, changes, reason) => {
    await withDatabase(async ({ serving }) => {
      await createStore(serving, 'other');
      await deployVersion(serving, '1.0.0', 'other');
      await requireSignatures(serving, [ada], 1);
      await push(serving, signatureOf(ada, FIRST, changes));

      await expect(activate(serving, again())).rejects.toThrow(reason);
    });
  });

  test('trusts no row: neither the key that it is listed under, nor a name for a key', async () => {
    await withDatabase(async ({ serving }) => {
      await createStore(serving, 'other');
      await deployVersion(serving, '1.0.0', 'other');
      await requireSignatures(serving, [ada], 1);
      const insert = (text: string) =>
        serving.query(
          'insert into bundle_signatures (digest, store, key_id, signature, created_by) values ($1, $2, $3, $4, $5)',
          [FIRST, 'default', ada.id, text, 'x'],
        );
      await insert(signatureOf(grace, FIRST));
      await insert(signatureOf({ ...grace, id: ada.id }, FIRST));
      await insert('nonsense');

      await expect(activate(serving, again())).rejects.toThrow(/has 0/);
    });
  });
});

test('of each key the newest signatures are looked at, so that none has room without end', async () => {
  await withDatabase(async ({ serving }) => {
    await deployVersion(serving, '1.0.0');
    await push(serving, signatureOf(grace, FIRST));
    for (let at = 0; at < 10; at++)
      await push(serving, signatureOf(ada, FIRST, { expiresAt: 4_000_000_000 + at }));

    const looked = await signaturesBy(serving, { digest: FIRST, store: 'default' }, [ada.id, grace.id]);
    expect(
      looked
        .map((text) => parseSignature(text).statement.expiresAt - 4_000_000_000)
        .filter((at) => at >= 0)
        .toSorted(),
    ).toEqual([6, 7, 8, 9]);
    expect(looked).toHaveLength(5);
  });
});

describe('what a store requires', () => {
  test('holds once a second person approved it, and replicas see its sequence', async () => {
    await withDatabase(async (database) => {
      const { serving } = database;
      const { id } = await propose_(database);
      expect(await currentRequirement(serving, 'default')).toBeUndefined();

      await expect(approve(database, id, 'ada')).rejects.toMatchObject({ code: 'permission_denied' });
      expect(await currentRequirement(serving, 'default')).toBeUndefined();

      expect(await approve(database, id, 'bob')).toBe(1n);
      expect(await currentRequirement(serving, 'default')).toMatchObject({
        ...{ sequence: 1n, threshold: 1, keys: [{ id: ada.id, x: ada.x }] },
        ...{ proposedBy: 'ada', approvedBy: 'bob', reason: 'reviewed twice' },
      });
      expect(await requirementSequences(serving)).toEqual(new Map([['default', 1n]]));
    });
  });

  test('is lowered and taken away by two persons too', async () => {
    await withDatabase(async (database) => {
      await requireSignatures(database.serving, [ada, grace], 2);
      for (const [keys, threshold] of [
        [[ada, grace], 1],
        [[], 0],
      ] as const) {
        const { id } = await propose_(database, [...keys], threshold);
        await expect(approve(database, id, 'ada')).rejects.toMatchObject({ code: 'permission_denied' });
        await approve(database, id, 'bob');
      }

      expect(await currentRequirement(database.serving, 'default')).toMatchObject({
        sequence: 3n,
        threshold: 0,
      });
      expect(await deployVersion(database.serving, '1.0.0')).toBe(FIRST);
    });
  });

  test('is not changed by a proposal that expired, was overtaken, or is for something else', async () => {
    await withDatabase(async (database) => {
      const { serving, owner } = database;
      const [late, overtaken] = [await propose_(database), await propose_(database, [grace])];
      await owner.query('update proposals set expires_at = now() where id = $1', [late.id]);
      await expect(approve(database, late.id, 'bob')).rejects.toThrow(/expired/);

      await requireSignatures(serving, [ada], 1);
      await expect(approve(database, overtaken.id, 'bob')).rejects.toThrow(/came in between/);

      const other = { kind: 'deployment', store: 'default', payload: {}, proposedBy: 'ada', reason: '' };
      const { id } = await propose(serving, other);
      await expect(approve(database, id, 'bob')).rejects.toMatchObject({ code: 'conflict' });
      expect((await requirementSequences(serving)).get('default')).toBe(1n);
    });
  });

  test('is refused while what runs would not meet it, when it is proposed and when it is approved', async () => {
    await withDatabase(async (database) => {
      const { serving } = database;
      const { id } = await propose_(database);
      await deployVersion(serving, '1.0.0');

      await expect(propose_(database)).rejects.toMatchObject({ code: 'precondition_failed' });
      await expect(approve(database, id, 'bob')).rejects.toMatchObject({ code: 'precondition_failed' });

      await push(serving, signatureOf(ada, FIRST));
      expect(await approve(database, id, 'bob')).toBe(1n);
    });
  });

  test.each([
    ['a threshold over the number of keys', [ada], 2, 'threshold'],
    ['a threshold of none of some keys', [ada], 0, 'threshold'],
    ['a threshold without keys', [], 1, 'threshold'],
    ['a fraction of a key', [ada], 0.5, 'threshold'],
    ['a key twice', [ada, ada], 2, 'keys'],
    ['keys over the limit', Array.from({ length: LIMITS.signature_keys + 1 }, () => ada), 1, 'keys'],
  ])('is not %s', async (_what, keys, threshold, field) => {
    await withDatabase(async (database) => {
      await expect(propose_(database, keys, threshold)).rejects.toMatchObject({ field });
    });
  });

  test('is refused for a store that is not there', async () => {
    await withDatabase(async ({ serving }) => {
      const wanted = { store: 'nowhere', keys: [ada], threshold: 1, proposedBy: 'ada', reason: '' };

      await expect(proposeRequirement(serving, wanted, Date.now())).rejects.toMatchObject({
        code: 'not_found',
      });
    });
  });

  test('fails closed where its row is damaged', async () => {
    await withDatabase(async (database) => {
      const { serving, owner } = database;
      await requireSignatures(serving, [ada], 1);
      for (const keys of ['[{}]', '[null]', '[{"x":"AAAA"}]']) {
        await owner.query('update signature_requirements set keys = $1', [keys]);

        await expect(deployVersion(serving, '1.0.0'), keys).rejects.toThrow(/damaged/);
      }
    });
  });
});
