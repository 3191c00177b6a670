import { entityLiteral } from '../../engine/compiled/shape.ts';
import { uidKey } from '../../engine/value/value.ts';
import { attributeOf, jsonOf, memberOf, type Node, operandsOf, partsOf } from './expression.ts';

/** As much of an expression as a message needs. */
const MAX_LENGTH = 80;
const INFIX: ReadonlySet<string> = new Set([
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '&&',
  '||',
  '+',
  '-',
  '*',
  'in',
]);
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** An expression as Cedar text, for a message; `…` stands for what is longer than anyone reads. */
export function expressionText(node: Node): string {
  const text = textOf(node, 0);

  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH - 1)}…` : text;
}

function textOf(node: Node, depth: number): string {
  const [operator, body] = partsOf(node);
  const inner = (child: Node): string => (depth > 8 ? '…' : textOf(child, depth + 1));
  const left = memberOf(body, 'left');
  const right = memberOf(body, 'right');

  if (operator === 'Var') return String(body);
  if (operator === 'Value') return valueText(body);
  if (operator === '.') {
    const name = attributeOf(body);

    return NAME.test(name) ? `${inner(left)}.${name}` : `${inner(left)}[${JSON.stringify(name)}]`;
  }
  if (operator === 'neg') return `-${bracketed(memberOf(body, 'arg'), inner)}`;
  if (operator === '!') return `!${bracketed(memberOf(body, 'arg'), inner)}`;
  if (INFIX.has(operator)) return `${bracketed(left, inner)} ${operator} ${bracketed(right, inner)}`;
  if (operator === 'getTag' || operator === 'hasTag') return `${inner(left)}.${operator}(${inner(right)})`;

  const [first, ...rest] = operandsOf(operator, body);
  if (!Array.isArray(body) || first === undefined || operator === 'Set') return '…';
  const [literal] = partsOf(first);
  if (literal === 'Value') return `${operator}(${inner(first)})`;

  return `${inner(first)}.${operator}(${rest.map(inner).join(', ')})`;
}

function bracketed(node: Node, inner: (child: Node) => string): string {
  const [operator] = partsOf(node);

  return INFIX.has(operator) ? `(${inner(node)})` : inner(node);
}

function valueText(value: unknown): string {
  const uid = entityLiteral(value);

  return uid === undefined ? jsonOf(value).replace(/^"(-?\d+)n"$/, '$1') : uidKey(uid.type, uid.id);
}
