import { POLICY_ID } from './manifest.ts';
import type { Problems } from './problems.ts';
import type { Source, Span } from './source.ts';

/** `@code` and `@reason` have a meaning, `@id` names; all other annotations are notes for people. */
const CODE = /^[A-Za-z0-9._-]{1,64}$/;
const MAX_REASON = 1_000;
/** Names that promise enforcement which this version does not have: accepted, they would be a forbid that nobody enforces. */
const PROMISES = /^_*(approv|oblig|limit|rate_?limit|quota|budget|break_?glass|taint)/i;

/**
 * Checks what stands before a policy and gives it as plain strings; a name without a value has the empty one.
 * @returns the annotations; `id` is there and well formed exactly where no problem with it was found.
 */
export function readAnnotations(
  est: Readonly<Record<string, unknown>>,
  source: Source,
  head: Span,
  problems: Problems,
): Readonly<Record<string, string>> {
  const annotations = textsOf(est['annotations']);
  const { id, reason, code } = annotations;
  const options = id === undefined ? {} : { policyId: id };

  if (id === undefined) problems.at(source, head, 'policy_id', 'a policy needs an @id("…")');
  else if (!POLICY_ID.test(id)) {
    problems.at(
      source,
      head,
      'policy_id',
      `@id must be 1 to 128 letters, digits, dots, underscores or hyphens, not ${JSON.stringify(id.slice(0, 128))}`,
    );
  }

  for (const name of Object.keys(annotations)) {
    if (!PROMISES.test(name)) continue;
    problems.at(
      source,
      head,
      'policy_annotation',
      `@${name} is not enforced by this version, so it may not stand here`,
      options,
    );
  }
  if (reason !== undefined && (reason === '' || reason.length > MAX_REASON)) {
    problems.at(
      source,
      head,
      'policy_annotation',
      `@reason must have 1 to ${MAX_REASON} characters`,
      options,
    );
  }
  if (code !== undefined && !CODE.test(code)) {
    problems.at(
      source,
      head,
      'policy_annotation',
      '@code must be 1 to 64 letters, digits, dots, underscores or hyphens',
      options,
    );
  }

  return annotations;
}

function textsOf(json: unknown): Readonly<Record<string, string>> {
  if (typeof json !== 'object' || json === null) return {};

  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [name, typeof value === 'string' ? value : '']),
  );
}
