import type { Condition, Literal } from '../../engine/compiled/shape.ts';

/** An expression in Cedar's JSON form: one operator with its body. */
export type Node = Readonly<Record<string, unknown>>;

export interface Clause {
  readonly kind: 'when' | 'unless';
  readonly body: Node;
}

/** The clauses of a policy, with its literals back in their places. */
export function clausesOf({ shape, literals }: Condition): readonly Clause[] {
  const clauses = JSON.parse(shape) as readonly Clause[];

  return clauses.map(({ kind, body }) => ({ kind, body: restore(body, literals) }));
}

/** The operator of an expression and what it is applied to. */
export function partsOf(node: unknown): readonly [operator: string, body: unknown] {
  return (isNode(node) ? Object.entries(node)[0] : undefined) ?? ['', undefined];
}

/** A member of an operator's body; the empty expression where it has none of that name. */
export function memberOf(body: unknown, name: string): Node {
  const member = isNode(body) && Object.hasOwn(body, name) ? body[name] : undefined;

  return isNode(member) ? member : {};
}

/** The attribute that `.` names. */
export function attributeOf(body: unknown): string {
  return isNode(body) && typeof body['attr'] === 'string' ? body['attr'] : '';
}

/** The expressions right inside of one. */
export function operandsOf(operator: string, body: unknown): readonly Node[] {
  if (operator === 'Var' || operator === 'Value' || operator === 'Slot') return [];
  if (Array.isArray(body)) return body.filter(isNode);

  return isNode(body)
    ? (Object.values(body).filter((child) => isNode(child) && !Array.isArray(child)) as Node[])
    : [];
}

const keys = new WeakMap<Node, string>();

/** Equal for equal expressions, and only for those. */
export function keyOf(node: Node): string {
  const known = keys.get(node);
  if (known !== undefined) return known;

  const key = jsonOf(node);
  keys.set(node, key);

  return key;
}

/** JSON text of a part of a policy, integers beyond 2^53 included. */
export function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part));
}

/** Whether a variable of the request stands anywhere in an expression. */
export function reads(node: Node, variable: 'principal' | 'resource'): boolean {
  const open: Node[] = [node];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [operator, body] = partsOf(next);
    if (operator === 'Var' && body === variable) return true;
    open.push(...operandsOf(operator, body));
  }

  return false;
}

function restore(node: unknown, literals: readonly Literal[]): Node {
  const [operator, body] = partsOf(node);
  if (operator === 'Literal') return nodeOf(literals[body as number]);
  if (operator === 'Value' || operator === 'Var' || !isNode(body)) return node as Node;
  if (Array.isArray(body)) return { [operator]: body.map((child) => restore(child, literals)) };

  const members = Object.entries(body).map(([name, child]): [string, unknown] => {
    if (operator === 'like' && name === 'pattern') return [name, patternOf(literals[child as number])];

    return [name, isNode(child) && !Array.isArray(child) ? restore(child, literals) : child];
  });

  // Not by assignment, which would lose a field called __proto__.
  return { [operator]: Object.fromEntries(members) };
}

function nodeOf(literal: Literal | undefined): Node {
  if (literal?.kind === 'value') return { Value: literal.json };
  if (literal?.kind === 'call') return { [literal.fn]: [{ Value: literal.text }] };

  throw new Error('a condition refers to a literal that it does not have');
}

function patternOf(literal: Literal | undefined): unknown {
  return literal?.kind === 'pattern' ? literal.parts : [];
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}
