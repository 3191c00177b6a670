import { STEP, type Steps } from '../steps.ts';

/**
 * The numbers below a count in an order: parts are sorted, and merged two by two.
 * @param isBefore of two different numbers; true in one order of them alone.
 */
export function* sortInSteps(
  count: number,
  isBefore: (one: number, other: number) => boolean,
): Steps<Uint32Array> {
  let sorted = Uint32Array.from({ length: count }, (_, index) => index);
  for (let start = 0; start < count; start += STEP) {
    sorted.subarray(start, start + STEP).sort((one, other) => (isBefore(one, other) ? -1 : 1));
    yield;
  }

  let merged = new Uint32Array(count);
  for (let width = STEP; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width)
      yield* mergeInSteps(sorted, merged, { start, middle: start + width, end: start + 2 * width }, isBefore);
    [sorted, merged] = [merged, sorted];
  }

  return sorted;
}

interface Halves {
  readonly start: number;
  readonly middle: number;
  readonly end: number;
}

/** Two sorted halves as one; what is beyond the list is no part of them. */
function* mergeInSteps(
  from: Uint32Array,
  to: Uint32Array,
  { start, middle, end }: Halves,
  isBefore: (one: number, other: number) => boolean,
): Steps<void> {
  const [endOfLeft, endOfRight] = [Math.min(middle, from.length), Math.min(end, from.length)];
  let [left, right] = [start, endOfLeft];
  for (let at = start; at < endOfRight; at += 1) {
    const [one, other] = [from[left] ?? 0, from[right] ?? 0];
    const isLeft = right === endOfRight || (left < endOfLeft && isBefore(one, other));
    to[at] = isLeft ? one : other;
    if (isLeft) left += 1;
    else right += 1;
    if (at % STEP === STEP - 1) yield;
  }
}
