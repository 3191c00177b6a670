/** Lets the calls that are judged by one run come one after the other in this process, so that only those of other processes can be faster. */
export interface RunTurns {
  /** Resolves once it is this call's turn. @returns ends the turn; to be called once. */
  enter(key: string): Promise<() => void>;
}

export function createRunTurns(): RunTurns {
  const last = new Map<string, Promise<void>>();

  return {
    async enter(key) {
      const before = last.get(key);
      const { promise, resolve } = Promise.withResolvers<void>();
      last.set(key, promise);
      await before;

      return () => {
        if (last.get(key) === promise) last.delete(key);
        resolve();
      };
    },
  };
}
