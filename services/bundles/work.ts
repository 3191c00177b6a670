import type { Work } from '../engine/policy.ts';

/** A node of a policy in Cedar's JSON form. */
type Json = Readonly<Record<string, unknown>>;

/** A like takes about as long for a character of its pattern as this many bytes of its text, and for itself as a few more. */
const PATTERN_BASE = 2;
/** Cedar compares what is in a set one by one, about so much slower than it compares bytes. */
const COMPARISON = 4;

/**
 * What an operator does whose time grows with the data of a request: how much for each byte of one operand, and where that
 * operand comes from. `undefined` for all others, which take their time from the policy's own text.
 */
export function workOf(operator: string, body: Json): Work | undefined {
  switch (operator) {
    case 'like':
      return work(body['left'], PATTERN_BASE + patternLength(body['pattern']));
    case '==':
    case '!=':
      // The smaller side ends a comparison, so either will do.
      return isSmall(body['left']) ? undefined : work(body['right'], COMPARISON);
    case 'in':
    case 'contains':
    case 'containsAll':
    case 'containsAny':
      return work(body['right'], COMPARISON);
    default:
      return undefined;
  }
}

function work(operand: unknown, weight: number): Work | undefined {
  return isSmall(operand) ? undefined : { attribute: attributeOf(operand as Json), weight };
}

function patternLength(pattern: unknown): number {
  const parts = Array.isArray(pattern) ? (pattern as readonly unknown[]) : [];

  return parts.reduce(
    (length: number, part) =>
      length + (isJson(part) && typeof part['Literal'] === 'string' ? part['Literal'].length : 1),
    0,
  );
}

/** Operators that make a value of whatever they are given; all but them and the attributes give a Bool, a Long or a time. */
const COMPOSING: ReadonlySet<string> = new Set(['if-then-else', 'Set', 'Record', '.', 'getTag']);

/** Whether the policy's text alone bounds the size of an operand. */
function isSmall(operand: unknown): boolean {
  const [operator, body] = nodeOf(operand);
  if (operator === 'Var') return body !== 'context';

  return !COMPOSING.has(operator);
}

/** The name under which an operand stands in the request's data; `undefined` where it could be any part of it, or several. */
function attributeOf(operand: Json): string | undefined {
  const [operator, body] = nodeOf(operand);
  if (!isJson(body)) return undefined;
  if (operator === '.') return isStored(body['left']) ? textOf(body['attr']) : undefined;
  if (operator !== 'getTag') return undefined;
  const [kind, tag] = nodeOf(body['right']);

  return kind === 'Value' ? textOf(tag) : undefined;
}

/** Whether an expression is data, and no record that the policy itself makes. */
function isStored(operand: unknown): boolean {
  let [operator, body] = nodeOf(operand);
  while ((operator === '.' || operator === 'getTag') && isJson(body)) [operator, body] = nodeOf(body['left']);

  return operator === 'Var' || operator === 'Value';
}

function nodeOf(node: unknown): readonly [string, unknown] {
  return (isJson(node) ? Object.entries(node)[0] : undefined) ?? ['', undefined];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}
