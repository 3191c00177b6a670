/** Lets one in at a time, in the order in which they came. */
export interface Lane {
  /** Resolves when it is this one's turn; every turn ends with {@link Lane.leave}. */
  enter(): Promise<void>;
  leave(): void;
}

export function createLane(): Lane {
  const waiting: (() => void)[] = [];
  let taken = false;

  return {
    enter() {
      if (taken) return new Promise((resolve) => waiting.push(resolve));
      taken = true;

      return Promise.resolve();
    },

    leave() {
      const next = waiting.shift();
      if (next === undefined) taken = false;
      else next();
    },
  };
}
