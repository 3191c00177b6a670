import type { CompiledBundle } from '../../bundles/compile.ts';
import { SnapshotError } from './snapshot-error.ts';

/**
 * Refuses bundles whose entities PostgreSQL alone has: decided without them, a policy that forbids by a group would be missed.
 * @throws SnapshotError
 */
export function assertLoadable(bundles: readonly (CompiledBundle | undefined)[]): void {
  for (const bundle of bundles) {
    if (bundle === undefined) continue;
    const types = [...bundle.schema.entityTypes.keys()];
    const missing = types.find((type) => bundle.sourceOf(type) === 'store');
    if (missing === undefined) continue;

    throw new SnapshotError(`the snapshot does not hold the entities of the type ${missing}`);
  }
}
