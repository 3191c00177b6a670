import type { RawUid } from '../raw/raw.ts';

/** A node of a policy in Cedar's JSON form; integers that a double cannot hold are bigint. */
export type Est = Readonly<Record<string, unknown>>;

/** A literal of a policy, as plain data that crosses threads. */
export type Literal =
  | { readonly kind: 'value'; readonly json: unknown }
  | { readonly kind: 'pattern'; readonly parts: readonly PatternPart[] }
  | { readonly kind: 'call'; readonly fn: string; readonly text: string };

/** Cedar's JSON form of a pattern. */
export type PatternPart = 'Wildcard' | { readonly Literal: string };

/**
 * The conditions of a policy without their literals, and the literals: policies that differ in nothing else share a shape, and
 * with it their code.
 */
export interface Condition {
  /** JSON text of the clauses, each literal replaced by `{"Literal": n}`. */
  readonly shape: string;
  readonly literals: readonly Literal[];
}

/** One clause of a shape; `kind` is `when` or `unless`. */
export interface Clause {
  readonly kind: unknown;
  readonly body: Est;
}

/** Reads a shape again: each node is an object of its own. */
export function clausesOf(shape: string): readonly Clause[] {
  return JSON.parse(shape) as readonly Clause[];
}

/** Constructors whose text stands in the policy: made once, and failing, if they do, where they are reached. */
const CONSTRUCTORS: ReadonlySet<string> = new Set(['ip', 'decimal', 'datetime', 'duration']);

/** Splits the conditions of a policy in Cedar's JSON form into shape and literals. */
export function conditionOf(est: Est): Condition {
  const literals: Literal[] = [];
  const conditions = Array.isArray(est['conditions']) ? (est['conditions'] as readonly Est[]) : [];
  const shape = JSON.stringify(
    conditions.map(({ kind, body }) => ({ kind, body: abstract(body as Est, literals) })),
  );

  return { shape, literals };
}

function abstract(node: Est, literals: Literal[]): unknown {
  const literal = literalOf(node);
  if (literal !== undefined) return { Literal: literals.push(literal) - 1 };

  const [operator, body] = Object.entries(node)[0] ?? [];
  if (operator === undefined || operator === 'Value' || operator === 'Var') return node;
  if (operator === 'like' && isNode(body)) {
    const pattern = { kind: 'pattern', parts: body['pattern'] as readonly PatternPart[] } as const;

    return { like: { left: abstract(body['left'] as Est, literals), pattern: literals.push(pattern) - 1 } };
  }

  return { [operator]: children(body, literals) };
}

function children(body: unknown, literals: Literal[]): unknown {
  if (Array.isArray(body)) return body.map((child: Est) => abstract(child, literals));
  if (!isNode(body)) return body;

  // Not by assignment, which would lose a field called __proto__.
  return Object.fromEntries(
    Object.entries(body).map(([name, child]) => [
      name,
      isNode(child) && !Array.isArray(child) ? abstract(child, literals) : child,
    ]),
  );
}

/** Booleans stay in the shape, so that what always or never holds is seen when it is compiled. */
function literalOf(node: Est): Literal | undefined {
  const value = node['Value'];
  if (value !== undefined && typeof value !== 'boolean') return { kind: 'value', json: value };

  const elements = node['Set'];
  if (Array.isArray(elements) && elements.length > 0) return literalSet(elements as readonly Est[]);

  const [fn, args] = Object.entries(node)[0] ?? [];
  if (fn === undefined || !CONSTRUCTORS.has(fn) || !Array.isArray(args) || args.length !== 1)
    return undefined;
  const text = (args[0] as Est)['Value'];

  return typeof text === 'string' ? { kind: 'call', fn, text } : undefined;
}

/** A set of nothing but plain literals is the same at each evaluation, so it is made once. */
function literalSet(elements: readonly Est[]): Literal | undefined {
  const values: unknown[] = [];
  for (const element of elements) {
    const literal = literalOf(element);
    if (literal?.kind !== 'value' || Array.isArray(literal.json)) return undefined;
    values.push(literal.json);
  }

  return { kind: 'value', json: values };
}

function isNode(value: unknown): value is Est {
  return typeof value === 'object' && value !== null;
}

/** An entity literal in Cedar's JSON form, or `undefined` where it is none of exactly that shape. */
export function entityLiteral(json: unknown): RawUid | undefined {
  if (!isNode(json)) return undefined;
  const names = Object.keys(json);
  const uid = names.length === 1 && names[0] === '__entity' ? json['__entity'] : undefined;
  if (!isNode(uid) || typeof uid['type'] !== 'string' || typeof uid['id'] !== 'string') return undefined;

  return { type: uid['type'], id: uid['id'] };
}
