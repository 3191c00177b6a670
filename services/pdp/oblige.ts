import type { Obligation } from '../engine/obligation.ts';
import type { Settled } from './settle.ts';

/** What a deny says where it may not name the obligations. */
export const UNSUPPORTED = 'This is allowed only with an obligation that the client does not support.';

/** Makes an allow a deny where it obliges to what the caller does not support: to act on it without that is not permitted. */
export function oblige(settled: Settled, supported: readonly string[]): Settled {
  const missing = unsupported(settled.obligations, supported);
  if (missing.length === 0) return settled;

  return {
    ...settled,
    decision: 'deny',
    reasonCode: 'obligation_unsupported',
    message: `${UNSUPPORTED.slice(0, -1)}: ${missing.join(', ')}.`,
    obligations: [],
  };
}

/** Ids of the obligations that are not among the supported ones, each once. */
export function unsupported(
  obligations: readonly Obligation[],
  supported: readonly string[],
): readonly string[] {
  if (obligations.length === 0) return [];
  const known = new Set(supported);

  return [...new Set(obligations.map(({ id }) => id))].filter((id) => !known.has(id));
}
