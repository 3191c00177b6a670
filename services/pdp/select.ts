import type { CompiledBundle } from '../bundles/compile.ts';
import { PdpError } from '../engine/error.ts';
import type { Snapshot } from './snapshot.ts';
import type { AuthorizeCall } from './types.ts';

type Expectations = Pick<AuthorizeCall, 'expected_bundle_digest' | 'at_least_sequence'>;

export interface Selected {
  readonly bundle: CompiledBundle;
  readonly sequence: bigint;
}

/**
 * Gives the bundle that a store runs; the caller has no say in it.
 * @throws PdpError `not_found` for an unknown store, `unavailable` where it runs no bundle, `precondition_failed` where the
 * caller expected another one. `unavailable` also where the store has not reached the sequence that the call must see.
 */
export function select(snapshot: Snapshot, store: string, call: Expectations): Selected {
  const state = snapshot.stores.get(store);
  if (state === undefined) {
    throw new PdpError('not_found', 'there is no such policy store', { field: 'policy_store' });
  }
  if (state.bundle === undefined)
    throw new PdpError('unavailable', 'no bundle is active in this policy store');

  if (state.sequence < call.at_least_sequence) {
    throw new PdpError('unavailable', `this server has reached sequence ${state.sequence}`, {
      field: 'at_least_sequence',
    });
  }

  const { digest } = state.bundle.ref;
  const expected = call.expected_bundle_digest;
  if (expected !== '' && expected !== digest) {
    throw new PdpError('precondition_failed', `the active bundle is ${digest}`, {
      field: 'expected_bundle_digest',
    });
  }

  return { bundle: state.bundle, sequence: state.sequence };
}
