import { describe, expect, test } from 'vitest';
import { writeArchive } from '../../../services/bundles/archive.ts';
import { decideByBundle } from '../../../services/bundles/decide.ts';
import { bundleDigest } from '../../../services/bundles/digest.ts';
import { RawObject } from '../../../services/engine/raw/raw.ts';
import { CallSignal } from '../../../services/pdp/call-signal.ts';
import { factsAt } from '../../../services/pdp/facts.ts';
import { BackwardsError } from '../../../services/pdp/forward.ts';
import type { Snapshot, StoreState } from '../../../services/pdp/snapshot.ts';
import { insertBundle } from '../../../services/store/bundles.ts';
import { activate } from '../../../services/store/change-deployment.ts';
import { storeBundle } from '../../bundles/stored/store-bundle.ts';
import { aBundle } from '../../store/samples.ts';
import { type OpenTestDatabase, withDatabase } from '../../support/postgres.ts';
import { follow, replicaOf } from '../support/replica.ts';
import { gone, team, user, write } from './support/write.ts';

async function deploy({ serving }: OpenTestDatabase, changes: Parameters<typeof storeBundle>[0] = {}) {
  const files = storeBundle(changes);
  const digest = bundleDigest(files);
  // By the digest, so that each is another version to the store.
  const version = `1.0.0-${digest.slice(-8)}`;
  await insertBundle(serving, aBundle({ digest, name: 'teams', version, archive: writeArchive(files) }));

  return activate(serving, {
    store: 'default',
    digest,
    expectedSequence: undefined,
    author: 'test',
    reason: '',
  });
}

function stateOf(snapshot: Snapshot): StoreState {
  const state = snapshot.stores.get('default');
  if (state === undefined) throw new Error('the store is not known');

  return state;
}

/** What a user may do by a snapshot: a decision, or the field of a refusal. */
function decided(snapshot: Snapshot, id: string): string {
  const { bundle, entities } = stateOf(snapshot);
  if (bundle === undefined) throw new Error('nothing is served');
  const stored = entities.read.get(bundle);
  const doc = { type: 'Doc', id: 'd' };
  const supplied = new RawObject(
    new Map<string, never>(
      Object.entries({
        uid: new RawObject(new Map(Object.entries(doc))),
        attrs: new RawObject(new Map([['public', true]])),
        parents: [],
      }) as never,
    ),
  );
  try {
    return decideByBundle(
      bundle,
      {
        principal: { type: 'User', id },
        action: { type: 'Action', id: 'read' },
        resource: doc,
        context: new RawObject(new Map()),
        entities: [supplied],
      },
      (names) => factsAt(0, names),
      stored === undefined ? {} : { stored },
    ).verdict.reasonCode;
  } catch (error) {
    return `${(error as { code?: string }).code} ${(error as { field?: string }).field}`;
  }
}

