import { chain } from '../compiled/compile.ts';
import type { Est } from '../compiled/shape.ts';
import { BOOL, decided, failing, isBoolean, known, mayBe, type Partial } from './partial.ts';
import { operandOf, type Rule, type Walk } from './walk.ts';

/** The operators that do not evaluate all of their operands, and negation. */
export const LOGIC: readonly (readonly [string, Rule])[] = [
  ['&&', (walk, _node, body) => conjunction(walk, chain('&&', body))],
  ['||', (walk, _node, body) => chained(walk, '||', chain('||', body), false)],
  ['!', negated],
  ['if-then-else', chosen],
];

/** What holds where all of these do. */
export function conjunction(walk: Walk, operands: readonly Est[]): Partial {
  return chained(walk, '&&', operands, true);
}

/** `&&`, whose operands go on at true, and `||`, whose operands go on at false. */
function chained(walk: Walk, operator: '&&' | '||', operands: readonly Est[], goesOn: boolean): Partial {
  const kept: { readonly partial: Partial; readonly node: Est }[] = [];
  let mayGoOn = true;
  let mayStop = false;
  for (const operand of operands) {
    const partial = walk.partially(operand);
    if (partial.kind === 'known' && partial.value === goesOn) continue;
    if (partial.kind === 'known' && partial.value === !goesOn && kept.length === 0) return partial;
    kept.push({ partial, node: walk.write(partial, operand) });
    mayStop ||= mayBe(partial, !goesOn);
    mayGoOn = mayBe(partial, goesOn);
    // Nothing behind it is ever reached.
    if (!mayGoOn) break;
  }

  const [first, ...rest] = kept;
  if (first === undefined) return known(goesOn);
  if (rest.length === 0 && first.partial.kind === 'residual' && isBoolean(first.partial))
    return first.partial;
  const nodes = kept.map(({ node }) => node);
  // Alone, it need not be a Bool; as an operand it must.
  if (rest.length === 0) nodes.unshift({ Value: goesOn });
  const node = nodes.reduce((left, right) => ({ [operator]: { left, right } }));

  return goesOn ? decided(node, mayGoOn, mayStop) : decided(node, mayStop, mayGoOn);
}

function negated({ partially }: Walk, node: Est, body: Est): Partial {
  const operand = partially(operandOf(body, 'arg'));
  if (operand.kind === 'residual') {
    return decided({ '!': { arg: operand.node } }, operand.mayBeFalse, operand.mayBeTrue);
  }

  return operand.kind === 'known' && typeof operand.value === 'boolean'
    ? known(!operand.value)
    : failing(node);
}

function chosen({ partially, write }: Walk, node: Est, body: Est): Partial {
  const test = partially(operandOf(body, 'if'));
  if (test.kind === 'known' && test.value === true) return partially(operandOf(body, 'then'));
  if (test.kind === 'known' && test.value === false) return partially(operandOf(body, 'else'));
  if (test.kind !== 'residual') return failing(node);

  const then = partially(operandOf(body, 'then'));
  const otherwise = partially(operandOf(body, 'else'));
  const may = (bool: boolean): boolean =>
    (test.mayBeTrue && mayBe(then, bool)) || (test.mayBeFalse && mayBe(otherwise, bool));
  const branches = Object.fromEntries([
    ['if', test.node],
    ['then', write(then, operandOf(body, 'then'))],
    ['else', write(otherwise, operandOf(body, 'else'))],
  ]);

  return {
    kind: 'residual',
    node: { 'if-then-else': branches },
    mayBeTrue: may(true),
    mayBeFalse: may(false),
    type: isBoolean(then) && isBoolean(otherwise) ? BOOL : undefined,
  };
}
