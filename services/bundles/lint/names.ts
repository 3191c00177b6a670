/** Lints about one policy, template or link; docs/lints.md has a section for each. */
export const POLICY_LINTS = [
  'unconditional-permit',
  'broad-permit',
  'forbid-can-error',
  'never-matches',
  'shadowed',
  'unanchored-policy',
  'unknown-annotation',
] as const;

/** All lints, a closed set: a name never changes its meaning. */
export const LINTS = [...POLICY_LINTS, 'unused-action', 'unused-entity-type'] as const;

export type LintName = (typeof LINTS)[number];

export function isLint(name: string): name is LintName {
  return LINTS.some((lint) => lint === name);
}
