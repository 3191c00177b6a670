import { type Clause, jsonOf, memberOf, type Node, partsOf } from './expression.ts';
import { type Range, rangeOf } from './range.ts';

/** Whether the clauses hold whatever the request is: there is none, or all that is said is constant. */
export function alwaysHolds(clauses: readonly Clause[]): boolean {
  return clauses.every(({ kind, body }) => knownOf(body).constant === (kind === 'when'));
}

/** Whether there is no request that the clauses hold for. Where they fail, they do not hold either. */
export function neverHolds(clauses: readonly Clause[]): boolean {
  return clauses.some(({ kind, body }) => {
    const { constant, neverTrue } = knownOf(body);

    return kind === 'when' ? neverTrue : constant === true;
  });
}

/** What is known of an expression before there is a request. */
interface Known {
  /** Its value, where it is made of literals alone and so cannot fail. */
  readonly constant: boolean | undefined;
  /** Whether no evaluation gives true; it may fail. */
  readonly neverTrue: boolean;
}

const NOTHING: Known = { constant: undefined, neverTrue: false };

function knownOf(node: Node): Known {
  const [operator, body] = partsOf(node);
  const inner = (name: string): Known => knownOf(memberOf(body, name));

  switch (operator) {
    case 'Value':
      return typeof body === 'boolean' ? known(body) : NOTHING;
    case '!': {
      const { constant } = inner('arg');

      return constant === undefined ? NOTHING : known(!constant);
    }
    case '&&': {
      const [left, right] = [inner('left'), inner('right')];
      if (left.constant !== undefined) return left.constant ? right : left;

      return { constant: undefined, neverTrue: left.neverTrue || right.neverTrue };
    }
    case '||': {
      const [left, right] = [inner('left'), inner('right')];
      if (left.constant !== undefined) return left.constant ? left : right;

      return { constant: undefined, neverTrue: left.neverTrue && right.neverTrue };
    }
    case 'if-then-else': {
      const [test, then, otherwise] = [inner('if'), inner('then'), inner('else')];
      if (test.constant !== undefined) return test.constant ? then : otherwise;

      return { constant: undefined, neverTrue: then.neverTrue && otherwise.neverTrue };
    }
    default:
      return knownOfComparison(operator, memberOf(body, 'left'), memberOf(body, 'right'));
  }
}

function known(constant: boolean): Known {
  return { constant, neverTrue: !constant };
}

function knownOfComparison(operator: string, left: Node, right: Node): Known {
  const isLiteral = Object.hasOwn(left, 'Value') && Object.hasOwn(right, 'Value');
  if (operator === '==' || operator === '!=') {
    return isLiteral ? known((jsonOf(left) === jsonOf(right)) === (operator === '==')) : NOTHING;
  }
  if (!ORDERS.has(operator)) return NOTHING;

  const value = compare(operator, rangeOf(left, UNSETTLED), rangeOf(right, UNSETTLED));
  if (isLiteral && value !== undefined) return known(value);

  return { constant: undefined, neverTrue: value === false };
}

const ORDERS: ReadonlySet<string> = new Set(['<', '<=', '>', '>=']);
const UNSETTLED: ReadonlyMap<string, Range> = new Map();

/** What a comparison of two ranges gives whichever values they stand for. */
function compare(operator: string, a: Range, b: Range): boolean | undefined {
  switch (operator) {
    case '<':
      return decided(a[1] < b[0], a[0] >= b[1]);
    case '<=':
      return decided(a[1] <= b[0], a[0] > b[1]);
    case '>':
      return compare('<', b, a);
    case '>=':
      return compare('<=', b, a);
    default:
      return undefined;
  }
}

function decided(isTrue: boolean, isFalse: boolean): boolean | undefined {
  if (isTrue) return true;

  return isFalse ? false : undefined;
}
