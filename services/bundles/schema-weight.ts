import { readTokens, type Token } from './tokens.ts';

interface Declaration {
  readonly name: string;
  readonly namespace: string;
  /** Names in its body, as written. */
  readonly names: readonly string[];
  /** How many it declares with one body: `entity A, B { … }` are two. */
  readonly copies: number;
}

interface Statement {
  readonly words: readonly string[];
  readonly copies: number;
  /** What ended it. */
  readonly end: string;
}

/** What ends the list of names that a statement declares. */
const BODY_WORDS: ReadonlySet<string> = new Set(['in', 'enum', 'tags', 'appliesTo']);
const BODY_SYMBOLS = '{[=';

/**
 * How many names a schema has once its common types are expanded.
 *
 * Cedar expands `type A = {x: B, y: B}; type B = {x: C, y: C}; …` in full when it checks a schema, so thirty such lines take
 * it longer than anyone waits. This counts instead, in time linear in the text. Names resolve as Cedar resolves them: in their
 * own namespace, then in the empty one.
 */
export function expandedSchemaSize(text: string): number {
  const { types, others } = readDeclarations(text);
  const byName = new Map(types.map((type) => [qualified(type.namespace, type.name), type]));
  const sizes = new Map<Declaration, number>();
  const resolve = (name: string, namespace: string): Declaration | undefined =>
    byName.get(qualified(namespace, name)) ?? byName.get(name);

  let total = 0;
  for (const declaration of [...types, ...others]) {
    total += declaration.copies * sizeOf(declaration, resolve, sizes);
  }

  return total;
}

/** Depth first without recursion; a type that refers to itself counts once, since Cedar refuses it anyway. */
function sizeOf(
  root: Declaration,
  resolve: (name: string, namespace: string) => Declaration | undefined,
  sizes: Map<Declaration, number>,
): number {
  const open: Declaration[] = [root];

  for (let next = open.at(-1); next !== undefined; next = open.at(-1)) {
    if ((sizes.get(next) ?? 0) > 0) {
      open.pop();
      continue;
    }

    const current = next;
    const parts = current.names.flatMap((name) => resolve(name, current.namespace) ?? []);
    const unknown = parts.filter((part) => !sizes.has(part));
    if (!sizes.has(current) && unknown.length > 0) {
      sizes.set(current, 0);
      for (const part of new Set(unknown)) open.push(part);
      continue;
    }

    const below = parts.reduce((sum, part) => sum + (sizes.get(part) ?? 0), 0);
    sizes.set(current, 1 + current.names.length + below);
    open.pop();
  }

  return sizes.get(root) ?? 1;
}

function readDeclarations(text: string): {
  readonly types: readonly Declaration[];
  readonly others: readonly Declaration[];
} {
  const types: Declaration[] = [];
  const others: Declaration[] = [];
  let namespace = '';

  for (const { words, copies, end } of readStatements(text)) {
    const [keyword, name = ''] = words;
    if (end === '{' && keyword === 'namespace') namespace = name;
    else if (end === '}') namespace = '';
    else if (keyword === 'type') types.push({ name, namespace, names: words.slice(2), copies });
    else others.push({ name: '', namespace, names: words, copies });
  }

  return { types, others };
}

/** The names between one `;` and the next, annotations left out; the braces of a namespace end a statement too. */
function* readStatements(text: string): Generator<Statement> {
  let words: string[] = [];
  let copies = 1;
  let inBody = false;
  let braces = 0;
  let inNamespace = false;
  let before = '';

  for (const token of readTokens(text)) {
    const shown = text.slice(token.start, token.end);
    if (token.kind === 'word' && before === '@') {
      before = '';
      continue;
    }
    if (token.kind === 'word') {
      words.push(before === '::' ? `${words.pop() ?? ''}::${shown}` : shown);
      inBody ||= BODY_WORDS.has(shown);
    }
    before = isPathSeparator(text, token) ? '::' : shown;
    if (token.kind !== 'symbol') continue;

    if (shown === '{') braces += 1;
    if (shown === '}') braces = Math.max(0, braces - 1);
    const opensNamespace = shown === '{' && braces === 1 && words[0] === 'namespace';
    const closesNamespace: boolean = shown === '}' && braces === 0 && inNamespace;
    if (shown === ',' && !inBody) copies += 1;
    inBody ||= BODY_SYMBOLS.includes(shown);
    if (shown !== ';' && !opensNamespace && !closesNamespace) continue;

    yield { words, copies, end: shown };
    words = [];
    copies = 1;
    inBody = false;
    inNamespace = opensNamespace || (inNamespace && !closesNamespace);
  }

  yield { words, copies, end: '' };
}

function isPathSeparator(text: string, { start, end }: Token): boolean {
  return (
    end - start === 1 &&
    text.charAt(start) === ':' &&
    (text.charAt(start - 1) === ':' || text.charAt(end) === ':')
  );
}

function qualified(namespace: string, name: string): string {
  return namespace === '' ? name : `${namespace}::${name}`;
}
