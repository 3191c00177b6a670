import type { CedarType } from '../../../services/engine/schema/schema.ts';
import type { Random } from './random.ts';

/** A small random schema, as text for Cedar; what it means is read back by the code under test. */
export interface RandomSchema {
  readonly text: string;
  readonly entityTypes: readonly string[];
  /** Of the action `Action::"act"`; `Action::"probe"` has none. */
  readonly context: CedarType & { kind: 'record' };
}

export const ENUM_IDS = ['red', 'blue'];
export const ACTION_IDS = ['act', 'probe', 'group', 'top', 'a b'];
/** Of the actions in the namespace `N`. */
export const INNER_ACTION_IDS = ['do', 'inner'];

/** Names that an escape, a prototype or a parser might trip over. */
export const NAMES = [
  'a',
  'b',
  'b c',
  '',
  '__entity',
  '__extn',
  '__expr',
  'type',
  'id',
  'fn',
  'arg',
  '__proto__',
  'constructor',
  'é😀',
  'e\u0301',
  'in',
  '"',
];
export const TYPES = ['A', 'B', 'N::C', 'Color'];

/** @param width how many attributes a record has at most. */
export function randomSchema(random: Random, width = 3): RandomSchema {
  const context = randomRecord(random, 3, width);
  const shapes = TYPES.slice(0, -1).map((name) => {
    const parents = random.some(TYPES.filter((type) => type !== name || random.oneIn(4)));
    const above = parents.length > 0 ? ` in [${parents.join(', ')}]` : '';
    const tags = random.oneIn(2) ? ` tags ${typeText(randomType(random, 2))}` : '';

    return {
      name,
      text: `entity ${name.replace('N::', '')}${above} ${typeText(randomRecord(random, 3, width))}${tags};`,
    };
  });
  const inNamespace = shapes.filter(({ name }) => name.startsWith('N::')).map(({ text }) => text);
  const outside = shapes.filter(({ name }) => !name.startsWith('N::')).map(({ text }) => text);
  const appliesTo = `principal: [${TYPES.join(', ')}], resource: [${TYPES.join(', ')}]`;
  const appliesToSome = `principal: [${someTypes(random)}], resource: [${someTypes(random)}], context: ${typeText(randomRecord(random, 3, width))}`;

  return {
    text: `${outside.join('\n')}
entity Color enum [${ENUM_IDS.map((id) => JSON.stringify(id)).join(', ')}];
action top; action group in [top]; action probe in [group] appliesTo { ${appliesTo} };
action act in [${random.pick(['group', 'group, top', 'top'])}] appliesTo { ${appliesTo}, context: ${typeText(context)} };
action "a b" in [N::Action::"inner"] appliesTo { ${appliesToSome} };
namespace N { ${inNamespace.join('\n')}
action inner in [Action::"top"];
action do in [inner] appliesTo { ${appliesToSome} }; }`,
    entityTypes: TYPES,
    context,
  };
}

function someTypes(random: Random): string {
  return [random.pick(TYPES), ...random.some(TYPES)].join(', ');
}

function randomRecord(random: Random, depth: number, width: number): CedarType & { kind: 'record' } {
  const names = random.shuffle(NAMES).slice(0, random.below(width + 1));

  return {
    kind: 'record',
    attributes: new Map(
      names.map((name) => [name, { type: randomType(random, depth - 1, width), required: random.oneIn(3) }]),
    ),
  };
}

function randomType(random: Random, depth: number, width = 3): CedarType {
  const container = depth > 0 ? random.below(4) : 3;
  if (container === 0) return { kind: 'set', element: randomType(random, depth - 1, width) };
  if (container === 1) return randomRecord(random, depth, width);

  return random.pick<CedarType>([
    { kind: 'bool' },
    { kind: 'long' },
    { kind: 'string' },
    { kind: 'entity', name: random.pick([...TYPES, 'Action']) },
    { kind: 'extension', name: random.pick(['ipaddr', 'decimal', 'datetime', 'duration'] as const) },
    { kind: 'extension', name: random.pick(['ipaddr', 'decimal', 'datetime', 'duration'] as const) },
  ]);
}

function typeText(type: CedarType): string {
  switch (type.kind) {
    case 'bool':
      return 'Bool';
    case 'long':
      return '__cedar::Long';
    case 'string':
      return 'String';
    case 'entity':
    case 'extension':
      return type.name;
    case 'set':
      return `Set<${typeText(type.element)}>`;
    case 'record': {
      const attributes = [...type.attributes].map(
        ([name, { type: inner, required }]) =>
          `${cedarString(name)}${required ? '' : '?'}: ${typeText(inner)}`,
      );

      return `{${attributes.join(', ')}}`;
    }
  }
}

/** A string literal in Cedar's own syntax. */
export function cedarString(text: string): string {
  const escaped = (character: string): string => `\\u{${character.codePointAt(0)?.toString(16)}}`;

  return `"${Array.from(text, (character) => (/[\w .:/+-]/.test(character) ? character : escaped(character))).join('')}"`;
}
