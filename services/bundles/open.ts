import { createAllowances } from './allowances.ts';
import { createCedar } from './cedar.ts';
import type { BundleParts } from './compile.ts';
import type { BundleFiles } from './files.ts';
import { isLint } from './lint/names.ts';
import { parseBundle, partsOf } from './parse.ts';
import { type Places, placesOf } from './places.ts';
import type { Problem } from './problem.ts';
import { createProblems } from './problems.ts';
import { validatePolicies } from './validate.ts';

/** A bundle that its author looks into, before it is stored anywhere; plain data. */
export interface OpenBundle {
  /** Absent where it cannot be read. */
  readonly parts: BundleParts | undefined;
  readonly places: Places;
  /** What keeps it from being read, or what strict validation says of it. */
  readonly problems: readonly Problem[];
}

/**
 * Reads a bundle by all the rules of reading, and validates its policies. What only fails validation can be evaluated, so that its
 * author can see why; a server would not run it. Blocks; see {@link ./worker/open.ts}.
 */
export function openBundle(files: BundleFiles): OpenBundle {
  const cedar = createCedar();
  const problems = createProblems();
  const bundle = parseBundle(files, cedar, problems);
  const places = placesOf(bundle.parsed);
  const { schema, manifest, parsed, policies } = bundle;
  const parts = partsOf(bundle, files);
  if (parts === undefined || schema === undefined || problems.errors > 0) {
    return { parts: undefined, places, problems: problems.sorted() };
  }

  const links = policies.filter(({ source }) => source.kind === 'link');
  const allowances = createAllowances(manifest);
  const steps = validatePolicies({ schemaText: schema.text, allowances, parsed, links }, cedar, problems);
  while (steps.next().done !== true);
  allowances.reportUnused(problems, (finding) => !isLint(finding));

  return { parts, places, problems: problems.sorted() };
}
