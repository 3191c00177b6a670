import type { CompiledBundle } from '../bundles/compile.ts';
import type { AskedRequest } from '../bundles/inform.ts';
import { limitsFact } from '../bundles/limits/use.ts';
import { Datetime } from '../engine/extension/datetime.ts';
import type { FactName, Facts } from '../engine/facts.ts';
import { CedarRecord, uidKey, type Value } from '../engine/value/value.ts';

/** The facts that follow from a moment, of those that an action declares; what it does not declare is not computed. */
export function factsAt(now: number, names: readonly FactName[]): Facts {
  return names.includes('now') ? { now: new Datetime(BigInt(now)) } : {};
}

/**
 * The recorded fact `limits` as a bundle would have asserted it: the use as it was, against the maximum that this bundle sets.
 * @returns `undefined` where the record does not tell of a limit that the bundle declares.
 */
export function ownLimits(
  bundle: CompiledBundle,
  { action: { type, id } }: Pick<AskedRequest, 'action'>,
  recorded: Value | undefined,
): Pick<Facts, 'limits'> | undefined {
  const action = bundle.actions.get(uidKey(type, id));
  if (action === undefined || action.limitFacts.length === 0) return {};

  const use = new Map<string, bigint>();
  for (const name of action.limitFacts) {
    const used = recorded instanceof CedarRecord ? usedOf(recorded.fields.get(name)) : undefined;
    if (used === undefined) return undefined;
    use.set(name, used);
  }

  return limitsFact(action.limits, use);
}

function usedOf(state: Value | undefined): bigint | undefined {
  const used = state instanceof CedarRecord ? state.fields.get('used') : undefined;

  return typeof used === 'bigint' ? used : undefined;
}
