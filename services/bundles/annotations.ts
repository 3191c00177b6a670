import { type Obligation, parseObligations } from '../engine/obligation.ts';
import { APPROVAL_ANNOTATIONS, approvalProblems } from './approvals/rule.ts';
import { POLICY_ID } from './manifest.ts';
import type { Problems } from './problems.ts';
import type { Source, Span } from './source.ts';

/**
 * `@code`, `@reason`, `@obligation`, `@alternative` and `@approval` with its details have a meaning, `@id` names; all other annotations
 * are notes for people.
 */
const CODE = /^[A-Za-z0-9._-]{1,64}$/;
const MAX_REASON = 1_000;
const MAX_ALTERNATIVE = 1_000;
/** Names that promise enforcement which this version does not have: accepted, they would be a forbid that nobody enforces. */
const PROMISES = /^_*(approv|oblig|limit|rate_?limit|quota|budget|break_?glass|taint)/i;

/** Names of that kind that this version does enforce. */
const KEPT: ReadonlySet<string> = new Set(['obligation', ...APPROVAL_ANNOTATIONS]);

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
  const { id, reason, code, obligation, alternative } = annotations;
  const effect = est['effect'];
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
    if (KEPT.has(name) || !PROMISES.test(name)) continue;
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
  const wrong = [
    ...(obligation === undefined ? [] : obligationProblems(obligation, effect)),
    ...(alternative === undefined ? [] : alternativeProblems(alternative, effect)),
    ...approvalProblems(annotations, effect),
  ];
  for (const message of wrong) problems.at(source, head, 'policy_annotation', message, options);

  return annotations;
}

/** What `@obligation` says, of annotations that were read without a problem; `undefined`: nothing. */
export function obligationsOf({
  obligation,
}: Readonly<Record<string, string>>): readonly Obligation[] | undefined {
  if (obligation === undefined) return undefined;
  const parsed = parseObligations(obligation);

  return typeof parsed === 'string' ? undefined : parsed;
}

function obligationProblems(text: string, effect: unknown): readonly string[] {
  if (effect !== 'permit') return ['@obligation may stand on a permit alone: a deny obliges to nothing'];
  const parsed = parseObligations(text);

  return typeof parsed === 'string' ? [parsed] : [];
}

function alternativeProblems(text: string, effect: unknown): readonly string[] {
  if (effect !== 'forbid') return ['@alternative may stand on a forbid alone: an allow needs none'];

  return text === '' || text.length > MAX_ALTERNATIVE
    ? [`@alternative must have 1 to ${MAX_ALTERNATIVE} characters`]
    : [];
}

function textsOf(json: unknown): Readonly<Record<string, string>> {
  if (typeof json !== 'object' || json === null) return {};

  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [name, typeof value === 'string' ? value : '']),
  );
}
