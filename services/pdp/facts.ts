import type { BundleAction, CompiledBundle } from '../bundles/compile.ts';
import type { AskedRequest } from '../bundles/inform.ts';
import { limitsFact } from '../bundles/limits/use.ts';
import { Datetime } from '../engine/extension/datetime.ts';
import { type Facts, missingFact } from '../engine/facts/assert.ts';
import type { FactName } from '../engine/facts/shape.ts';
import { breakGlassFact } from '../engine/facts/values.ts';
import { CedarRecord, uidKey, type Value } from '../engine/value/value.ts';
import type { Begun } from './deciding.ts';

/** The facts that follow from a moment, of those that an action declares; what it does not declare is not computed. */
export function factsAt(now: number, names: readonly FactName[]): Facts {
  return names.includes('now') ? { now: new Datetime(BigInt(now)) } : {};
}

/** The facts that this process asserts by itself of a request that it has begun: what needs nobody else. */
export function factsFor({ at, glass }: Pick<Begun, 'at' | 'glass'>, names: readonly FactName[]): Facts {
  const facts = factsAt(at, names);
  if (glass === undefined || !names.includes('breakGlass')) return facts;

  return { ...facts, breakGlass: breakGlassFact(glass.by, glass.ticket, glass.until) };
}

/**
 * Recorded facts as a bundle would have asserted them. `limits` is the use as it was, against what this bundle allows.
 * @param told what the record tells; `now`, which follows from a moment, as well where the bundle declares it.
 * @returns `undefined` where something is not told that the bundle declares and that is always there.
 */
export function pastFacts(
  bundle: CompiledBundle,
  { action: { type, id } }: Pick<AskedRequest, 'action'>,
  told: Facts,
): Facts | undefined {
  const action = bundle.actions.get(uidKey(type, id));
  if (action === undefined) return told;
  const limits = ownLimits(action, told.limits);
  const facts = { ...told, ...limits };

  return limits === undefined || missingFact(action.declared, facts) !== undefined ? undefined : facts;
}

/** @returns `undefined` where the record does not tell of a limit that the action declares. */
function ownLimits(
  { limitFacts, limits }: BundleAction,
  recorded: Value | undefined,
): Pick<Facts, 'limits'> | undefined {
  if (limitFacts.length === 0) return {};

  const use = new Map<string, bigint>();
  for (const name of limitFacts) {
    const used = recorded instanceof CedarRecord ? usedOf(recorded.fields.get(name)) : undefined;
    if (used === undefined) return undefined;
    use.set(name, used);
  }

  return limitsFact(limits, use);
}

function usedOf(state: Value | undefined): bigint | undefined {
  const used = state instanceof CedarRecord ? state.fields.get('used') : undefined;

  return typeof used === 'bigint' ? used : undefined;
}
