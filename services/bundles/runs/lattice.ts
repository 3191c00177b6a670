import { exceedsLimit, LIMITS } from '../../engine/limits.ts';
import { DEFAULT_LATTICE, type LatticeDeclaration } from './declaration.ts';

/** The labels that a bundle knows. */
export interface Lattice {
  has(label: string): boolean;
  /** These labels and all below them, sorted; those that the lattice does not know are left to {@link has}. */
  closed(labels: Iterable<string>): readonly string[];
}

/** The lattice of a bundle that passed `check`. */
export function latticeOf(lattice: LatticeDeclaration = DEFAULT_LATTICE): Lattice {
  const below = new Map(Object.entries(lattice));

  return {
    has: (label) => below.has(label),

    closed(labels) {
      const found = new Set(labels);
      // A set hands out what is added while it is walked.
      for (const label of found) for (const lower of below.get(label) ?? []) found.add(lower);

      return [...found].sort();
    },
  };
}

/** What is wrong with a lattice; `undefined`: nothing. */
export function latticeProblem(lattice: LatticeDeclaration): string | undefined {
  const names = Object.keys(lattice);
  if (names.length > LIMITS.bundle_labels)
    return exceedsLimit('bundle_labels', 'the number of labels').message;

  for (const [label, below] of Object.entries(lattice)) {
    const unknown = below.find((lower) => !Object.hasOwn(lattice, lower));
    if (unknown !== undefined) return `${label} stands above ${unknown}, which is no label of the lattice`;
  }
  const { closed } = latticeOf(lattice);
  const circular = names.find((label) => closed(lattice[label] ?? []).includes(label));

  return circular === undefined ? undefined : `${circular} stands above itself`;
}
