import { compile } from '../../../services/engine/compiled/compile.ts';
import type { Environment } from '../../../services/engine/compiled/expression.ts';
import { FAILED, type Failed } from '../../../services/engine/compiled/failure.ts';
import { constantsOf } from '../../../services/engine/compiled/literals.ts';
import { startMeter } from '../../../services/engine/compiled/meter.ts';
import { conditionOf, type Est } from '../../../services/engine/compiled/shape.ts';
import { EXTENSION_FUNCTIONS } from '../../../services/engine/extension/call.ts';
import { CedarRecord, CedarSet, EntityUid, type Value } from '../../../services/engine/value/value.ts';
import type { Coverage, Outcome } from './coverage.ts';

type Result = Value | Failed;

/** Counts what evaluation reaches of a policy's conditions, expression by expression, and what comes out of each. */
export function tracePolicy(est: Est, environment: Environment, coverage: Coverage): void {
  const clauses = (est['conditions'] ?? []) as readonly { readonly kind: string; readonly body: Est }[];
  let goesOn = true;
  for (const { kind, body } of clauses) {
    if (!goesOn) {
      if (typeof evaluate(body, environment) !== 'boolean') coverage.count('a clause that fails is skipped');
      continue;
    }
    const result = trace(body, environment, coverage);
    coverage.count(kind, outcomeOf(result, typeof result === 'boolean'));
    goesOn = result === (kind === 'when');
  }
}

function trace(node: Est, environment: Environment, coverage: Coverage): Result {
  const [operator = '', body] = Object.entries(node)[0] ?? [];
  const result = evaluate(node, environment);
  const operands = reached(operator, body, environment, coverage).map((child) =>
    trace(child, environment, coverage),
  );
  if (result !== FAILED) coverage.count(`a ${kindOf(result)}`);
  // What an operand failed in says nothing of this operator.
  if (operator !== 'Value' && !operands.includes(FAILED)) {
    const isTest = !GIVES_ANY.has(operator);
    coverage.count(
      labelOf(operator, body, operands as readonly Value[], environment),
      outcomeOf(result, isTest),
    );
  }

  return result;
}

/** Operators whose Bools are no verdict of their own. */
const GIVES_ANY = new Set(['.', 'getTag', 'if-then-else', 'Var']);

function outcomeOf(result: Result, isTest: boolean): Outcome {
  if (result === FAILED) return 'failed';

  return isTest && typeof result === 'boolean' ? `${result}` : 'value';
}

/** The operands that Cedar looks at. */
function reached(
  operator: string,
  body: unknown,
  environment: Environment,
  coverage: Coverage,
): readonly Est[] {
  if (operator === 'Value' || operator === 'Var') return [];
  if (Array.isArray(body)) return body as readonly Est[];
  const operands = body as Est;
  const at = (name: string): Est => operands[name] as Est;
  const skip = (name: string, fits: (result: Result) => boolean): void => {
    if (!fits(evaluate(at(name), environment))) coverage.count(`${operator} skips what fails`);
  };

  if (operator === 'if-then-else') {
    const test = evaluate(at('if'), environment);
    if (typeof test !== 'boolean') return [at('if')];
    skip(test ? 'else' : 'then', (result) => result !== FAILED);
    return [at('if'), at(test ? 'then' : 'else')];
  }
  if (operator === '&&' || operator === '||') {
    const decided = evaluate(at('left'), environment) === (operator === '||');
    if (decided) skip('right', (result) => typeof result === 'boolean');
    return decided ? [at('left')] : [at('left'), at('right')];
  }
  if (operator === 'is' && operands['in'] !== undefined) {
    const left = evaluate(at('left'), environment);
    if (left instanceof EntityUid && left.type === operands['entity_type']) return [at('left'), at('in')];
    if (left instanceof EntityUid) {
      skip('in', (result) => result instanceof EntityUid || result instanceof CedarSet);
    }
    return [at('left')];
  }

  return Object.values(operands).filter(isExpression);
}

