import { FAILED } from '../compiled/failure.ts';
import type { Constant } from '../compiled/literals.ts';
import type { Est, Literal } from '../compiled/shape.ts';
import type { CedarType, RecordType, Schema } from '../schema/schema.ts';
import type { Value } from '../value/value.ts';
import type { PreparedCondition } from './condition.ts';
import { conjunction, LOGIC } from './logic.ts';
import { failing, known, type Partial, undecided, unknown } from './partial.ts';
import { RELATIONS } from './relations.ts';
import type { FixedView } from './state.ts';
import { valueNode } from './value-node.ts';
import type { Rule, Walk } from './walk.ts';

/** What the requests about one type of resource have in common. */
export interface PartialRequest {
  readonly schema: Schema;
  readonly view: FixedView;
  readonly resourceType: string;
  /** With the facts. */
  readonly context: RecordType;
}

/** The literals of a policy, as expressions take them and as text is written from. */
export interface PolicyLiterals {
  readonly constants: readonly Constant[];
  /** Grows by the values that are written into the residual. */
  readonly literals: Literal[];
}

const RULES: ReadonlyMap<string, Rule> = new Map([...LOGIC, ...RELATIONS]);

/** What always gives a Bool, where it gives anything. */
const BOOL_OPERATORS: ReadonlySet<string> = new Set([
  ...['==', '!=', '<', '<=', '>', '>=', 'in', 'has', 'like', 'hasTag'],
  ...['contains', 'containsAll', 'containsAny', 'isEmpty'],
  ...['isIpv4', 'isIpv6', 'isLoopback', 'isMulticast', 'isInRange'],
  ...['lessThan', 'lessThanOrEqual', 'greaterThan', 'greaterThanOrEqual'],
]);

/** Longer values keep the words of the policy: they would stand there once for each place that names them. */
const WRITTEN_LENGTH = 256;

/**
 * Evaluates the conditions of a policy as far as no request can change them. What is closed is judged by the compiled evaluator
 * itself; what the rest may give is bounded from above.
 */
export function evaluatePartially(
  condition: PreparedCondition,
  { constants, literals }: PolicyLiterals,
  { schema, view, resourceType, context }: PartialRequest,
): Partial {
  const variables: Readonly<Record<string, CedarType>> = {
    resource: { kind: 'entity', name: resourceType },
    context,
  };
  const partials = new Map<Est, Partial>();
  const walk: Walk = { schema, view, partially, strict, write };

  return conjunction(walk, condition.operands);

  function partially(node: Est): Partial {
    const partial = partials.get(node) ?? evaluate(node);
    partials.set(node, partial);

    return partial;
  }

  function evaluate(node: Est): Partial {
    const closed = condition.closed.get(node);
    if (closed !== undefined) {
      const result = view.attempt((environment) => closed({ ...environment, constants }, 0));
      if (result !== undefined) return result === FAILED ? failing(node) : known(result);
    }
    const [operator = '', body] = Object.entries(node)[0] ?? [];
    const rule = RULES.get(operator);

    return rule === undefined ? strict(node) : rule(walk, node, body as Est);
  }

  function strict(node: Est): Partial {
    const [operator = '', body] = Object.entries(node)[0] ?? [];
    if (operator === 'Var') return unknown(node, variables[String(body)]);

    const rebuilt: [string, unknown][] = [];
    for (const [name, operand] of Object.entries(body as Est)) {
      const isNode = typeof operand === 'object' && operand !== null && !Array.isArray(operand);
      if (!isNode) {
        rebuilt.push([name, operand]);
        continue;
      }
      const partial = partially(operand as Est);
      if (partial.kind === 'failing') return failing(node);
      rebuilt.push([name, write(partial, operand as Est)]);
    }
    const written = {
      [operator]: Array.isArray(body) ? rebuilt.map(([, operand]) => operand) : Object.fromEntries(rebuilt),
    };

    return BOOL_OPERATORS.has(operator) ? undecided(written) : unknown(written);
  }

  function write(partial: Partial, node: Est): Est {
    if (partial.kind !== 'known') return partial.node;

    return isShort(partial.value) ? valueNode(partial.value, literals) : node;
  }
}

function isShort(value: Value): boolean {
  if (typeof value === 'string') return value.length <= WRITTEN_LENGTH;

  return typeof value !== 'object' || value.canonical().length <= WRITTEN_LENGTH;
}
