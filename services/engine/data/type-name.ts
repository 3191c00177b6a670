/** Words that no part of a Cedar name may be (cedar-policy-core, `parser/text_to_cst.lalrpop`). */
const RESERVED = new Set(['true', 'false', 'if', 'then', 'else', 'in', 'is', 'like', 'has', '__cedar']);

const PART = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Names that were found to be some; the same few come with every request. */
const known = new Set<string>();
const MAX_KNOWN = 1_000;
/** Longer ones are not worth their room. */
const MAX_KNOWN_UNITS = 256;

/** Whether a text is a type name as Cedar's JSON has it: parts joined by `::`, without spaces, ASCII only. */
export function isTypeName(text: string): boolean {
  if (known.has(text)) return true;
  if (!text.split('::').every((part) => PART.test(part) && !RESERVED.has(part))) return false;

  if (known.size < MAX_KNOWN && text.length <= MAX_KNOWN_UNITS) known.add(text);

  return true;
}

/** Whether entities of a type are actions: the last part of its name says so. */
export function isActionType(name: string): boolean {
  return name === 'Action' || name.endsWith('::Action');
}
