import type { Expression } from './expression.ts';
import { fail } from './failure.ts';

const NO_BOOL = 'a condition is no Bool';

export function not(argument: Expression): Expression {
  return (environment, at) => {
    const value = argument(environment, at);
    if (typeof value === 'boolean') return !value;

    return typeof value === 'symbol' ? value : fail(NO_BOOL);
  };
}

/** The opposite of what is a Bool or has failed. */
export const isFalse = not;

/** False at the first false, without a look at the rest; each operand must be a Bool when it is reached. */
export function and(operands: readonly Expression[]): Expression {
  return (environment, at) => {
    for (const operand of operands) {
      const value = operand(environment, at);
      if (value === true) continue;

      return value === false || typeof value === 'symbol' ? value : fail(NO_BOOL);
    }

    return true;
  };
}

/** True at the first true, without a look at the rest. */
export function or(operands: readonly Expression[]): Expression {
  return (environment, at) => {
    for (const operand of operands) {
      const value = operand(environment, at);
      if (value === false) continue;

      return value === true || typeof value === 'symbol' ? value : fail(NO_BOOL);
    }

    return false;
  };
}

/** Only the chosen branch is evaluated, and it may be of any type. */
export function choice(test: Expression, then: Expression, otherwise: Expression): Expression {
  return (environment, at) => {
    const chosen = test(environment, at);
    if (chosen === true) return then(environment, at);
    if (chosen === false) return otherwise(environment, at);

    return typeof chosen === 'symbol' ? chosen : fail(NO_BOOL);
  };
}
