import type { Cedar } from '../cedar.ts';
import { formattingOf } from '../format.ts';
import { jsonOf } from '../lint/expression.ts';
import type { ParsedBundle } from '../parse.ts';
import { compareText } from '../problem.ts';
import { changedFields } from './fields.ts';
import { diffLines } from './lines.ts';
import type { Changed, PolicyChange, PolicySummary } from './report.ts';

/** A policy, template or link, with the parts that make it what it is. */
interface Entry extends Omit<PolicySummary, 'text'> {
  readonly scope: string;
  readonly conditions: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly source: string;
}

/** Which policies, templates and links are in one bundle alone or mean something else, by id. Their formatting does not count. */
export function diffPolicies(
  a: ParsedBundle,
  b: ParsedBundle,
  cedar: Cedar,
): Changed<PolicySummary, PolicyChange> {
  const [before, after] = [entriesOf(a), entriesOf(b)];
  const only = (some: ReadonlyMap<string, Entry>, others: ReadonlyMap<string, Entry>): PolicySummary[] =>
    [...some.values()].filter(({ id }) => !others.has(id)).map((entry) => summaryOf(entry, cedar));
  const changed = [...before.values()].flatMap((old) => {
    const now = after.get(old.id);

    return now === undefined ? [] : (changeOf(old, now, cedar) ?? []);
  });

  return { added: only(after, before), removed: only(before, after), changed };
}

function entriesOf({ parsed, policies }: ParsedBundle): ReadonlyMap<string, Entry> {
  const written = parsed.map(
    ({ id, effect, annotations, scope, condition, slots, text }): Entry => ({
      id,
      kind: slots.length === 0 ? 'policy' : 'template',
      effect,
      scope: jsonOf(scope),
      conditions: jsonOf(condition),
      annotations,
      source: text,
    }),
  );
  const links = policies.flatMap(({ id, effect, source }): Entry[] =>
    source.kind === 'link'
      ? [
          {
            id,
            kind: 'link',
            effect,
            scope: jsonOf(source),
            conditions: '',
            annotations: {},
            source: linkText(source),
          },
        ]
      : [],
  );

  return new Map(
    [...written, ...links].sort((x, y) => compareText(x.id, y.id)).map((entry) => [entry.id, entry]),
  );
}

function linkText({
  templateId,
  values,
}: {
  readonly templateId: string;
  readonly values: Readonly<Record<string, { readonly type: string; readonly id: string }>>;
}): string {
  const slots = Object.entries(values).map(
    ([slot, { type, id }]) => `${slot} = ${type}::${JSON.stringify(id)}`,
  );

  return [`link of ${templateId}`, ...slots.sort(compareText)].join('\n');
}

function changeOf(old: Entry, now: Entry, cedar: Cedar): PolicyChange | undefined {
  const annotations = changedFields(notesOf(old), notesOf(now));
  // The text of a template that a link is of is told with the template.
  const sameScope =
    old.kind === 'link' && now.kind === 'link' ? old.source === now.source : old.scope === now.scope;
  const parts = [
    ...(old.kind === now.kind ? [] : (['kind'] as const)),
    ...(old.effect === now.effect ? [] : (['effect'] as const)),
    ...(sameScope ? [] : (['scope'] as const)),
    ...(old.conditions === now.conditions ? [] : (['conditions'] as const)),
    ...(annotations.length === 0 ? [] : (['annotations'] as const)),
  ];
  if (parts.length === 0) return undefined;

  const lines = diffLines(summaryOf(old, cedar).text, summaryOf(now, cedar).text);

  return { id: now.id, kind: now.kind, parts, annotations, lines };
}

function notesOf({ annotations }: Entry): ReadonlyMap<string, string> {
  return new Map(Object.entries(annotations).map(([name, value]) => [`@${name}`, value]));
}

/** Where Cedar's formatter fails, the text as it stands is better than none. */
function summaryOf({ id, kind, effect, source }: Entry, cedar: Cedar): PolicySummary {
  const reply = kind === 'link' ? undefined : cedar.ask('formatPolicies', formattingOf(source));
  const text = reply?.type === 'success' ? String(reply.answer['formatted_policy']).trim() : source;

  return { id, kind, effect, text };
}
