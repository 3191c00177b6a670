/**
 * The same text as one piece of memory of its own. A joined text is a tree of its parts and a part of a text keeps all of it, which
 * does not matter for a request but for what is kept; the name of a property is neither.
 */
export function flatText(text: string): string {
  return Object.keys({ [text]: 0 })[0] ?? text;
}
