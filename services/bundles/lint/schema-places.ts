import { LIMITS } from '../../engine/limits.ts';
import { qualifiedName } from '../../engine/schema/qualified-name.ts';
import { uidKey } from '../../engine/value/value.ts';
import type { Span } from '../source.ts';
import { readTokens, type Token } from '../tokens.ts';

/** Where a schema declares an entity type, by its name, and an action, by its key. */
export function declarationsIn(text: string): ReadonlyMap<string, Span> {
  const places = new Map<string, Span>();
  const tokens = [...readTokens(text)];
  const word = (token: Token | undefined): string =>
    token === undefined ? '' : text.slice(token.start, token.end);
  let namespace = '';
  let base = 0;
  let depth = 0;

  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at] as Token;
    const symbol = token.kind === 'symbol' ? word(token) : '';
    if ('{[(<'.includes(symbol) && symbol !== '') depth += 1;
    if ('}])>'.includes(symbol) && symbol !== '') depth -= 1;
    if (symbol === '}' && depth === 0 && base === 1) [namespace, base] = ['', 0];
    if (token.kind !== 'word' || depth !== base) continue;

    if (word(token) === 'namespace' && base === 0) {
      const end = tokens.findIndex((next, index) => index > at && word(next) === '{');
      if (end === -1) return places;
      namespace = tokens
        .slice(at + 1, end)
        .map(word)
        .join('');
      [at, base, depth] = [end, 1, 1];
    } else if (word(token) === 'entity' || word(token) === 'action') {
      at = declare(at, word(token) === 'entity');
    }
  }

  return places;

  /** Notes the names behind the word at `at`. @returns the position of the last token of them. */
  function declare(at: number, isEntity: boolean): number {
    let last = at;
    for (let next = at + 1; next < tokens.length && places.size < LIMITS.schema_bytes; next += 2) {
      const token = tokens[next] as Token;
      if (token.kind !== 'word' && token.kind !== 'string') break;
      const name = token.kind === 'string' ? unquoted(word(token)) : word(token);
      const key = isEntity
        ? qualifiedName(namespace, name)
        : uidKey(qualifiedName(namespace, 'Action'), name);
      places.set(key, { start: token.start, end: token.end });
      last = next;
      if (word(tokens[next + 1]) !== ',') break;
    }

    return last;
  }
}

/** A name with escapes is left without its place. */
function unquoted(text: string): string {
  return text.slice(1, -1);
}
