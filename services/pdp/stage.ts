import type { CompiledBundle } from '../bundles/compile.ts';
import { PdpError } from '../engine/error.ts';
import type { Deployment } from '../store/deployments.ts';
import type { Monitoring, RunningCanary, Staged } from './snapshot.ts';
import { nextTurn } from './turns.ts';

/**
 * Makes ready what stands beside the active bundle of a deployment.
 * @param candidate the canary's bundle.
 * @param key the store's secret.
 * @returns `undefined` where nothing does.
 * @throws PdpError `internal` where a canary lacks its bundle or key: nobody could tell which runs it gets.
 */
export async function stagedOf(
  { canary, shadow, monitor }: Deployment,
  active: CompiledBundle | undefined,
  candidate: CompiledBundle | undefined,
  key: Uint8Array | undefined,
): Promise<Staged | undefined> {
  if (canary === null && shadow === null && monitor === null) return undefined;

  return {
    canary: canary === null ? undefined : runningCanary(canary, candidate, key),
    shadow: shadow ?? undefined,
    monitoring: monitor === null ? undefined : await monitoringOf(monitor, [active, candidate]),
  };
}

function runningCanary(
  { digest: _, ...canary }: NonNullable<Deployment['canary']>,
  bundle: CompiledBundle | undefined,
  key: Uint8Array | undefined,
): RunningCanary {
  if (bundle === undefined || key === undefined)
    throw new PdpError('internal', 'a canary lacks its bundle or key');

  return { ...canary, bundle, key };
}

/** What remains of each bundle is made now, because it takes too long for a request. */
async function monitoringOf(
  { policies }: NonNullable<Deployment['monitor']>,
  bundles: readonly (CompiledBundle | undefined)[],
): Promise<Monitoring> {
  if (policies === null) return { policies: undefined, without: new Map() };

  const ids = new Set(policies);
  const without = new Map<CompiledBundle, CompiledBundle>();
  for (const bundle of bundles) {
    if (bundle === undefined) continue;
    await nextTurn();
    without.set(bundle, await bundle.without(ids));
  }

  return { policies: ids, without };
}
