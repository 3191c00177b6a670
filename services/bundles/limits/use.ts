import type { Facts } from '../../engine/facts/assert.ts';
import { limitState } from '../../engine/facts/values.ts';
import { CedarRecord, type Value } from '../../engine/value/value.ts';
import { denyOverLimit, denyWithoutRun, type Verdict } from '../../engine/verdict.ts';
import type { BundleAction, CompiledBundle } from '../compile.ts';
import type { BundleDecision } from '../decide.ts';
import { unknownLabel } from '../runs/rule.ts';
import type { LimitRule } from './rule.ts';

/** What is used of some limits before a request, by their names. */
export type Use = ReadonlyMap<string, bigint>;

/** The fact `limits` of those limits of which the use is known. */
export function limitsFact(rules: readonly LimitRule[], use: Use): Pick<Facts, 'limits'> {
  const states = new Map<string, Value>();
  for (const { name, max } of rules) {
    const used = use.get(name);
    if (used !== undefined) states.set(name, limitState(used, max));
  }

  return { limits: new CedarRecord(states) };
}

/**
 * The verdict beside some use, for tests and commands, where nothing is counted: an allow that would be over a limit, or that a run could
 * not take the labels of, is a deny, as a server gives it. Of a limit that is not named nothing is used.
 * @throws PdpError `invalid_request` where a cost is negative.
 */
export function verdictBeside(
  bundle: CompiledBundle,
  { informed, verdict }: BundleDecision,
  use: Use,
): Verdict {
  const rules = limitsOf(bundle, informed.request.action.key);
  const costs = rules.map((rule) => rule.costOf(informed.context));
  if (verdict.decision === 'deny') return verdict;
  const unknown = unknownTaken(bundle, informed);
  if (unknown !== undefined) return denyWithoutRun(verdict, unknownLabel(unknown));
  const over = rules.find(({ name, max }, at) => (costs[at] ?? 0n) > max - (use.get(name) ?? 0n));

  return over === undefined ? verdict : denyOverLimit(verdict, over.name);
}

/** A label that an allow would have the run take, and that no lattice of the bundle knows; `undefined`: there is none such. */
export function unknownTaken(
  bundle: CompiledBundle,
  { request }: BundleDecision['informed'],
): string | undefined {
  const taken = bundle.actions.get(request.action.key)?.run?.takes(request);

  return taken !== undefined && 'unknown' in taken ? taken.unknown : undefined;
}

/** The limits that count an action, by its key. */
export function limitsOf(bundle: CompiledBundle, action: string): BundleAction['limits'] {
  return bundle.actions.get(action)?.limits ?? [];
}
