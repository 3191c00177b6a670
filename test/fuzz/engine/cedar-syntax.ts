import type { Random } from '../../engine/data/random.ts';

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const RESERVED = new Set(['true', 'false', 'if', 'then', 'else', 'in', 'is', 'like', 'has', '__cedar']);

export function isIdentifier(name: string): boolean {
  return IDENTIFIER.test(name) && !RESERVED.has(name);
}

/** A string literal, some characters of it as escapes. */
export function textLiteral(random: Random, text: string): string {
  return `"${Array.from(text, (character) => spelled(random, character)).join('')}"`;
}

/** A pattern that mostly matches the text: pieces of it gave way to wildcards; its own stars are mostly escaped. */
export function patternLiteral(random: Random, text: string): string {
  const characters = Array.from(text);
  let pattern = '';
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    if (random.oneIn(4)) {
      pattern += random.pick(['*', '*', '**', '\\u{2a}']);
      at += random.below(3) - 1;
    } else if (character === '*') pattern += random.oneIn(4) ? '*' : '\\*';
    else pattern += spelled(random, random.oneIn(20) ? 'q' : character);
  }

  return `"${pattern}${random.pick(['', '', '*'])}"`;
}

/** How an attribute is reached: `.name`, or the bracketed form that takes any text. */
export function access(random: Random, name: string): string {
  return isIdentifier(name) && !random.oneIn(5) ? `.${name}` : `[${textLiteral(random, name)}]`;
}

export function uidLiteral(random: Random, type: string, id: string): string {
  return `${type}::${textLiteral(random, id)}`;
}

function spelled(random: Random, character: string): string {
  const plain = !/["\\\p{C}]/u.test(character);
  if (plain && !random.oneIn(40)) return character;

  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}
