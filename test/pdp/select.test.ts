import { beforeAll, describe, expect, test } from 'vitest';
import type { CompiledBundle } from '../../services/bundles/compile.ts';
import { select } from '../../services/pdp/select.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../services/pdp/snapshot.ts';
import { compiledBundle } from './support/bundle.ts';
import { callOf } from './support/calls.ts';
import { nothingAt } from './support/entities.ts';

let bundle: CompiledBundle;

beforeAll(async () => {
  bundle = await compiledBundle();
});

/** With two writes of entities since its deployment. */
function running(active: CompiledBundle | undefined, sequence = 5n): Snapshot {
  const entities = nothingAt(sequence + 2n);

  return {
    ...EMPTY_SNAPSHOT,
    stores: new Map([['default', { name: 'default', sequence, bundle: active, entities }]]),
  };
}

describe('select()', () => {
  test('gives the bundle that the store runs, with what the store holds', () => {
    expect(select(running(bundle), 'default', callOf())).toEqual({
      bundle,
      active: bundle,
      arm: 'active',
      entities: nothingAt(7n),
      staged: undefined,
    });
  });

  test('knows no other store', () => {
    expect(() => select(running(bundle), 'other', callOf())).toThrow(
      expect.objectContaining({ code: 'not_found', field: 'policy_store' }),
    );
  });

  test('is unavailable where the store runs nothing', () => {
    expect(() => select(running(undefined, 0n), 'default', callOf())).toThrow(
      expect.objectContaining({ code: 'unavailable' }),
    );
  });

  test('is unavailable before the state that the call must see, and not at it', () => {
    expect(select(running(bundle), 'default', callOf({ at_least_sequence: 7n })).bundle).toBe(bundle);
    expect(() => select(running(bundle), 'default', callOf({ at_least_sequence: 8n }))).toThrow(
      expect.objectContaining({ code: 'unavailable', field: 'at_least_sequence' }),
    );
  });

  test('takes an expected digest as an expectation, never as a choice', () => {
    const { digest } = bundle.ref;
    const other = `sha256:${'0'.repeat(64)}`;

    expect(select(running(bundle), 'default', callOf({ expected_bundle_digest: digest })).bundle).toBe(
      bundle,
    );
    for (const expected of [other, digest.toUpperCase(), digest.slice(7), `${digest} `]) {
      expect(() => select(running(bundle), 'default', callOf({ expected_bundle_digest: expected }))).toThrow(
        expect.objectContaining({ code: 'precondition_failed', field: 'expected_bundle_digest' }),
      );
    }
  });
});
