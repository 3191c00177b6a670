import type { CompiledBundle } from '../bundles/compile.ts';
import { PdpError } from '../engine/error.ts';
import { isInCanary, unitOf } from './assign.ts';
import type { StoreEntities } from './entities/store-entities.ts';
import type { Arm, Snapshot, Staged } from './snapshot.ts';
import type { AuthorizeCall } from './types.ts';

type Asked = Pick<AuthorizeCall, 'expected_bundle_digest' | 'at_least_sequence' | 'run' | 'principal'>;

export interface Selected {
  /** The one that decides. */
  readonly bundle: CompiledBundle;
  readonly arm: Arm;
  /** What the store holds, at the state that it is decided by. */
  readonly entities: StoreEntities;
  /** The active one, whichever decides. */
  readonly active: CompiledBundle;
  /** Absent where nothing stands beside the active bundle. */
  readonly staged: Staged | undefined;
}

/**
 * Gives the bundle that a store runs, or its canary where the run is among those that get it; the caller has no say in it.
 * @throws PdpError `not_found` for an unknown store, `unavailable` where it runs no bundle, `precondition_failed` where the
 * caller expected another one. `unavailable` also where the store has not reached the sequence that the call must see.
 */
export function select(snapshot: Snapshot, store: string, call: Asked): Selected {
  const state = snapshot.stores.get(store);
  if (state === undefined) {
    throw new PdpError('not_found', 'there is no such policy store', { field: 'policy_store' });
  }
  const { bundle: active, staged, entities } = state;
  if (active === undefined) throw new PdpError('unavailable', 'no bundle is active in this policy store');

  const { sequence } = entities.held;
  if (sequence < call.at_least_sequence) {
    throw new PdpError('unavailable', `this server has reached sequence ${sequence}`, {
      field: 'at_least_sequence',
    });
  }

  const canary = staged === undefined ? undefined : canaryFor(staged, call);
  const bundle = canary ?? active;
  const expected = call.expected_bundle_digest;
  if (expected !== '' && expected !== bundle.ref.digest) {
    throw new PdpError('precondition_failed', `the bundle that decides is ${bundle.ref.digest}`, {
      field: 'expected_bundle_digest',
    });
  }

  return { bundle, arm: canary === undefined ? 'active' : 'canary', entities, active, staged };
}

function canaryFor({ canary }: Staged, call: Asked): CompiledBundle | undefined {
  if (canary === undefined) return undefined;
  const { key, bundle, percent, by } = canary;

  return isInCanary({ key, digest: bundle.ref.digest, percent }, unitOf(call, by)) ? bundle : undefined;
}
