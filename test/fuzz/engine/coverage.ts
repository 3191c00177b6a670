/** What came out of something that was counted. */
export type Outcome = 'true' | 'false' | 'value' | 'failed' | 'seen';

/** How often what was reached, and what came out of it. */
export class Coverage {
  readonly #counts = new Map<string, Map<Outcome, number>>();

  count(what: string, outcome: Outcome = 'seen'): void {
    const outcomes = this.#counts.get(what) ?? new Map<Outcome, number>();
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    this.#counts.set(what, outcomes);
  }

  /** Everything that was to be reached and was not, as `what: outcome`. */
  holes(wanted: ReadonlyMap<string, readonly Outcome[]>): readonly string[] {
    return [...wanted].flatMap(([what, outcomes]) =>
      outcomes.flatMap((outcome) => (this.#counts.get(what)?.has(outcome) ? [] : [`${what}: ${outcome}`])),
    );
  }

  reached(what: string): boolean {
    return this.#counts.has(what);
  }

  /** One line for everything that was reached. */
  lines(): readonly string[] {
    return [...this.#counts]
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([what, outcomes]) => {
        const counts = [...outcomes].toSorted().map(([outcome, times]) => `${times} ${outcome}`);

        return `${what.padEnd(32)} ${counts.join(', ')}`;
      });
  }
}
