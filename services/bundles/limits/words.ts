import type { LimitDeclaration } from './declaration.ts';

/** A limit in words, for people who compare bundles. */
export function limitText({
  actions,
  key,
  window,
  lifetime,
  max,
  cost,
  refundable,
}: LimitDeclaration): string {
  const unit = cost === 1 ? `${max} use(s)` : `a sum of ${max} of ${cost}`;
  const period =
    typeof window === 'object' ? `each ${window.calendar} (${window.time_zone})` : `in any ${window}`;
  const span = lifetime === undefined ? period : 'in each run';
  const by = key.length === 0 ? 'all together' : `by ${key.join(', ')}`;

  return `at most ${unit} ${span}, ${by}, of ${actions.toSorted().join(', ')}${refundable ? '; refundable' : ''}`;
}
