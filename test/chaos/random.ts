/** Numbers that look random and come again with the same seed. */
export interface Random {
  /** At least `from`, below `to`. */
  between(from: number, to: number): number;
}

/** Mulberry32 (Tommy Ettinger, public domain): small, and random enough to choose moments. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;

  return {
    between(from, to) {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);

      return from + ((mixed ^ (mixed >>> 14)) >>> 0) * ((to - from) / 2 ** 32);
    },
  };
}

/** A seed for a run that was given none. */
export function newSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}
