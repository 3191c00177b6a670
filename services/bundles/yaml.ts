import { Composer, type CST, type Document, isMap, isPair, isScalar, isSeq, type Node, Parser } from 'yaml';
import { LIMITS } from '../engine/limits.ts';
import { type RawNode, RawNumber, RawObject } from '../engine/raw/raw.ts';
import type { Problems } from './problems.ts';
import type { Source, Span } from './source.ts';

/** A YAML 1.2 document (core schema) that is a plain tree: what JSON could say, with comments. */
export type YamlNode = Node | null;

export type YamlPath = readonly PropertyKey[];

/** Signed 64 bits: what a Cedar Long holds. */
const LONG_MIN = -(2n ** 63n);
const LONG_MAX = 2n ** 63n - 1n;

/**
 * Reads one document. Anchors, aliases, tags, directives, repeated keys, keys that are not strings and a second document are
 * problems: they are how two readers come to read one file differently.
 * @returns the root, or `undefined` where the file has any problem.
 */
export function readYaml(source: Source, problems: Problems): YamlNode | undefined {
  const before = problems.errors;
  const tokens = [...new Parser().parse(source.text)];
  checkTokens(tokens, source, problems);
  if (problems.errors > before) return undefined;

  const document = compose(tokens);
  for (const { message, pos } of [...document.errors, ...document.warnings]) {
    problems.at(source, { start: pos[0], end: pos[1] }, 'yaml_syntax', message);
  }
  if (problems.errors > before) return undefined;

  checkPlain(document.contents, source, problems);

  return problems.errors === before ? document.contents : undefined;
}

/** The part of the file that a node takes, or what is nearest to it where the path leads nowhere. */
export function spanOf(root: YamlNode, path: YamlPath): Span | undefined {
  let node = root;
  for (const step of path) {
    const next = childOf(node, step);
    if (next === undefined) break;
    node = next;
  }

  return spanAt(node);
}

/** The part of the file that the key `name` of the mapping at `path` takes. */
export function keySpanOf(root: YamlNode, path: YamlPath, name: string): Span | undefined {
  let node: YamlNode | undefined = root;
  for (const step of path) node = childOf(node ?? null, step);
  if (!isMap(node)) return spanOf(root, path);

  const pair = node.items.find(({ key }) => isScalar(key) && key.value === name);

  return isScalar(pair?.key) ? spanAt(pair.key) : spanAt(node);
}

/** Plain data; an integer beyond 2^53 becomes a string of its digits, which no schema of ours takes for a number. */
export function plainOf(node: YamlNode): unknown {
  if (isMap(node))
    return Object.fromEntries(node.items.map(({ key, value }) => [keyText(key), plainOf(asNode(value))]));
  if (isSeq(node)) return node.items.map((item) => plainOf(asNode(item)));
  if (!isScalar(node)) return null;
  if (typeof node.value !== 'bigint') return node.value;

  return Number.isSafeInteger(Number(node.value)) ? Number(node.value) : String(node.value);
}

/** What the same document would be as JSON text, integers exact. */
export function rawOf(node: YamlNode): RawNode {
  if (isMap(node)) {
    return new RawObject(new Map(node.items.map(({ key, value }) => [keyText(key), rawOf(asNode(value))])));
  }
  if (isSeq(node)) return node.items.map((item) => rawOf(asNode(item)));
  if (!isScalar(node)) return null;

  const { value } = node;
  if (typeof value === 'bigint') {
    return value >= LONG_MIN && value <= LONG_MAX ? value : new RawNumber(String(value));
  }
  if (typeof value === 'number') return new RawNumber(node.source ?? String(value));

  return typeof value === 'string' || typeof value === 'boolean' ? value : null;
}

/**
 * Looks at the tokens before the library makes nodes of them: that recurses, takes quadratic time over repeated anchors and
 * tags, and obeys directives.
 */
