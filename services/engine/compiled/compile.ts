import { EXTENSION_FUNCTIONS } from '../extension/call.ts';
import type { Value } from '../value/value.ts';
import { difference, lessOrEqual, lessThan, negation, product, sum } from './arithmetic.ts';
import { attribute, has, hasTag, isIn, isOfType, tag } from './entities.ts';
import type { Expression } from './expression.ts';
import { fail } from './failure.ts';
import { and, choice, isFalse, not, or } from './logic.ts';
import { areEqual, contains, containsAll, containsAny, isEmpty, like, recordOf, setOf } from './sets.ts';
import type { Est } from './shape.ts';

/**
 * Compiles the clauses of a policy to one expression: their conjunction in written order, an `unless` negated (Cedar: `est.rs`).
 * @param shape as `conditionOf` gives it.
 * @throws Error on a form that Cedar 4.13 does not give for a policy that it parsed: never guessed.
 */
export function compileShape(shape: string): Expression {
  const clauses = JSON.parse(shape) as readonly { readonly kind: unknown; readonly body: Est }[];
  const compiled = clauses.map(({ kind, body }) => {
    if (kind === 'when') return compile(body);
    if (kind === 'unless') return not(compile(body));
    throw unknownForm({ kind });
  });

  return compiled.length === 0 ? () => true : and(compiled);
}

/** Why a shape cannot be compiled; `undefined`: it can. */
export function shapeProblem(shape: string): string | undefined {
  try {
    compileShape(shape);
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }

  return undefined;
}

type Compile = (body: Est) => Expression;

const binary =
  (make: (left: Expression, right: Expression) => Expression): Compile =>
  (body) =>
    make(operand(body, 'left'), operand(body, 'right'));
const unary =
  (make: (argument: Expression) => Expression): Compile =>
  (body) =>
    make(operand(body, 'arg'));

/** Each operator of Cedar's JSON form; the constructors and methods of extension types are looked up by their names. */
const OPERATORS: ReadonlyMap<string, Compile> = new Map<string, Compile>([
  ['!', unary(not)],
  ['neg', unary(negation)],
  ['isEmpty', unary(isEmpty)],
  ['&&', (body) => and(chain('&&', body))],
  ['||', (body) => or(chain('||', body))],
  ['==', binary(areEqual)],
  ['!=', binary((left, right) => not(areEqual(left, right)))],
  ['<', binary(lessThan)],
  ['<=', binary(lessOrEqual)],
  ['>', binary((left, right) => isFalse(lessOrEqual(left, right)))],
  ['>=', binary((left, right) => isFalse(lessThan(left, right)))],
  ['+', binary(sum)],
  ['-', binary(difference)],
  ['*', binary(product)],
  ['in', binary(isIn)],
  ['contains', binary(contains)],
  ['containsAll', binary(containsAll)],
  ['containsAny', binary(containsAny)],
  ['hasTag', binary(hasTag)],
  ['getTag', binary(tag)],
  ['.', (body) => attribute(operand(body, 'left'), text(body, 'attr'))],
  ['has', (body) => has(operand(body, 'left'), path(body['attr']))],
  ['like', (body) => like(operand(body, 'left'), index(body['pattern']))],
  ['if-then-else', (body) => choice(operand(body, 'if'), operand(body, 'then'), operand(body, 'else'))],
  [
    'is',
    (body) => {
      const within = body['in'] === undefined ? undefined : operand(body, 'in');

      return isOfType(operand(body, 'left'), text(body, 'entity_type'), within);
    },
  ],
]);

/**
 * Compiles one expression, its literals replaced as in a shape.
 * @throws Error on a form that Cedar 4.13 does not give for a policy that it parsed.
 */
export function compile(node: Est): Expression {
  const entries = Object.entries(node);
  const [operator, body] = entries[0] ?? [];
  if (entries.length !== 1 || operator === undefined) throw unknownForm(node);

  if (operator === 'Var') return variable(body);
  if (operator === 'Literal') return literal(index(body));
  if (operator === 'Value' && typeof body === 'boolean') return () => body;
  if (operator === 'Set' && Array.isArray(body)) return setOf(body.map(compile));
  if (operator === 'Record' && isNode(body)) {
    return recordOf(Object.entries(body).map(([name, value]) => [name, compile(value as Est)]));
  }

  const known = OPERATORS.get(operator);
  if (known !== undefined && isNode(body)) return known(body);
  if (EXTENSION_FUNCTIONS.has(operator) && Array.isArray(body)) return call(operator, body.map(compile));

  throw unknownForm(node);
}

const VARIABLES: Readonly<Record<string, Expression>> = {
  principal: ({ principal }) => principal,
  action: ({ action }) => action,
  resource: ({ resource }) => resource,
  context: ({ context }) => context,
};

function variable(name: unknown): Expression {
  const found = typeof name === 'string' && Object.hasOwn(VARIABLES, name) ? VARIABLES[name] : undefined;
  if (found === undefined) throw unknownForm({ Var: name });

  return found;
}

/** A constructor that failed has no value; a pattern is none, and stands only where `like` looks for it. */
function literal(position: number): Expression {
  return (_environment, constants) => {
    const constant = constants[position] as Value | undefined;

    return constant === undefined ? fail('a constructor does not accept its text') : constant;
  };
}

function call(name: string, args: readonly Expression[]): Expression {
  const called = EXTENSION_FUNCTIONS.get(name);

  return (environment, constants) => {
    const values: Value[] = [];
    for (const argument of args) {
      const value = argument(environment, constants);
      if (typeof value === 'symbol') return value;
      values.push(value);
    }

    return called?.call(values) ?? fail(`${name} does not accept its arguments`);
  };
}

/** The operands of a chain of one operator, from the left; text of hundreds of them nests as deep. */
function chain(operator: string, body: Est): Expression[] {
  const operands: Expression[] = [];
  let next: Est | undefined = body;
  while (next !== undefined) {
    operands.push(operand(next, 'right'));
    const left: unknown = next['left'];
    const goesOn = isNode(left) && Object.hasOwn(left, operator) ? left[operator] : undefined;
    if (isNode(goesOn)) {
      next = goesOn;
    } else {
      operands.push(operand(next, 'left'));
      next = undefined;
    }
  }

  return operands.reverse();
}

function operand(body: Est, name: string): Expression {
  const node = body[name];
  if (!isNode(node)) throw unknownForm(body);

  return compile(node);
}

function text(body: Est, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw unknownForm(body);

  return value;
}

/** `has` names one attribute as a text, or a path of them as a list. */
function path(attr: unknown): readonly string[] {
  if (typeof attr === 'string') return [attr];
  if (!Array.isArray(attr) || attr.length === 0) throw unknownForm({ has: attr });

  return attr as readonly string[];
}

function index(position: unknown): number {
  if (typeof position !== 'number') throw unknownForm({ Literal: position });

  return position;
}

function isNode(value: unknown): value is Est {
  return typeof value === 'object' && value !== null;
}

function unknownForm(node: unknown): Error {
  return new Error(`an expression of unknown form: ${JSON.stringify(node).slice(0, 200)}`);
}
