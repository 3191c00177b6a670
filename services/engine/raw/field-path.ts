/** Characters of one step that an error shows; a hostile name may be 64 KiB long. */
const SHOWN = 64;

/**
 * Where a reader stands in its input, such as `entities[3].attrs.level`. Steps are kept as they are and put into words only
 * for an error, since a reader walks far more often than it fails.
 */
export class FieldPath {
  readonly #root: string;
  /** The first `depth` lead to where it stands; what is behind them is over. */
  readonly #steps: (string | number)[] = [];
  #depth = 0;

  constructor(root: string) {
    this.#root = root;
  }

  /** How many steps lead here from the root. */
  get depth(): number {
    return this.#depth;
  }

  /** Into a member or an element. A reader that throws need not leave again: it is done. */
  enter(step: string | number): void {
    this.#steps[this.#depth] = step;
    this.#depth += 1;
  }

  leave(): void {
    this.#depth -= 1;
  }

  text(): string {
    const steps = this.#steps.slice(0, this.#depth);

    return steps.reduce<string>((path, step) => path + wordsOf(step, path === ''), this.#root);
  }
}

function wordsOf(step: string | number, first: boolean): string {
  if (typeof step === 'number') return `[${step}]`;
  if (step.length <= SHOWN && /^[A-Za-z_][A-Za-z0-9_]*$/.test(step)) return first ? step : `.${step}`;

  const shown = step.length > SHOWN ? `${step.slice(0, SHOWN)}…` : step;

  return `[${JSON.stringify(shown.toWellFormed())}]`;
}
