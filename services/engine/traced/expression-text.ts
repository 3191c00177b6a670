import type { Est, Literal, PatternPart } from '../compiled/shape.ts';
import { entityLiteral } from '../compiled/shape.ts';
import { escapeText, isIdentifier, nameText, quoteText, uidText } from './cedar-text.ts';

/** How tightly an expression binds, from the loosest (Cedar: `grammar.lalrpop`). */
const LEVEL = { if: 0, or: 1, and: 2, relation: 3, sum: 4, product: 5, unary: 6, member: 7 } as const;
type Level = (typeof LEVEL)[keyof typeof LEVEL];

interface Printed {
  readonly text: string;
  readonly level: Level;
}

/** Operators between two operands: their own level, and what each operand must at least bind like. */
const BINARY: Readonly<Record<string, readonly [own: Level, left: Level, right: Level]>> = {
  '||': [LEVEL.or, LEVEL.or, LEVEL.and],
  '&&': [LEVEL.and, LEVEL.and, LEVEL.relation],
  '==': [LEVEL.relation, LEVEL.sum, LEVEL.sum],
  '!=': [LEVEL.relation, LEVEL.sum, LEVEL.sum],
  '<': [LEVEL.relation, LEVEL.sum, LEVEL.sum],
  '<=': [LEVEL.relation, LEVEL.sum, LEVEL.sum],
  '>': [LEVEL.relation, LEVEL.sum, LEVEL.sum],
  '>=': [LEVEL.relation, LEVEL.sum, LEVEL.sum],
  in: [LEVEL.relation, LEVEL.sum, LEVEL.sum],
  '+': [LEVEL.sum, LEVEL.sum, LEVEL.product],
  '-': [LEVEL.sum, LEVEL.sum, LEVEL.product],
  '*': [LEVEL.product, LEVEL.product, LEVEL.unary],
};

const METHODS: ReadonlySet<string> = new Set([
  'contains',
  'containsAll',
  'containsAny',
  'hasTag',
  'getTag',
  'isEmpty',
]);
const CONSTRUCTORS: ReadonlySet<string> = new Set(['ip', 'decimal', 'datetime', 'duration']);

/**
 * An expression of a shape as Cedar text: parsing it gives the same expression. Space, comments, brackets and spellings of
 * literals that make no difference are ours, not the author's.
 * @throws Error on a form that Cedar 4.13 does not give for a policy that it parsed.
 */
export function expressionText(node: Est, literals: readonly Literal[]): string {
  return print(node, literals).text;
}

function print(node: Est, literals: readonly Literal[]): Printed {
  const [operator = '', body] = Object.entries(node)[0] ?? [];
  const at = (name: string, least: Level): string => within((body as Est)[name] as Est, least, literals);

  if (operator === 'Literal') return literalText(literals[body as number]);
  if (operator === 'Var' || operator === 'Value') return member(String(body));
  if (operator === 'Set') return member(`[${listed(body, literals)}]`);
  if (operator === 'Record') return member(recordText(body as Est, literals));
  if (operator === '!') return { text: `!${at('arg', LEVEL.member)}`, level: LEVEL.unary };
  if (operator === 'neg') return { text: `-${negated(at('arg', LEVEL.member))}`, level: LEVEL.unary };
  if (operator === 'if-then-else') {
    const text = `if ${at('if', LEVEL.if)} then ${at('then', LEVEL.if)} else ${at('else', LEVEL.if)}`;
    return { text, level: LEVEL.if };
  }
  const binary = BINARY[operator];
  if (binary !== undefined) {
    const [level, left, right] = binary;
    return { text: `${at('left', left)} ${operator} ${at('right', right)}`, level };
  }
  if (Array.isArray(body)) return callText(operator, body as readonly Est[], literals);

  return otherText(operator, body as Est, at, literals);
}

/** What names something beside its operands. */
function otherText(
  operator: string,
  body: Est,
  at: (name: string, least: Level) => string,
  literals: readonly Literal[],
): Printed {
  if (operator === '.') {
    const name = String(body['attr']);
    return member(at('left', LEVEL.member) + (isIdentifier(name) ? `.${name}` : `[${quoteText(name)}]`));
  }
  if (operator === 'has') return relation(`${at('left', LEVEL.sum)} has ${pathText(body['attr'])}`);
  if (operator === 'like') {
    return relation(`${at('left', LEVEL.sum)} like ${patternText(literals[Number(body['pattern'])])}`);
  }
  if (operator === 'is') {
    const group = body['in'] === undefined ? '' : ` in ${at('in', LEVEL.sum)}`;
    return relation(`${at('left', LEVEL.sum)} is ${String(body['entity_type'])}${group}`);
  }
  if (operator === 'isEmpty') return member(`${at('arg', LEVEL.member)}.isEmpty()`);
  if (METHODS.has(operator))
    return member(`${at('left', LEVEL.member)}.${operator}(${at('right', LEVEL.if)})`);

  throw new Error(`an expression of unknown form: ${operator.slice(0, 200)}`);
}

function within(node: Est, least: Level, literals: readonly Literal[]): string {
  const { text, level } = print(node, literals);

  return level < least ? `(${text})` : text;
}

function member(text: string): Printed {
  return { text, level: LEVEL.member };
}

function relation(text: string): Printed {
  return { text, level: LEVEL.relation };
}

/** Without brackets, Cedar would read a number behind the sign as a negative literal. */
function negated(text: string): string {
  return /^\d/.test(text) ? `(${text})` : text;
}

function listed(body: unknown, literals: readonly Literal[]): string {
  return (body as readonly Est[]).map((element) => within(element, LEVEL.if, literals)).join(', ');
}

function recordText(fields: Est, literals: readonly Literal[]): string {
  const members = Object.entries(fields).map(
    ([name, value]) => `${nameText(name)}: ${within(value as Est, LEVEL.if, literals)}`,
  );

  return `{${members.join(', ')}}`;
}

/** Constructors stand before their arguments, other functions of extension types behind their first. */
function callText(name: string, args: readonly Est[], literals: readonly Literal[]): Printed {
  const [receiver, ...rest] = args;
  if (CONSTRUCTORS.has(name) || receiver === undefined) return member(`${name}(${listed(args, literals)})`);

  return member(`${within(receiver, LEVEL.member, literals)}.${name}(${listed(rest, literals)})`);
}

function pathText(attr: unknown): string {
  return Array.isArray(attr) ? attr.join('.') : nameText(String(attr));
}

function patternText(literal: Literal | undefined): string {
  if (literal?.kind !== 'pattern') throw new Error('a pattern of unknown form');
  const parts = literal.parts.map((part: PatternPart) =>
    part === 'Wildcard' ? '*' : escapeText(part.Literal).replaceAll('*', '\\*'),
  );

  return `"${parts.join('')}"`;
}

function literalText(literal: Literal | undefined): Printed {
  if (literal?.kind === 'call') return member(`${literal.fn}(${quoteText(literal.text)})`);
  if (literal?.kind !== 'value') throw new Error('a literal of unknown form');

  return jsonText(literal.json);
}

/** A set of literals is one itself. */
function jsonText(json: unknown): Printed {
  if (Array.isArray(json)) return member(`[${json.map((element) => jsonText(element).text).join(', ')}]`);
  if (typeof json === 'string') return member(quoteText(json));
  if (typeof json === 'bigint' || typeof json === 'number') {
    return { text: String(json), level: json < 0 ? LEVEL.unary : LEVEL.member };
  }
  const uid = entityLiteral(json);
  if (uid === undefined) throw new Error('a literal of unknown form');

  return member(uidText(uid));
}
