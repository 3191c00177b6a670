import { EXTENSION_FUNCTIONS } from '../../../services/engine/extension/call.ts';
import { CONSTRUCTOR } from './random-literal.ts';
import { cedar, type Tree } from './tree.ts';

type Make = (operand: () => Tree) => Tree;

const constructors: readonly string[] = Object.values(CONSTRUCTOR);

/** Every operator, over operands that it need not take. */
export const MISFITS: readonly Make[] = [
  ...['+', '-', '*', '<', '<=', '>', '>=', 'in', '&&', '||'].map(
    (operator): Make =>
      (operand) =>
        cedar`(${operand()} ${operator} ${operand()})`,
  ),
  ...['contains', 'containsAll', 'containsAny', 'hasTag', 'getTag'].map(
    (name): Make =>
      (operand) =>
        cedar`${operand()}.${name}(${operand()})`,
  ),
  ...['!', '-'].map(
    (operator): Make =>
      (operand) =>
        cedar`${operator}(${operand()})`,
  ),
  ...['.isEmpty()', '.a', ' has a', ' has a.b', ' like "*"', ' is A', ' is A in A::"x"'].map(
    (rest): Make =>
      (operand) =>
        cedar`(${operand()}${rest})`,
  ),
  ...[...EXTENSION_FUNCTIONS].map(
    ([name, { params }]): Make =>
      (operand) => {
        if (constructors.includes(name)) return cedar`${name}(${operand()})`;

        return params.length === 1
          ? cedar`${operand()}.${name}()`
          : cedar`${operand()}.${name}(${operand()})`;
      },
  ),
  (operand) => cedar`(${operand()} is A in ${operand()})`,
  (operand) => cedar`(principal is B in ${operand()})`,
  (operand) => cedar`(if ${operand()} then ${operand()} else ${operand()})`,
];
