/** Words that no part of a Cedar name may be (cedar-policy-core, `parser/text_to_cst.lalrpop`). */
const RESERVED = new Set(['true', 'false', 'if', 'then', 'else', 'in', 'is', 'like', 'has', '__cedar']);

const PART = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Whether a text is a type name as Cedar's JSON has it: parts joined by `::`, without spaces, ASCII only. */
export function isTypeName(text: string): boolean {
  return text.split('::').every((part) => PART.test(part) && !RESERVED.has(part));
}

/** Whether entities of a type are actions: the last part of its name says so. */
export function isActionType(name: string): boolean {
  return name === 'Action' || name.endsWith('::Action');
}
