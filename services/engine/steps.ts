/** Work that may rest wherever it yields, which is about once in one or two milliseconds. */
export type Steps<Result> = Generator<undefined, Result>;

/** Policies, entities, or texts of them, in one step: what is done with each takes a microsecond or a few. */
export const STEP = 1_000;

/** All of the work without a rest. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  let step = steps.next();
  while (step.done !== true) step = steps.next();

  return step.value;
}

/** @param rest lets others work between the steps. */
export async function inSteps<Result>(steps: Steps<Result>, rest: () => Promise<void>): Promise<Result> {
  let step = steps.next();
  while (step.done !== true) {
    await rest();
    step = steps.next();
  }

  return step.value;
}

/** Visits the items of a list in its order. */
export function* eachInSteps<Item>(
  items: readonly Item[],
  visit: (item: Item, index: number) => void,
): Steps<void> {
  for (const [index, item] of items.entries()) {
    visit(item, index);
    if (index % STEP === STEP - 1) yield;
  }
}
