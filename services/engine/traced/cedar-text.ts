import { CONSTRUCTOR_OF } from '../extension/call.ts';
import { Datetime } from '../extension/datetime.ts';
import { CedarRecord, CedarSet, EntityUid, type ExtensionValue, type Value } from '../value/value.ts';

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Words that cannot name an attribute (Cedar: `grammar.lalrpop`). */
const RESERVED: ReadonlySet<string> = new Set([
  'true',
  'false',
  'if',
  'then',
  'else',
  'in',
  'is',
  'like',
  'has',
  '__cedar',
]);

const ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\0': '\\0',
  '\\': '\\\\',
  '"': '\\"',
};

export function isIdentifier(name: string): boolean {
  return IDENTIFIER.test(name) && !RESERVED.has(name);
}

/** The inside of a string literal. Whatever a terminal could obey is an escape, too. */
export function escapeText(text: string): string {
  return text.replace(
    /["\\]|[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => ESCAPES[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** A string literal. */
export function quoteText(text: string): string {
  return `"${escapeText(text)}"`;
}

/** A name as it stands in a record or behind `has`. */
export function nameText(name: string): string {
  return isIdentifier(name) ? name : quoteText(name);
}

/** An entity, such as `Repo::"palisade"`. */
export function uidText({ type, id }: { readonly type: string; readonly id: string }): string {
  return `${type}::${quoteText(id)}`;
}

/** A value as Cedar text, which gives it again. */
export function valueText(value: Value): string {
  if (typeof value === 'string') return quoteText(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof EntityUid) return uidText(value);
  if (value instanceof CedarSet) return `[${value.elements.map(valueText).join(', ')}]`;
  if (value instanceof CedarRecord) {
    return `{${[...value.fields].map(([name, field]) => `${nameText(name)}: ${valueText(field)}`).join(', ')}}`;
  }

  return extensionText(value);
}

function extensionText(value: ExtensionValue): string {
  if (value instanceof Datetime && !value.isWritable()) {
    return `datetime("1970-01-01").offset(duration("${value.epochMs}ms"))`;
  }

  return `${CONSTRUCTOR_OF[value.type]}(${quoteText(value.text())})`;
}
