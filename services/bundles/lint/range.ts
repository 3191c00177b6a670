import { parseDatetime } from '../../engine/extension/datetime.ts';
import { parseDuration } from '../../engine/extension/duration.ts';
import { LONG_MAX, LONG_MIN } from '../../engine/value/long.ts';
import { keyOf, memberOf, type Node, operandsOf, partsOf } from './expression.ts';

/** The least and the greatest that a Long can be, or a datetime or duration in milliseconds. */
export type Range = readonly [least: bigint, greatest: bigint];

export const ANY: Range = [LONG_MIN, LONG_MAX];

/** What JavaScript's clock can say (ECMA-262, "Time Values and Time Range"): `pdp.now` comes from there. */
const CLOCK: Range = [-8_640_000_000_000_000n, 8_640_000_000_000_000n];
const NOW = keyOf({ '.': { left: { '.': { left: { Var: 'context' }, attr: 'pdp' } }, attr: 'now' } });

const NO_BUDGET = (): void => {};

const DAY_MS = 86_400_000n;
const UNIT_MS: ReadonlyMap<string, bigint> = new Map([
  ['toMilliseconds', 1n],
  ['toSeconds', 1_000n],
  ['toMinutes', 60_000n],
  ['toHours', 3_600_000n],
  ['toDays', DAY_MS],
]);

/**
 * The range of an expression that was evaluated without failing. Data may be anything: a caller can write a datetime of any
 * Long as `offset`.
 * @param known ranges that comparisons before it have settled, by the expression's key.
 * @param spend called once for each expression looked at.
 */
export function rangeOf(node: Node, known: ReadonlyMap<string, Range>, spend = NO_BUDGET): Range {
  const settled = known.size === 0 ? ANY : (known.get(keyOf(node)) ?? ANY);
  const exact = unboundedRange(node, known, spend);

  return intersect(intersect(exact, settled), ANY);
}

/** What arithmetic gives before it is cut to a Long: beyond {@link ANY}, it can fail. */
export function unboundedRange(node: Node, known: ReadonlyMap<string, Range>, spend = NO_BUDGET): Range {
  spend();
  const [operator, body] = partsOf(node);
  const range = (operand: Node | undefined): Range =>
    operand === undefined ? ANY : rangeOf(operand, known, spend);
  const left = (): Range => range(memberOf(body, 'left'));
  const right = (): Range => range(memberOf(body, 'right'));
  const [receiver, argument] = Array.isArray(body) ? operandsOf(operator, body) : [];

  switch (operator) {
    case 'Value':
      return isInteger(body) ? [BigInt(body), BigInt(body)] : ANY;
    case '.':
      return keyOf(node) === NOW ? CLOCK : ANY;
    case '+':
      return sum(left(), right());
    case '-':
      return sum(left(), negative(right()));
    case '*':
      return product(left(), right());
    case 'neg':
      return negative(range(memberOf(body, 'arg')));
    case 'if-then-else':
      return hull(range(memberOf(body, 'then')), range(memberOf(body, 'else')));
    case 'datetime':
      return literal(receiver, (text) => parseDatetime(text)?.epochMs);
    case 'duration':
      return literal(receiver, (text) => parseDuration(text)?.milliseconds);
    case 'offset':
      return sum(range(receiver), range(argument));
    case 'durationSince':
      return sum(range(receiver), negative(range(argument)));
    case 'toDate':
      return sum(range(receiver), [1n - DAY_MS, 0n]);
    case 'toTime':
      return [0n, DAY_MS - 1n];
    default: {
      const unit = UNIT_MS.get(operator);
      const [least, greatest] = unit === undefined ? ANY : range(receiver);

      return unit === undefined ? ANY : [least / unit, greatest / unit];
    }
  }
}

/** Empty, least over greatest, where two ranges have nothing in common. */
export function intersect(a: Range, b: Range): Range {
  return [greater(a[0], b[0]), lesser(a[1], b[1])];
}

export function isWithin([least, greatest]: Range, [min, max]: Range): boolean {
  return least >= min && greatest <= max;
}

function sum(a: Range, b: Range): Range {
  return [a[0] + b[0], a[1] + b[1]];
}

function negative([least, greatest]: Range): Range {
  return [-greatest, -least];
}

function product(a: Range, b: Range): Range {
  const corners = [a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]];

  return corners.map((corner): Range => [corner, corner]).reduce(hull);
}

function hull(a: Range, b: Range): Range {
  return [lesser(a[0], b[0]), greater(a[1], b[1])];
}

/** `Math.min` is for numbers alone. */
function lesser(a: bigint, b: bigint): bigint {
  if (a < b) return a;

  return b;
}

function greater(a: bigint, b: bigint): bigint {
  return lesser(a, b) === a ? b : a;
}

function literal(node: Node | undefined, parse: (text: string) => bigint | undefined): Range {
  const [, text] = partsOf(node);
  const value = typeof text === 'string' ? parse(text) : undefined;

  return value === undefined ? ANY : [value, value];
}

function isInteger(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || Number.isSafeInteger(value);
}
