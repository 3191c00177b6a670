import { isTypeName } from '../engine/data/type-name.ts';
import type { RawUid } from '../engine/raw/raw.ts';

/** Cedar's escapes of one character (`cedar-policy-core`, `parser/unescape.rs`, after Rust's string literals). */
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '0': '\u{0}',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/**
 * Reads an entity as Cedar text has it, such as `Repo::"palisade"`, strictly: no spaces, Cedar's escapes and no others.
 * @returns `undefined` where the text is anything else.
 */
export function parseUidText(text: string): RawUid | undefined {
  const quote = text.indexOf('::"');
  const type = text.slice(0, Math.max(0, quote));
  if (!isTypeName(type) || !text.endsWith('"') || text.length < quote + 4) return undefined;

  const id = readEscapes(text.slice(quote + 3, -1));

  return id === undefined ? undefined : { type, id };
}

function readEscapes(text: string): string | undefined {
  let id = '';
  let at = 0;

  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '"') return undefined;
    if (character !== '\\') {
      id += character;
      at += 1;
      continue;
    }

    const found = /^\\(?:([nrt0\\'"])|x([0-7][0-9a-fA-F])|u\{([0-9a-fA-F]{1,6})\})/.exec(
      text.slice(at, at + 10),
    );
    const value = found === null ? undefined : (ESCAPES[found[1] ?? ''] ?? characterOf(found[2] ?? found[3]));
    if (found === null || value === undefined) return undefined;
    id += value;
    at += found[0].length;
  }

  return id;
}

function characterOf(hex: string | undefined): string | undefined {
  const point = Number.parseInt(hex ?? '', 16);
  const isScalar = point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);

  return isScalar ? String.fromCodePoint(point) : undefined;
}
