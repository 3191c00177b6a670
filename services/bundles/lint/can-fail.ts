import { entityLiteral } from '../../engine/compiled/shape.ts';
import type { Schema } from '../../engine/schema/schema.ts';
import { uidKey } from '../../engine/value/value.ts';
import type { Environment } from './applicable.ts';
import { attributeOf, type Clause, keyOf, memberOf, type Node, operandsOf, partsOf } from './expression.ts';
import { expressionText } from './expression-text.ts';
import type { KnownEntities } from './known-entities.ts';
import { typeOf } from './node-type.ts';
import { ANY, isWithin, unboundedRange } from './range.ts';
import { NOTHING_SETTLED, type Settled, withComparison, withPresent } from './settled.ts';

/** What can fail where Cedar's strict validation has passed, and how to keep it from that. */
export interface Failure {
  readonly what: string;
  readonly remedy: string;
}

export interface FailureSearch {
  readonly schema: Schema;
  readonly entities: KnownEntities;
  /** Called once for each expression looked at; what it throws ends the search. */
  readonly spend: () => void;
}

/** Calls that give a Long, a datetime or a duration, and fail where that would leave 64 bits. */
const CAN_OVERFLOW: ReadonlySet<string> = new Set([
  '+',
  '-',
  '*',
  'neg',
  'offset',
  'durationSince',
  'toDate',
]);

/** Whether there is anything in the clauses to look into: a cheap question, which most policies answer with no. */
export function mightFail(clauses: readonly Clause[]): boolean {
  const open = clauses.map(({ body }) => body);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [operator, body] = partsOf(next);
    // An attribute of a variable is there.
    if (CAN_OVERFLOW.has(operator)) return true;
    if (operator === '.' && partsOf(memberOf(body, 'left'))[0] !== 'Var') return true;
    open.push(...operandsOf(operator, body));
  }

  return false;
}

/**
 * Everything in the clauses of a validated policy that can fail in one environment. Validation leaves two ways (cedar-spec,
 * `Cedar/Thm/Validation/Typechecker.lean`): arithmetic that overflows, and an attribute of an entity that is missing.
 */
export function failuresOf(
  clauses: readonly Clause[],
  environment: Environment,
  { schema, entities, spend }: FailureSearch,
): readonly Failure[] {
  const found = new Map<string, Failure>();
  let settled = NOTHING_SETTLED;
  for (const { kind, body } of clauses) {
    const after = visit(body, settled);
    settled = kind === 'when' ? after.whenTrue : after.whenFalse;
  }

  return [...found.values()];

  /** What is settled behind an expression, by what it gave. */
  function visit(node: Node, before: Settled): { readonly whenTrue: Settled; readonly whenFalse: Settled } {
    spend();
    const [operator, body] = partsOf(node);

    switch (operator) {
      case '&&': {
        const left = visit(memberOf(body, 'left'), before);
        const right = visit(memberOf(body, 'right'), left.whenTrue);

        return { whenTrue: right.whenTrue, whenFalse: before };
      }
      case '||': {
        const left = visit(memberOf(body, 'left'), before);
        const right = visit(memberOf(body, 'right'), left.whenFalse);

        return { whenTrue: before, whenFalse: right.whenFalse };
      }
      case '!': {
        const { whenTrue, whenFalse } = visit(memberOf(body, 'arg'), before);

        return { whenTrue: whenFalse, whenFalse: whenTrue };
      }
      case 'if-then-else': {
        const test = visit(memberOf(body, 'if'), before);
        visit(memberOf(body, 'then'), test.whenTrue);
        visit(memberOf(body, 'else'), test.whenFalse);

        return { whenTrue: before, whenFalse: before };
      }
      default:
        for (const operand of operandsOf(operator, body)) visit(operand, before);
        check(node, operator, body, before);

        return after(node, operator, body, before);
    }
  }

  function after(node: Node, operator: string, body: unknown, before: Settled) {
    if (operator === 'has' || operator === 'hasTag') {
      const { attr } = body as { readonly attr?: unknown };
      const path = Array.isArray(attr) ? (attr as readonly string[]) : [];

      return { whenTrue: withPresent(before, memberOf(body, 'left'), path), whenFalse: before };
    }

    return {
      whenTrue: withComparison(before, node, true),
      whenFalse: withComparison(before, node, false),
    };
  }

  function check(node: Node, operator: string, body: unknown, { present, ranges }: Settled): void {
    if (CAN_OVERFLOW.has(operator) && !isWithin(unboundedRange(node, ranges, spend), ANY)) {
      const text = expressionText(node);
      found.set(text, {
        what: `${text} can overflow`,
        remedy: 'bound its operands in a comparison before it, or compare without arithmetic',
      });
    }

    const left = memberOf(body, 'left');
    if (operator !== '.' || present.has(keyOf(left)) || isPresent(left)) return;
    const text = expressionText(left);
    found.set(text, {
      what: `the entity that ${text} names can be missing, and then has no ${attributeOf(body)}`,
      remedy: `test ${text} has ${attributeOf(body)} before`,
    });
  }

  /** Records are where they are; of entities, the request's own and those of entities.json are. */
  function isPresent(node: Node): boolean {
    const type = typeOf(node, environment, schema);
    if (type?.kind !== 'entity') return true;

    const [operator, body] = partsOf(node);
    if (operator === 'Var') return true;
    const uid = operator === 'Value' ? entityLiteral(body) : undefined;
    if (uid !== undefined) return entities.has(uidKey(uid.type, uid.id));
    if (operator !== '.') return false;

    const holder = typeOf(memberOf(body, 'left'), environment, schema);

    return holder?.kind === 'entity' && entities.namesOnlyKnown(holder.name, attributeOf(body));
  }
}
