import type { ParsedPolicy } from '../policies.ts';
import type { Span } from '../source.ts';
import { readTokens, type Token } from '../tokens.ts';
import { similarTo } from './similar.ts';

/** Annotations that Palisade acts on. */
const ACTED_ON = [
  'id',
  'reason',
  'code',
  'obligation',
  'alternative',
  'approval',
  'approval_ttl',
  'approval_count',
  'severity',
] as const;
/** Notes for people: nothing acts on them, and nothing is expected to. */
const NOTES: ReadonlySet<string> = new Set(['doc', 'note', 'owner', 'ticket']);
const OWN_NOTE = /^x_/;

/** An annotation that nothing acts on and that is no known note, which may be one of ours with a slip of the pen. */
export interface UnknownAnnotation {
  readonly name: string;
  readonly meant: string | undefined;
  readonly span: Span | undefined;
}

export function unknownAnnotations(policy: ParsedPolicy): readonly UnknownAnnotation[] {
  const names = Object.keys(policy.annotations).filter(
    (name) => !ACTED_ON.some((known) => known === name) && !NOTES.has(name) && !OWN_NOTE.test(name),
  );

  return names.map((name) => ({ name, meant: similarTo(name, ACTED_ON), span: placeOf(name, policy) }));
}

function placeOf(name: string, { text, offset }: ParsedPolicy): Span | undefined {
  let before: Token | undefined;
  for (const token of readTokens(text)) {
    const isName = token.kind === 'word' && text.slice(token.start, token.end) === name;
    if (isName && before !== undefined && text[before.start] === '@') {
      return { start: offset + before.start, end: offset + token.end };
    }
    before = token;
  }

  return undefined;
}
