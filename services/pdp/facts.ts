import { Datetime } from '../engine/extension/datetime.ts';
import type { FactName, Facts } from '../engine/facts.ts';

/** The facts that an action declares, at one moment; what it does not declare is not computed. */
export function factsAt(now: number, names: readonly FactName[]): Facts {
  return names.includes('now') ? { now: new Datetime(BigInt(now)) } : {};
}