function checkTokens(tokens: readonly CST.Token[], source: Source, problems: Problems): void {
  const documents = tokens.filter(({ type }) => type === 'document');
  if (documents.length > 1)
    problems.at(source, spanOfToken(documents[1]), 'yaml_syntax', 'a second document is not allowed');

  const open: [token: unknown, depth: number][] = tokens.map((token) => [token, 0]);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [token, depth] = next;
    if (!isToken(token)) continue;

    const refused = REFUSED_TOKENS.get(token.type);
    if (refused !== undefined) problems.at(source, spanOfToken(token), 'yaml_syntax', refused);
    if (depth > LIMITS.json_depth) {
      problems.at(
        source,
        spanOfToken(token),
        'yaml_syntax',
        `nested deeper than ${LIMITS.json_depth} levels`,
      );
      return;
    }
    for (const below of tokensIn(token)) open.push([below, 'items' in token ? depth + 1 : depth]);
  }
}

const REFUSED_TOKENS: ReadonlyMap<string, string> = new Map([
  ['anchor', 'anchors are not allowed'],
  ['alias', 'aliases are not allowed'],
  ['tag', 'tags are not allowed'],
  ['directive', 'directives are not allowed'],
]);

function* tokensIn(token: CST.Token): Generator<unknown> {
  if ('start' in token && Array.isArray(token.start)) yield* token.start;
  if ('props' in token) yield* token.props;
  if ('value' in token) yield token.value;
  if (!('items' in token)) return;

  for (const { start, key, sep, value } of token.items) {
    yield* start;
    yield key;
    if (sep !== undefined) yield* sep;
    yield value;
  }
}

function isToken(value: unknown): value is CST.Token {
  return typeof value === 'object' && value !== null && 'type' in value;
}

function spanOfToken(token: CST.Token | undefined): Span | undefined {
  if (token === undefined || !('offset' in token)) return undefined;
  const length = 'source' in token ? token.source.length : 1;

  return { start: token.offset, end: token.offset + length };
}

function compose(tokens: readonly CST.Token[]): Document.Parsed {
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    strict: true,
    merge: false,
    intAsBigInt: true,
    // The library compares each key with each other one; `checkPlain` does it in linear time.
    uniqueKeys: false,
  });
  const [document] = composer.compose(tokens, true);
  if (document === undefined) throw new Error('the composer was told to make a document of nothing');

  return document as Document.Parsed;
}

function checkPlain(root: YamlNode, source: Source, problems: Problems): void {
  const open: YamlNode[] = [root];

  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const refuse = (message: string, at: YamlNode = node ?? null): void => {
      problems.at(source, spanAt(at), 'yaml_syntax', message);
    };

    if (isScalar(node) && typeof node.value === 'string') checkString(node.value, refuse);
    if (isSeq(node)) for (const item of node.items) open.push(asNode(item));
    if (!isMap(node)) continue;

    const names = new Set<string>();
    for (const { key, value } of node.items) {
      open.push(asNode(key), asNode(value));
      if (!isScalar(key) || typeof key.value !== 'string')
        refuse('a key must be a string', asNode(key) ?? node);
      else if (names.has(key.value)) refuse(`the key ${JSON.stringify(key.value)} stands here twice`, key);
      else names.add(key.value);
    }
  }
}

function checkString(value: string, refuse: (message: string) => void): void {
  if (!value.isWellFormed() || value.includes('\u{fffd}'))
    refuse('a string must be well-formed Unicode without U+FFFD');
  if (Buffer.byteLength(value) > LIMITS.string_bytes)
    refuse(`a string is longer than ${LIMITS.string_bytes} bytes`);
}

function childOf(node: YamlNode, step: PropertyKey): YamlNode | undefined {
  if (isSeq(node)) {
    const item: unknown = node.items[Number(step)];

    return isPair(item) ? undefined : asNode(item);
  }
  if (!isMap(node)) return undefined;

  const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);

  return pair === undefined ? undefined : (asNode(pair.value) ?? asNode(pair.key));
}

function spanAt(node: YamlNode | undefined): Span | undefined {
  const range = node?.range;

  return range === undefined || range === null ? undefined : { start: range[0], end: range[1] };
}

function asNode(value: unknown): YamlNode {
  return typeof value === 'object' && value !== null ? (value as Node) : null;
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : '';
}