/** The operator, told apart by what Cedar tells apart in its operands. */
function labelOf(
  operator: string,
  body: unknown,
  operands: readonly Value[],
  environment: Environment,
): string {
  const [left, right] = operands;
  const called = EXTENSION_FUNCTIONS.get(operator);
  if (called !== undefined) {
    const fits = called.params.join() === operands.map(paramOf).join();

    return fits ? `${operator}()` : `${operator}() of other operands`;
  }
  if (operator === 'Var') return String(body);
  if (left === undefined || operator === 'Set' || operator === 'Record') return operator;

  switch (operator) {
    case '==':
    case '!=':
      return `${operator} of ${sharedKind(left, right) ?? 'two types'}`;
    case '<':
    case '<=':
    case '>':
    case '>=':
      return `${operator} of ${sharedKind(left, right, ORDERED) ?? 'other operands'}`;
    case '+':
    case '-':
    case '*':
      return `${operator} of ${sharedKind(left, right, ['Long']) ?? 'other operands'}`;
    case 'in':
      return left instanceof EntityUid ? `in ${groupOf(left, right)}` : 'in, of no entity';
    case 'is': {
      const label = (body as Est)['in'] === undefined ? 'is' : 'is in';
      return left instanceof EntityUid ? label : `${label}, of no entity`;
    }
    case '.':
    case 'has': {
      const label = Array.isArray((body as Est)['attr']) ? 'has a.b' : operator;
      return `${label} of ${left instanceof CedarRecord ? 'a record' : holderOf(left, environment)}`;
    }
    case 'hasTag':
    case 'getTag':
      return `${operator} of ${holderOf(left, environment)}`;
    case 'contains':
    case 'isEmpty':
      return `${operator} of ${sharedKind(left, left, ['Set']) ?? 'another type'}`;
    case 'containsAll':
    case 'containsAny': {
      const sets = sharedKind(left, right, ['Set']);
      return `${operator} of ${sets ?? (left instanceof CedarSet ? 'Set and another type' : 'another type')}`;
    }
    case 'like':
      return `${operator} of ${sharedKind(left, left, ['String']) ?? 'another type'}`;
    case 'neg':
      return `${operator} of ${sharedKind(left, left, ['Long']) ?? 'another type'}`;
    default:
      return operator;
  }
}

const ORDERED = ['Long', 'datetime', 'duration'];

function sharedKind(left: Value, right: Value | undefined, among?: readonly string[]): string | undefined {
  const kind = kindOf(left);
  if (right === undefined || kindOf(right) !== kind) return undefined;

  return among === undefined || among.includes(kind) ? kind : undefined;
}

function groupOf(left: EntityUid, right: Value | undefined): string {
  if (right instanceof EntityUid) return left.key === right.key ? 'itself' : 'another entity';
  if (!(right instanceof CedarSet)) return 'no group';

  return right.elements.length === 0 ? 'an empty set' : 'a set';
}

function holderOf(value: Value, environment: Environment): string {
  if (!(value instanceof EntityUid)) return 'another type';

  return environment.entityOf(value) === undefined ? 'an absent entity' : 'an entity';
}

/** The name of a value's type as Cedar has it. */
function kindOf(value: Value): string {
  if (typeof value === 'boolean') return 'Bool';
  if (typeof value === 'bigint') return 'Long';
  if (typeof value === 'string') return 'String';
  if (value instanceof EntityUid) return 'Entity';
  if (value instanceof CedarSet) return 'Set';

  return value instanceof CedarRecord ? 'Record' : value.type;
}

function paramOf(value: Value): string {
  return typeof value === 'string' ? 'string' : kindOf(value);
}

const compiled = new WeakMap<Est, (environment: Environment) => Result>();

function evaluate(node: Est, environment: Environment): Result {
  const known = compiled.get(node) ?? compileAlone(node);
  compiled.set(node, known);
  startMeter();

  return known(environment);
}

function compileAlone(node: Est): (environment: Environment) => Result {
  const { shape, literals } = conditionOf({ conditions: [{ kind: 'when', body: node }] });
  const [clause] = JSON.parse(shape) as readonly { readonly body: Est }[];
  const expression = compile(clause?.body ?? node);
  const constants = constantsOf(literals);

  return (environment) => expression({ ...environment, constants }, 0);
}

function isExpression(value: unknown): value is Est {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
