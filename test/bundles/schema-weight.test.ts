import { describe, expect, test } from 'vitest';
import { expandedSchemaSize } from '../../services/bundles/schema-weight.ts';

/** Types of which each doubles the one before. */
function doubling(levels: number, declare: (name: string, body: string) => string): string {
  const lines = [declare('T0', '{ a: Long }')];
  for (let level = 1; level <= levels; level += 1) {
    lines.push(declare(`T${level}`, `{ a: T${level - 1}, b: T${level - 1} }`));
  }

  return lines.join('\n');
}

describe('expandedSchemaSize', () => {
  test('is about the text where nothing expands', () => {
    expect(
      expandedSchemaSize('entity A { x: Long };\naction v appliesTo { principal: A, resource: A };'),
    ).toBeLessThan(20);
  });

  test.each([
    ['plain types', doubling(30, (name, body) => `type ${name} = ${body};`)],
    [
      'types in the order of use',
      doubling(30, (name, body) => `type ${name} = ${body};`)
        .split('\n')
        .reverse()
        .join('\n'),
    ],
    ['annotated types', doubling(30, (name, body) => `@doc("; } type") type ${name} = ${body};`)],
    [
      'types in a namespace',
      `namespace A::B {\n${doubling(30, (name, body) => `type ${name} = ${body};`)}\n}`,
    ],
    [
      'types of the empty namespace, used in another',
      `${doubling(30, (name, body) => `type ${name} = ${body};`)}\nnamespace N { entity E { x: T30 }; }`,
    ],
    ['types with comments in between', doubling(30, (name, body) => `type // ; = \n ${name} = ${body};`)],
    [
      'types with spaces around colons',
      doubling(
        30,
        (name, body) => `namespace N${name} { type ${name} = ${body.replaceAll(/T(\d+)/g, 'NT$1 :: T$1')}; }`,
      ),
    ],
    ['sets of types', doubling(30, (name, body) => `type ${name} = Set<${body}>;`)],
    [
      'many entities of one type',
      `${doubling(10, (name, body) => `type ${name} = ${body};`)}\nentity ${Array.from({ length: 1_000 }, (_, at) => `E${at}`).join(', ')} { x: T10 };`,
    ],
    [
      'many actions with one context',
      `${doubling(10, (name, body) => `type ${name} = ${body};`)}\naction ${Array.from({ length: 1_000 }, (_, at) => `"e ${at}"`).join(', ')} appliesTo { principal: A, resource: A, context: T10 };`,
    ],
  ])('counts %s in full', (_what, text) => {
    expect(expandedSchemaSize(text)).toBeGreaterThan(1_000_000);
  });

  test('comes to an end where types go in a circle', () => {
    expect(expandedSchemaSize('type A = { b: B }; type B = { a: A }; entity E { a: A };')).toBeLessThan(100);
  });

  test('does not count a type of another namespace by its last name alone', () => {
    const other = `namespace N { ${doubling(20, (name, body) => `type ${name} = ${body};`)} }`;

    const both = expandedSchemaSize(`${other}\nentity T20; entity E { x: T20 };`);

    expect(both - expandedSchemaSize(other)).toBeLessThan(20);
  });
});
