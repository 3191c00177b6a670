import { createRandom } from '../../chaos/random.ts';

/** Choices that come out the same in every run. */
export interface Chance {
  /** @throws RangeError for an empty list. */
  oneOf<T>(list: readonly T[]): T;
  /** @param share from 0 to 1 */
  happens(share: number): boolean;
}

export function createChance(seed: number): Chance {
  const random = createRandom(seed);

  return {
    oneOf(list) {
      const chosen = list[Math.floor(random.between(0, list.length))];
      if (chosen === undefined) throw new RangeError('nothing to choose from');

      return chosen;
    },

    happens(share) {
      return random.between(0, 1) < share;
    },
  };
}
