import { describe, expect, test } from 'vitest';
import { refuseStale, unreadiness } from '../../services/pdp/readiness.ts';
import type { Replica } from '../../services/pdp/replica.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../services/pdp/snapshot.ts';
import { compiledBundle } from './support/bundle.ts';
import { withLedger } from './support/ledger.ts';
import { snapshotOf } from './support/path.ts';

const CONFIG = { PALISADE_MAX_STALENESS: 1_000 };

function replicaIn(state: { snapshot?: Snapshot; ageMs?: number; failed?: boolean }): Replica {
  const lag = { store: 'default', sequence: 2n, digest: 'sha256:…' };

  return {
    snapshot: () => state.snapshot ?? EMPTY_SNAPSHOT,
    ageMs: () => state.ageMs ?? 0,
    lags: () => (state.failed === undefined ? [] : [{ ...lag, failed: state.failed }]),
    refresh: () => Promise.reject(new Error('PostgreSQL is away')),
    prepared: () => Promise.reject(new Error('PostgreSQL is away')),
    settled: () => Promise.resolve(),
    restore: () => Promise.reject(new Error('nothing is saved')),
    expect: () => undefined,
    restored: () => false,
    held: () => undefined,
    reached: () => Promise.resolve(),
  };
}

describe('unreadiness()', () => {
  test('has no reason where a bundle is served by fresh state and the spool has room', async () => {
    const snapshot = snapshotOf(await compiledBundle());

    await withLedger(async (ledger) => {
      expect(unreadiness(replicaIn({ snapshot }), ledger, CONFIG)).toEqual([]);
      expect(unreadiness(replicaIn({ snapshot, failed: false }), ledger, CONFIG)).toEqual([]);
      expect(unreadiness(replicaIn({ snapshot, ageMs: 1_000 }), ledger, CONFIG)).toEqual([]);
    });
  });

  test('gives every reason that there is', async () => {
    await withLedger(async (ledger) => {
      expect(unreadiness(replicaIn({ ageMs: 1_001, failed: true }), ledger, CONFIG)).toEqual([
        'the policy state is stale',
        'a deployed bundle does not load here',
        'no bundle is deployed',
      ]);
    });
  });

  test('names a full spool', async () => {
    const snapshot = snapshotOf(await compiledBundle());

    await withLedger(async (ledger) => {
      expect(unreadiness(replicaIn({ snapshot }), ledger, CONFIG)).toEqual(['the spool is full']);
    }, 10_000);
  });
});

test('decisions are refused from when the state is older than is configured, not before', () => {
  expect(() => refuseStale(replicaIn({ ageMs: 1_000 }), CONFIG)).not.toThrow();
  for (const ageMs of [1_001, Number.POSITIVE_INFINITY]) {
    expect(() => refuseStale(replicaIn({ ageMs }), CONFIG)).toThrow(
      expect.objectContaining({ code: 'unavailable' }),
    );
  }
});
