import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { writeArchive } from '../../services/bundles/archive.ts';
import { bundleDigest } from '../../services/bundles/digest.ts';
import { loadBundle } from '../../services/pdp/loader.ts';
import { unreadiness } from '../../services/pdp/readiness.ts';
import { createReplica, type Replica } from '../../services/pdp/replica.ts';
import { createSignatureWatch, type SignatureWatch } from '../../services/pdp/signature-watch.ts';
import { insertBundle } from '../../services/store/bundles.ts';
import { announceChange } from '../../services/store/changes.ts';
import { overrideEvaluator } from '../../services/store/evaluator-overrides.ts';
import { newKey } from '../bundles/signature/craft.ts';
import { aBundle } from '../store/samples.ts';
import { type OpenTestDatabase, withDatabase } from '../support/postgres.ts';
import { bundleFiles } from './support/bundle.ts';
import { deployVersion } from './support/deploy.ts';
import { withLedger } from './support/ledger.ts';
import { push, requireSignatures, signatureOf } from './support/signing.ts';

const [ada, grace] = [newKey(), newKey()];
const UNSIGNED = 'a deployed bundle is not signed as its store requires';
const DAY_MS = 86_400_000;

afterEach(() => {
  vi.restoreAllMocks();
  laterMs = 0;
});

interface Followed {
  readonly replica: Replica;
  readonly signatures: SignatureWatch;
  /** What was warned of. */
  readonly warnings: readonly string[];
  /** Milliseconds by which the clock of this replica is ahead. */
  ahead: number;
  follow(): Promise<void>;
}

function followed({ serving }: OpenTestDatabase): Followed {
  const warnings: string[] = [];
  const signatures = createSignatureWatch({
    pool: serving,
    log: { warn: (_details, message) => warnings.push(message) },
    now: () => Date.now() + state.ahead,
  });
  const replica = createReplica({
    pool: serving,
    evaluator: 'compiled',
    load: (digest, evaluator) => loadBundle(serving, digest, evaluator),
    signatures,
    onLoadFailure: () => undefined,
  });
  const state: Followed = {
    ...{ replica, signatures, warnings, ahead: 0 },
    async follow() {
      await replica.refresh();
      await replica.settled();
      await signatures.settled();
    },
  };

  return state;
}

const realNow = performance.now.bind(performance);
let laterMs = 0;

/** Follows after the time in which nothing is tried or looked at again. */
async function followLater(state: Followed): Promise<void> {
  laterMs += 11_000;
  vi.spyOn(performance, 'now').mockImplementation(() => realNow() + laterMs);
  await state.follow();
}

const versionOf = ({ replica }: Followed) => replica.snapshot().stores.get('default')?.bundle?.ref.version;
const unready = ({ replica }: Followed) =>
  withLedger(async (ledger) => unreadiness(replica, ledger, { PALISADE_MAX_STALENESS: 3_600_000 }));

/** A store that requires a signature of ada's, and runs 1.0.0 with one. */
async function signedStore({ serving }: OpenTestDatabase, changes = {}): Promise<string> {
  const digest = await deployVersion(serving, '1.0.0');
  await push(serving, signatureOf(ada, digest, changes));
  await requireSignatures(serving, [ada], 1);

  return digest;
}

/** Deploys past the API, as whoever has the database's URL may. */
async function insertDeployment({ serving }: OpenTestDatabase, version: string): Promise<string> {
  const files = bundleFiles(version);
  const digest = bundleDigest(files);
  await insertBundle(serving, aBundle({ digest, name: 'docs', version, archive: writeArchive(files) }));
  await serving.query(
    `insert into deployments (store, sequence, state_sequence, origin, digest, author, reason)
     select name, sequence + 1, state_sequence + 1, sequence + 1, $1, 'mallory', '' from stores where name = 'default'`,
    [digest],
  );
  await serving.query(
    `update stores set sequence = sequence + 1, state_sequence = state_sequence + 1 where name = 'default'`,
  );
  await announceChange(serving);

  return digest;
}

