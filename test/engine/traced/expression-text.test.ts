import { describe, expect, test } from 'vitest';
import {
  type CedarInstance,
  CedarText,
  createCedarInstance,
} from '../../../services/engine/cedar/instance.ts';
import { type Condition, clausesOf, conditionOf, type Est } from '../../../services/engine/compiled/shape.ts';
import { expressionText } from '../../../services/engine/traced/expression-text.ts';
import { readPolicy } from '../../fuzz/engine/judges.ts';
import { randomWorld } from '../../fuzz/engine/world.ts';
import { Random } from '../data/random.ts';

const cedar = createCedarInstance();

describe('an expression printed as Cedar text', () => {
  test.each([
    // As an author would write it, so it comes back as it was.
    ['context.a && (context.b || !context.c) && context.d == 1'],
    ['if principal.x < 3 then resource.y else context.z == "q"'],
    ['(if context.a then 1 else 2) + 3 * -4 - (5 - 6) == -context.n'],
    ['principal is User in Group::"staff" && resource has a.b && resource has "a b"'],
    ['context["a b"].c in [Group::"a\\"b", principal.group] || !(principal in resource)'],
    ['context.path like "*.git\\*" || context.path like "\\u{202e}\\n"'],
    ['[1, -1].containsAny({a: [true], "b c": decimal("1.0")}.a) && [].isEmpty()'],
    ['context.pdp.now.toTime() >= duration("9h") && ip("::1").isInRange(ip("::/64"))'],
    ['principal.hasTag("k") && principal.getTag("k") == "v"'],
    ['!(!context.a) && -(5) < -9223372036854775808 && -(-5) > 9007199254740993'],
    ['datetime(context.text).offset(duration("1h")) < context.pdp.now'],
    ['context.if_then == "\\0\\t" && context["if"] && context.__proto__ == {__proto__: 1}'],
    ['(context.a == context.b) == (context.c < 1 + 2) && (1 - 2 - 3) * 4 > 0'],
  ])('is what was written: %s', (text) => {
    const { shape, literals } = parse(text);

    expect(textOf(shape, literals)).toBe(text.replace('(1 - 2 - 3) * 4 > 0', '(1 - 2 - 3) * 4 > 0'));
  });

  test('is read by Cedar as the same expression, for whatever Cedar can say', () => {
    let compared = 0;
    for (let seed = 1; seed <= 60; seed += 1) {
      for (const policy of randomWorld(new Random(seed)).policies) {
        const { condition } = readPolicy(cedar, policy).policy;
        for (const { body } of clausesOf(condition.shape)) {
          const text = expressionText(body, condition.literals);
          expect(textOf(...valuesOf(parse(text))), text).toBe(text);
          expect(inlined(parse(text)), text).toEqual(inlinedClause(body, condition.literals));
          compared += 1;
        }
      }
    }

    expect(compared).toBeGreaterThan(500);
  });

  test('obeys no terminal', () => {
    const { shape, literals } = parse('context.a == "\\u{1b}[2J" || context.a like "\\u{9b}*"');

    expect(textOf(shape, literals)).toBe('context.a == "\\u{1b}[2J" || context.a like "\\u{9b}*"');
  });
});

function parse(text: string, instance: CedarInstance = cedar): Condition {
  const policy = `permit(principal, action, resource) when { ${text} };`;
  const answer = instance.call('policyToJson', new CedarText(JSON.stringify(policy))) as { json?: Est };
  if (answer.json === undefined) throw new Error(`${text}: ${JSON.stringify(answer)}`);

  return conditionOf(answer.json);
}

function valuesOf({ shape, literals }: Condition): [string, Condition['literals']] {
  return [shape, literals];
}

function textOf(shape: string, literals: Condition['literals']): string {
  const [clause] = clausesOf(shape);

  return clause === undefined ? '' : expressionText(clause.body, literals);
}

function inlined({ shape, literals }: Condition): unknown {
  return inlinedClause(clausesOf(shape)[0]?.body ?? {}, literals);
}

/** With the literals where they stand: numbers of literals differ between a clause alone and one of several. */
function inlinedClause(body: Est, literals: Condition['literals']): unknown {
  return JSON.parse(JSON.stringify(body), (name, value: unknown) => {
    if (typeof value !== 'number' || (name !== 'Literal' && name !== 'pattern')) return value;
    const literal = literals[value];

    return literal?.kind === 'value' ? { kind: 'value', json: numberless(literal.json) } : literal;
  });
}

function numberless(json: unknown): unknown {
  return typeof json === 'number' || typeof json === 'bigint' ? `${json}` : json;
}
