import { keyOf, memberOf, type Node, partsOf } from './expression.ts';
import { ANY, intersect, type Range, rangeOf } from './range.ts';

/** What holds where an expression is reached, because of what was evaluated before it. */
export interface Settled {
  /** Keys of expressions whose entity is there. */
  readonly present: ReadonlySet<string>;
  readonly ranges: ReadonlyMap<string, Range>;
}

export const NOTHING_SETTLED: Settled = { present: new Set(), ranges: new Map() };

/** What `has` and `hasTag` say of their left side where they are true: it is there, and so is each step of a path but the last. */
export function withPresent(settled: Settled, left: Node, path: readonly string[]): Settled {
  const present = new Set(settled.present).add(keyOf(left));
  let at = left;
  for (const attr of path.slice(0, -1)) {
    at = { '.': { left: at, attr } };
    present.add(keyOf(at));
  }

  return { ...settled, present };
}

/** What a comparison of Longs, datetimes or durations says of both sides, by whether it is true. */
export function withComparison(settled: Settled, comparison: Node, isTrue: boolean): Settled {
  const [operator, body] = partsOf(comparison);
  const order = orderOf(operator, isTrue);
  if (order === undefined) return settled;

  const [low, high] = order.swapped ? ['right', 'left'] : ['left', 'right'];
  const [lower, upper] = [memberOf(body, low), memberOf(body, high)];
  const [a, b] = [rangeOf(lower, settled.ranges), rangeOf(upper, settled.ranges)];
  const ranges = new Map(settled.ranges);
  const learn = (node: Node, range: Range): void => {
    if (partsOf(node)[0] !== 'Value')
      ranges.set(keyOf(node), intersect(ranges.get(keyOf(node)) ?? ANY, range));
  };

  if (order.kind === 'equal') {
    learn(lower, b);
    learn(upper, a);
  } else {
    const step = order.kind === 'less' ? 1n : 0n;
    learn(lower, [ANY[0], b[1] - step]);
    learn(upper, [a[0] + step, ANY[1]]);
  }

  return { ...settled, ranges };
}

interface Order {
  readonly kind: 'less' | 'less or equal' | 'equal';
  /** Whether the right side is the lower one. */
  readonly swapped: boolean;
}

/** The order that a comparison has settled; `a < b` that is false says `b <= a`. */
function orderOf(operator: string, isTrue: boolean): Order | undefined {
  switch (operator) {
    case '==':
      return isTrue ? { kind: 'equal', swapped: false } : undefined;
    case '!=':
      return isTrue ? undefined : { kind: 'equal', swapped: false };
    case '<':
      return isTrue ? { kind: 'less', swapped: false } : { kind: 'less or equal', swapped: true };
    case '<=':
      return isTrue ? { kind: 'less or equal', swapped: false } : { kind: 'less', swapped: true };
    case '>':
      return isTrue ? { kind: 'less', swapped: true } : { kind: 'less or equal', swapped: false };
    case '>=':
      return isTrue ? { kind: 'less or equal', swapped: true } : { kind: 'less', swapped: false };
    default:
      return undefined;
  }
}