describe('what a store holds', () => {
  test('decides as it is written, and whoever holds a snapshot sees one state to the end', async () => {
    await withDatabase(async (database) => {
      const replica = replicaOf(database);
      await deploy(database);
      await follow(replica);
      const before = replica.snapshot();
      await write(database.serving, 'default', team('writers', 'good'), user('a', 1, 'writers'));
      await follow(replica);
      const member = replica.snapshot();
      await write(database.serving, 'default', team('writers', 'evil'));
      await follow(replica);
      const forbidden = replica.snapshot();
      await write(database.serving, 'default', gone('User', 'a'));
      await follow(replica);
      const deleted = replica.snapshot();

      const states = [before, member, forbidden, deleted];
      expect(states.map((state) => decided(state, 'a'))).toEqual([
        'invalid_request principal',
        'permitted',
        'forbidden',
        'invalid_request principal',
      ]);
      expect(states.map((state) => stateOf(state).entities.held.sequence)).toEqual([1n, 2n, 3n, 4n]);
      expect(states.map((state) => stateOf(state).sequence)).toEqual([1n, 1n, 1n, 1n]);
      expect(replica.lags()).toEqual([]);
    });
  });

  test('is read whole by a process that starts, and whole by the next bundle', async () => {
    await withDatabase(async (database) => {
      await deploy(database);
      const users = Array.from({ length: 6_000 }, (_, index) => user(`u${index}`, 1, 'writers'));
      await write(database.serving, 'default', team('writers', 'good'), ...users.slice(0, 4_000));
      await write(database.serving, 'default', ...users.slice(4_000), gone('User', 'u7'));
      const replica = replicaOf(database);
      await follow(replica);
      await deploy(database, {
        'level.cedar': '@id("more") forbid(principal, action, resource) when { principal.level > 0 };',
      });
      const late = replica.snapshot();
      await follow(replica);

      expect(stateOf(late).entities.held.documents.size).toBe(6_000);
      expect(['u0', 'u5999', 'u7'].map((id) => decided(late, id))).toEqual([
        'permitted',
        'permitted',
        'invalid_request principal',
      ]);
      expect(decided(replica.snapshot(), 'u5999')).toBe('forbidden');
      expect(stateOf(replica.snapshot()).entities.held.sequence).toBe(4n);
    });
  });

  test('that does not fit is not served in part: the state before goes on, and the process lags until it fits', async () => {
    await withDatabase(async (database) => {
      const replica = replicaOf(database);
      await deploy(database);
      await write(database.serving, 'default', team('writers', 'good'), user('a', 1, 'writers'));
      await follow(replica);
      const good = replica.snapshot();
      // Past the API, which would refuse it.
      await write(database.serving, 'default', user('b', 'high', 'writers'), team('writers', 'evil'));
      await follow(replica);

      expect(replica.snapshot()).toBe(good);
      expect(replica.lags()).toMatchObject([{ store: 'default', sequence: 1n, failed: true }]);

      await write(database.serving, 'default', user('b', 1, 'writers'));
      await deploy(database);
      await follow(replica);
      expect(decided(replica.snapshot(), 'b')).toBe('forbidden');
      expect(replica.lags()).toEqual([]);
    });
  });

  test('is waited for by its sequence', async () => {
    await withDatabase(async (database) => {
      const replica = replicaOf(database);
      await deploy(database);
      await follow(replica);
      const sequence = await write(database.serving, 'default', team('writers', 'good'));
      const waiting = replica.reached(
        new Map([['default', sequence]]),
        performance.now() + 60_000,
        new CallSignal(),
      );
      await follow(replica);
      await waiting;

      expect(stateOf(replica.snapshot()).entities.held.documents.size).toBe(1);
    });
  });

  test('is not followed into another history, whether that is as far or further', async () => {
    await withDatabase(async (database) => {
      const { serving, owner } = database;
      const replica = replicaOf(database);
      await deploy(database);
      await write(serving, 'default', team('writers', 'good'), user('a', 1, 'writers'));
      await write(serving, 'default', team('writers', 'evil'));
      await follow(replica);
      const before = replica.snapshot();
      // As after a failover to a standby that had not heard of the last write.
      await owner.query('delete from entity_versions where sequence = 3');
      await owner.query('update stores set state_sequence = 2');

      await expect(replica.refresh()).rejects.toThrow(BackwardsError);
      await write(serving, 'default', user('b', 1));
      await expect(replica.refresh()).rejects.toThrow(BackwardsError);
      await write(serving, 'default', user('c', 1));
      await expect(replica.refresh()).rejects.toThrow(BackwardsError);
      expect(replica.snapshot()).toBe(before);
    });
  });

  test('is complete under a stream of writes, of which none holds the others up', async () => {
    await withDatabase(async (database) => {
      const replica = replicaOf(database);
      await deploy(database);
      await follow(replica);
      const seen: number[] = [];
      for (let count = 1; count <= 30; count += 1) {
        await write(database.serving, 'default', team(`t${count}`, 'good'));
        await replica.refresh();
        seen.push(stateOf(replica.snapshot()).entities.held.documents.size);
      }
      await replica.settled();

      // Not only at the end, although the next one always came before the last was served.
      expect(new Set(seen).size).toBeGreaterThan(5);
      expect(stateOf(replica.snapshot()).entities.held).toMatchObject({
        sequence: 31n,
        documents: { size: 30 },
      });
    });
  });
});
