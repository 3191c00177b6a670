import type { CedarType, ExtensionName } from '../../../services/engine/schema/schema.ts';
import type { Random } from '../../engine/data/random.ts';
import { EXTENSION_TEXTS, idsOf, LONGS, TEXTS } from '../../engine/data/random-data.ts';
import { TYPES } from '../../engine/data/random-schema.ts';
import { ACCEPTED, REFUSED } from '../../engine/extension/examples.ts';
import { textLiteral, uidLiteral } from './cedar-syntax.ts';
import { cedar, type Tree } from './tree.ts';

/** What an expression is to be, as far as it can be told before it runs. */
export type Want = 'bool' | 'long' | 'string' | 'entity' | 'set' | 'record' | ExtensionName;

export const WANTS: readonly Want[] = [
  'bool',
  'long',
  'string',
  'entity',
  'set',
  'record',
  'ipaddr',
  'decimal',
  'datetime',
  'duration',
];

export const CONSTRUCTOR = {
  ipaddr: 'ip',
  decimal: 'decimal',
  datetime: 'datetime',
  duration: 'duration',
} as const;

/** Types that no schema here has. */
export const UNDECLARED_TYPES = ['Nope', 'N::A', 'User::Action'];

const MORE_LONGS = [...LONGS, '2', '-1', '3037000500', '-4611686018427387904', '9223372036854775806'];
/** Beyond these no time can be told. */
const FARTHEST = ['9223372036854775807ms', '-9223372036854775808ms'];
const MAX_TEXT = 50;

/** The smallest expression of a type. @param isWrong whether a constructor is to get a text that it refuses. */
export function randomLiteral(random: Random, want: Want, isWrong: boolean): Tree {
  switch (want) {
    case 'bool':
      return cedar`${random.pick(['true', 'false'])}`;
    case 'long':
      return cedar`(${random.pick(MORE_LONGS)})`;
    case 'string':
      return cedar`${textLiteral(random, random.pick(TEXTS))}`;
    case 'entity': {
      const type = random.pick([...TYPES, ...TYPES, 'Action', 'N::Action', random.pick(UNDECLARED_TYPES)]);

      return cedar`${uidLiteral(random, type, random.pick(random.oneIn(12) ? TEXTS : idsOf(type)))}`;
    }
    case 'set':
      return random.oneIn(3) ? cedar`[]` : cedar`[${randomLiteral(random, random.pick(WANTS), isWrong)}]`;
    case 'record':
      return cedar`{}`;
    case 'datetime':
      if (random.oneIn(8)) return cedar`datetime("1970-01-01").offset(duration("${random.pick(FARTHEST)}"))`;
      return constructed(random, want, isWrong);
    default:
      return constructed(random, want, isWrong);
  }
}

function constructed(random: Random, want: ExtensionName, isWrong: boolean): Tree {
  return cedar`${CONSTRUCTOR[want]}(${textLiteral(random, extensionText(random, want, isWrong))})`;
}

function extensionText(random: Random, name: ExtensionName, isWrong: boolean): string {
  const fn = CONSTRUCTOR[name];
  if (isWrong) return random.pick((REFUSED[fn] ?? []).filter((text) => text.length < MAX_TEXT));
  const accepted = ACCEPTED.filter(([made]) => made === fn).map(([, text]) => text);

  return random.pick(random.oneIn(2) ? EXTENSION_TEXTS[name] : accepted);
}

export function wantOf(type: CedarType): Want {
  return type.kind === 'extension' ? type.name : type.kind;
}
