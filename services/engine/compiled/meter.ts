import { exceedsLimit, LIMITS } from '../limits.ts';

/** Looking up or comparing one value, in units. */
const LOOKUP = 25;

let left = 0;

/** Begins to count what one evaluation does. */
export function startMeter(): void {
  left = LIMITS.evaluation_work;
}

/**
 * Counts work that grows with the data of a request, about 2 ns a unit, so that no request holds up the others for long.
 * @throws PdpError `too_large` over `evaluation_work`.
 */
export function spend(units: number): void {
  left -= units;
  if (left < 0) throw exceedsLimit('evaluation_work', 'request');
}

/** The same for values that are looked up or compared. */
export function spendLookups(count: number): void {
  spend(LOOKUP * count);
}
