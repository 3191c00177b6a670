import { EXTENSION_FUNCTIONS } from '../extension/call.ts';
import type { Value } from '../value/value.ts';
import { difference, lessOrEqual, lessThan, negation, product, sum } from './arithmetic.ts';
import { attribute, has, hasTag, isIn, isOfType, tag } from './entities.ts';
import type { Expression } from './expression.ts';
import { fail } from './failure.ts';
import { and, choice, isFalse, not, or } from './logic.ts';
import { areEqual, contains, containsAll, containsAny, isEmpty, like, recordOf, setOf } from './sets.ts';
import { type Clause, clausesOf, type Est } from './shape.ts';

/** Given each expression with the node that it was compiled from; what it gives stands in the expression's place. */
export type Around = (node: Est, expression: Expression) => Expression;

const asItIs: Around = (_node, expression) => expression;

/**
 * Compiles the clauses of a policy to one expression: their conjunction in written order, an `unless` negated (Cedar: `est.rs`).
 * @param shape as `conditionOf` gives it.
 * @throws Error on a form that Cedar 4.13 does not give for a policy that it parsed: never guessed.
 */
export function compileShape(shape: string): Expression {
  return compileClauses(clausesOf(shape));
}

/** The same for clauses that were read already. @throws Error as `compileShape`. */
export function compileClauses(clauses: readonly Clause[], around: Around = asItIs): Expression {
  const compiled = clauses.map(({ kind, body }) => {
    if (kind === 'when') return compile(body, around);
    if (kind === 'unless') return not(compile(body, around));
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

type Compile = (body: Est, around: Around) => Expression;

const binary =
  (make: (left: Expression, right: Expression) => Expression): Compile =>
  (body, around) =>
    make(operand(body, 'left', around), operand(body, 'right', around));
const unary =
  (make: (argument: Expression) => Expression): Compile =>
  (body, around) =>
    make(operand(body, 'arg', around));

/** Each operator of Cedar's JSON form; the constructors and methods of extension types are looked up by their names. */
const OPERATORS: ReadonlyMap<string, Compile> = new Map<string, Compile>([
  ['!', unary(not)],
  ['neg', unary(negation)],
  ['isEmpty', unary(isEmpty)],
  ['&&', (body, around) => and(chain('&&', body).map((node) => compile(node, around)))],
  ['||', (body, around) => or(chain('||', body).map((node) => compile(node, around)))],
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
  ['.', (body, around) => attribute(operand(body, 'left', around), text(body, 'attr'))],
  ['has', (body, around) => has(operand(body, 'left', around), path(body['attr']))],
  ['like', (body, around) => like(operand(body, 'left', around), index(body['pattern']))],
  [
    'if-then-else',
    (body, around) =>
      choice(operand(body, 'if', around), operand(body, 'then', around), operand(body, 'else', around)),
  ],
  [
    'is',
    (body, around) => {
      const within = body['in'] === undefined ? undefined : operand(body, 'in', around);

      return isOfType(operand(body, 'left', around), text(body, 'entity_type'), within);
    },
  ],
]);

/**
 * Compiles one expression, its literals replaced as in a shape.
 * @throws Error on a form that Cedar 4.13 does not give for a policy that it parsed.
 */
export function compile(node: Est, around: Around = asItIs): Expression {
  return around(node, compileNode(node, around));
}

function compileNode(node: Est, around: Around): Expression {
  const entries = Object.entries(node);
  const [operator, body] = entries[0] ?? [];
  if (entries.length !== 1 || operator === undefined) throw unknownForm(node);

  if (operator === 'Var') return variable(body);
  if (operator === 'Literal') return literal(index(body));
  if (operator === 'Value' && typeof body === 'boolean') return () => body;
  if (operator === 'Set' && Array.isArray(body))
    return setOf(body.map((element: Est) => compile(element, around)));
  if (operator === 'Record' && isNode(body)) {
    return recordOf(Object.entries(body).map(([name, value]) => [name, compile(value as Est, around)]));
  }

  const known = OPERATORS.get(operator);
  if (known !== undefined && isNode(body)) return known(body, around);
  if (EXTENSION_FUNCTIONS.has(operator) && Array.isArray(body)) {
    return call(
      operator,
      body.map((argument: Est) => compile(argument, around)),
    );
  }

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
  return ({ constants }, at) => {
    const constant = constants[at + position] as Value | undefined;

    return constant === undefined ? fail('a constructor does not accept its text') : constant;
  };
}

function call(name: string, args: readonly Expression[]): Expression {
  const called = EXTENSION_FUNCTIONS.get(name);

  return (environment, at) => {
    const values: Value[] = [];
    for (const argument of args) {
      const value = argument(environment, at);
      if (typeof value === 'symbol') return value;
      values.push(value);
    }

    return called?.call(values) ?? fail(`${name} does not accept its arguments`);
  };
}

/** The operands of a chain of one operator, from the left; text of hundreds of them nests as deep. */
export function chain(operator: string, body: Est): Est[] {
  const operands: Est[] = [];
  let next: Est | undefined = body;
  while (next !== undefined) {
    operands.push(child(next, 'right'));
    const left: unknown = next['left'];
    const goesOn = isNode(left) && Object.hasOwn(left, operator) ? left[operator] : undefined;
    if (isNode(goesOn)) {
      next = goesOn;
    } else {
      operands.push(child(next, 'left'));
      next = undefined;
    }
  }

  return operands.reverse();
}

function operand(body: Est, name: string, around: Around): Expression {
  return compile(child(body, name), around);
}

function child(body: Est, name: string): Est {
  const node = body[name];
  if (!isNode(node)) throw unknownForm(body);

  return node;
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
