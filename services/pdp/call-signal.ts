/**
 * Tells whoever works for a call that nobody waits for it any more. An `AbortSignal` says the same, and takes as long to make
 * and to end as a decision: every call ends so, answered ones too.
 */
export class CallSignal {
  #aborted = false;
  #listeners: Set<() => void> | undefined;

  get aborted(): boolean {
    return this.#aborted;
  }

  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;

    const listeners = this.#listeners ?? [];
    this.#listeners = undefined;
    for (const listener of listeners) listener();
  }

  /**
   * Calls the listener once, at once where it is over already.
   * @returns what takes the listener away again.
   */
  onAbort(listener: () => void): () => void {
    if (this.#aborted) {
      listener();

      return nothing;
    }
    this.#listeners ??= new Set();
    this.#listeners.add(listener);

    return () => void this.#listeners?.delete(listener);
  }
}

function nothing(): void {}
