import { Datetime } from '../extension/datetime.ts';
import { Duration } from '../extension/duration.ts';
import type { Value } from '../value/value.ts';
import type { Expression } from './expression.ts';
import { fail } from './failure.ts';

/** Bits of Cedar's Long. */
const LONG_BITS = 64;

export function sum(left: Expression, right: Expression): Expression {
  return (environment, at) => {
    const a = left(environment, at);
    if (typeof a === 'symbol') return a;
    const b = right(environment, at);
    if (typeof b === 'symbol') return b;

    return typeof a === 'bigint' && typeof b === 'bigint' ? exact(a + b) : fail('+ takes two Longs');
  };
}

export function difference(left: Expression, right: Expression): Expression {
  return (environment, at) => {
    const a = left(environment, at);
    if (typeof a === 'symbol') return a;
    const b = right(environment, at);
    if (typeof b === 'symbol') return b;

    return typeof a === 'bigint' && typeof b === 'bigint' ? exact(a - b) : fail('- takes two Longs');
  };
}

export function product(left: Expression, right: Expression): Expression {
  return (environment, at) => {
    const a = left(environment, at);
    if (typeof a === 'symbol') return a;
    const b = right(environment, at);
    if (typeof b === 'symbol') return b;

    return typeof a === 'bigint' && typeof b === 'bigint' ? exact(a * b) : fail('* takes two Longs');
  };
}

export function negation(argument: Expression): Expression {
  return (environment, at) => {
    const value = argument(environment, at);
    if (typeof value === 'symbol') return value;

    return typeof value === 'bigint' ? exact(-value) : fail('- takes a Long');
  };
}

export function lessThan(left: Expression, right: Expression): Expression {
  return (environment, at) => {
    const a = left(environment, at);
    if (typeof a === 'symbol') return a;
    const b = right(environment, at);
    if (typeof b === 'symbol') return b;
    if (typeof a === 'bigint' && typeof b === 'bigint') return a < b;
    const order = times(a, b);

    return order === undefined ? fail(NO_ORDER) : order[0] < order[1];
  };
}

export function lessOrEqual(left: Expression, right: Expression): Expression {
  return (environment, at) => {
    const a = left(environment, at);
    if (typeof a === 'symbol') return a;
    const b = right(environment, at);
    if (typeof b === 'symbol') return b;
    if (typeof a === 'bigint' && typeof b === 'bigint') return a <= b;
    const order = times(a, b);

    return order === undefined ? fail(NO_ORDER) : order[0] <= order[1];
  };
}

const NO_ORDER = 'only two Longs, datetimes or durations have an order';

/** Two values of the same type of time, in milliseconds. */
function times(a: Value, b: Value): readonly [bigint, bigint] | undefined {
  if (a instanceof Datetime && b instanceof Datetime) return [a.epochMs, b.epochMs];
  if (a instanceof Duration && b instanceof Duration) return [a.milliseconds, b.milliseconds];

  return undefined;
}

function exact(value: bigint) {
  return BigInt.asIntN(LONG_BITS, value) === value ? value : fail('integer overflow');
}