describe('a deployment that came past the API', () => {
  test('is not taken over without signatures: the last bundle goes on, and the replica is not ready', async () => {
    await withDatabase(async (database) => {
      const state = followed(database);
      await signedStore(database);
      await state.follow();
      expect(await unready(state)).toEqual([]);

      const digest = await insertDeployment(database, '2.0.0');
      await state.follow();
      expect(versionOf(state)).toBe('1.0.0');
      expect(state.replica.lags()).toMatchObject([{ sequence: 2n, failed: true, unsigned: true }]);
      expect(await unready(state)).toEqual([UNSIGNED]);

      await push(database.serving, signatureOf(ada, digest));
      await followLater(state);
      expect(versionOf(state)).toBe('2.0.0');
      expect(await unready(state)).toEqual([]);
    });
  });

  test.each([
    ['of another key', (digest: string) => signatureOf(grace, digest)],
    [
      'of another key under this one’s name',
      (digest: string) => signatureOf({ ...grace, id: ada.id }, digest),
    ],
    ['of another bundle', () => signatureOf(ada, `sha256:${'0'.repeat(64)}`)],
    ['for another store', (digest: string) => signatureOf(ada, digest, { store: 'other' })],
    ['that expired', (digest: string) => signatureOf(ada, digest, { issuedAt: 1, expiresAt: 2 })],
    [
      'from the future',
      (digest: string) => signatureOf(ada, digest, { issuedAt: 3_999_999_999, expiresAt: 4_000_000_000 }),
    ],
  ])('is not taken over with a signature %s in its row', async (_what, signed) => {
    await withDatabase(async (database) => {
      const state = followed(database);
      await signedStore(database);
      const digest = await insertDeployment(database, '2.0.0');
      await database.serving.query(
        'insert into bundle_signatures (digest, store, key_id, signature, created_by) values ($1, $2, $3, $4, $5)',
        [digest, 'default', ada.id, signed(digest), 'mallory'],
      );
      await state.follow();

      expect(versionOf(state)).toBeUndefined();
      expect(await unready(state)).toContain(UNSIGNED);
    });
  });
});

describe('signatures that end while their bundle is served', () => {
  test('are told of a week before, and once; the bundle goes on, and no other process loads it', async () => {
    await withDatabase(async (database) => {
      const state = followed(database);
      const expiresAt = Math.floor(Date.now() / 1_000) + 30 * 86_400;
      const digest = await signedStore(database, { expiresAt });
      await state.follow();
      expect(state.warnings).toEqual([]);
      expect(state.signatures.until()).toEqual(new Map([['default', expiresAt * 1_000]]));

      state.ahead = 24 * DAY_MS;
      await followLater(state);
      await followLater(state);
      expect(state.warnings).toEqual([expect.stringContaining('expire soon')]);

      state.ahead = 31 * DAY_MS;
      await followLater(state);
      await followLater(state);
      expect(state.warnings).toEqual([expect.anything(), expect.stringContaining('is no longer signed')]);
      expect(versionOf(state)).toBe('1.0.0');
      expect(await unready(state)).toEqual([]);
      expect(state.signatures.until()).toEqual(new Map([['default', expiresAt * 1_000]]));

      const difference = { digest, reason: '', decisionId: randomUUID(), processId: 'test' };
      await overrideEvaluator(database.serving, difference);
      await state.follow();
      expect(state.replica.snapshot().stores.get('default')?.bundle?.evaluator.name).toBe('cedar-wasm');

      const restarted = followed(database);
      restarted.ahead = state.ahead;
      await restarted.follow();
      expect(versionOf(restarted)).toBeUndefined();
      expect(await unready(restarted)).toContain(UNSIGNED);

      const renewed = Math.floor(Date.now() / 1_000) + 90 * 86_400;
      await push(database.serving, signatureOf(ada, digest, { expiresAt: renewed }));
      await followLater(state);
      await followLater(restarted);
      expect(state.signatures.until()).toEqual(new Map([['default', renewed * 1_000]]));
      expect(versionOf(restarted)).toBe('1.0.0');
    });
  });
});

test('a requirement that came past the API, and that what is served does not meet, makes the replica not ready', async () => {
  await withDatabase(async (database) => {
    const state = followed(database);
    await signedStore(database);
    await state.follow();
    await database.owner.query(
      `with proposed as (
         insert into proposals (kind, store, payload, proposed_by, reason, expires_at)
         values ('signature_requirement', 'default', '{}', 'a', '', now()) returning id)
       insert into signature_requirements (store, sequence, threshold, keys, proposal, proposed_by, approved_by, reason)
       select 'default', 2, 1, $1, id, 'a', 'b', '' from proposed`,
      [JSON.stringify([{ kid: grace.id, x: grace.x }])],
    );
    await state.follow();

    expect(versionOf(state)).toBe('1.0.0');
    expect(await unready(state)).toEqual([UNSIGNED]);
  });
});

test('a store that requires nothing has no end, and none once it requires nothing any more', async () => {
  await withDatabase(async (database) => {
    const state = followed(database);
    await signedStore(database);
    await state.follow();
    expect(state.signatures.until().size).toBe(1);

    await requireSignatures(database.serving, [], 0);
    await state.follow();
    expect(state.signatures.until().size).toBe(0);
    await insertDeployment(database, '2.0.0');
    await state.follow();
    expect(versionOf(state)).toBe('2.0.0');
  });
});

test('a bundle is parsed only once its signatures are found good', async () => {
  await withDatabase(async (database) => {
    const load = vi.fn();
    await signedStore(database);
    await insertDeployment(database, '2.0.0');
    const replica = createReplica({
      ...{ pool: database.serving, evaluator: 'compiled', load, onLoadFailure: () => undefined },
      signatures: createSignatureWatch({ pool: database.serving, log: { warn: () => undefined } }),
    });
    await replica.refresh();
    await replica.settled();

    expect(load).not.toHaveBeenCalled();
  });
});
