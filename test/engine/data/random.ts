/** Seeded randomness for tests: the same seed, the same case (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from 0 up to, not including, `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);

    return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
  }

  /** True in one of `n` cases. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined) throw new Error('nothing to pick from');

    return choice;
  }

  /** Some of the choices, in another order. */
  some<T>(choices: readonly T[]): T[] {
    return this.shuffle(choices).slice(0, this.below(choices.length + 1));
  }

  shuffle<T>(items: readonly T[]): T[] {
    return items
      .map((item) => ({ item, rank: this.below(2 ** 30) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ item }) => item);
  }

  list<T>(max: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.below(max + 1) }, (_, index) => make(index));
  }
}
