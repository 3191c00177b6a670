import { z } from 'zod';
import { LIMITS } from '../../engine/limits.ts';

/** Short enough to be read in a reply, and without what a terminal could not print. */
const LABEL = /^[a-z][a-z0-9_-]{0,62}$/;
/** From an entity of the request or its context to what it is labelled with. */
const LABEL_PATH = /^(principal|resource|context)(\.[A-Za-z_][A-Za-z0-9_]*)+$/;

const label = z.string().regex(LABEL);

/** Each label with those right below it: who holds one holds them too. */
export type LatticeDeclaration = Readonly<Record<string, readonly string[]>>;

/** What holds where a bundle declares no lattice of its own. */
export const DEFAULT_LATTICE: LatticeDeclaration = {
  public: [],
  internal: ['public'],
  secret: ['internal'],
  pii: ['internal'],
};

/** The one description of `labels` in bundle.yaml. */
export const LABELS_SCHEMA = z.strictObject({
  lattice: z
    .record(label, z.array(label).max(LIMITS.bundle_labels))
    .optional()
    .describe(
      'Each label with the labels right below it. Absent: public, internal above it, and above that secret and pii.',
    ),
  takes: z
    .record(
      z
        .string()
        .min(1)
        .max(LIMITS.identifier_bytes * 2),
      z.array(z.string().max(LIMITS.identifier_bytes).regex(LABEL_PATH)).min(1).max(16),
    )
    .default({})
    .describe(
      'By action, as policies write it: the paths whose labels a run takes when it is allowed the action, such as resource.labels.',
    ),
});

/** The labels of a bundle as bundle.yaml declares them. */
export type LabelsDeclaration = Readonly<z.output<typeof LABELS_SCHEMA>>;
