import { equal } from '../value/equal.ts';
import { CedarRecord, CedarSet, type Value } from '../value/value.ts';
import type { Expression } from './expression.ts';
import { fail } from './failure.ts';
import { spend, spendLookups } from './meter.ts';
import type { Pattern } from './pattern.ts';

export function areEqual(left: Expression, right: Expression): Expression {
  return (environment, at) => {
    const a = left(environment, at);
    if (typeof a === 'symbol') return a;
    const b = right(environment, at);

    return typeof b === 'symbol' ? b : equal(a, b, spendLookups);
  };
}

/** All elements are evaluated, also those that say the same. */
export function setOf(elements: readonly Expression[]): Expression {
  return (environment, at) => {
    const values: Value[] = [];
    for (const element of elements) {
      const value = element(environment, at);
      if (typeof value === 'symbol') return value;
      spendKey(value);
      values.push(value);
    }

    return new CedarSet(values);
  };
}

export function recordOf(fields: readonly (readonly [string, Expression])[]): Expression {
  return (environment, at) => {
    const values = new Map<string, Value>();
    for (const [name, field] of fields) {
      const value = field(environment, at);
      if (typeof value === 'symbol') return value;
      values.set(name, value);
    }

    return new CedarRecord(values);
  };
}

/** What is looked for may be of any type. */
export function contains(set: Expression, element: Expression): Expression {
  return (environment, at) => {
    const all = set(environment, at);
    if (typeof all === 'symbol') return all;
    const one = element(environment, at);
    if (typeof one === 'symbol') return one;

    if (!(all instanceof CedarSet)) return fail('contains is of a set');
    spendLookups(1);
    spendKey(one);

    return all.has(one);
  };
}

export function containsAll(set: Expression, subset: Expression): Expression {
  // No element stands twice, so a larger set is never within a smaller one.
  return ofTwoSets(
    'containsAll',
    set,
    subset,
    (all, some) =>
      some.elements.length <= all.elements.length && some.elements.every((element) => all.has(element)),
  );
}

export function containsAny(left: Expression, right: Expression): Expression {
  return ofTwoSets('containsAny', left, right, (a, b) => {
    const [few, many] = a.elements.length < b.elements.length ? [a, b] : [b, a];

    return few.elements.some((element) => many.has(element));
  });
}

function ofTwoSets(
  name: string,
  left: Expression,
  right: Expression,
  test: (left: CedarSet, right: CedarSet) => boolean,
): Expression {
  return (environment, at) => {
    const a = left(environment, at);
    if (typeof a === 'symbol') return a;
    const b = right(environment, at);
    if (typeof b === 'symbol') return b;

    if (!(a instanceof CedarSet && b instanceof CedarSet)) return fail(`${name} takes two sets`);
    spendLookups(Math.min(a.elements.length, b.elements.length));

    return test(a, b);
  };
}

export function isEmpty(set: Expression): Expression {
  return (environment, at) => {
    const value = set(environment, at);
    if (typeof value === 'symbol') return value;

    return value instanceof CedarSet ? value.elements.length === 0 : fail('isEmpty is of a set');
  };
}

/** @param pattern position of the pattern among the policy's constants. */
export function like(text: Expression, pattern: number): Expression {
  return (environment, at) => {
    const value = text(environment, at);
    if (typeof value === 'symbol') return value;

    if (typeof value !== 'string') return fail('like takes a String');
    spend(value.length);

    return (environment.constants[at + pattern] as Pattern).matches(value);
  };
}

/** Sets and records are told apart by their whole text, which one that a policy makes has to write each time. */
function spendKey(value: Value): void {
  if (value instanceof CedarSet || value instanceof CedarRecord) spend(value.key.length);
}
