/** A lexical token of Cedar's policy and schema languages, in UTF-16 offsets. White space and comments are none. */
export interface Token {
  readonly kind: 'word' | 'slot' | 'string' | 'symbol';
  readonly start: number;
  readonly end: number;
}

const QUOTE = 0x22;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const QUESTION = 0x3f;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Reads tokens in one pass, whatever the text is: what Cedar would refuse comes out as a symbol or as an unterminated
 * string. A comment ends at a line feed or a carriage return, a string may hold both
 * (`cedar-policy-core/src/parser/grammar.lalrpop`).
 */
export function* readTokens(text: string): Generator<Token> {
  let at = 0;

  while (at < text.length) {
    const code = text.charCodeAt(at);
    const start = at;

    if (code === SLASH && text.charCodeAt(at + 1) === SLASH) {
      at = endOfComment(text, at);
    } else if (code === QUOTE) {
      at = endOfString(text, at);
      yield { kind: 'string', start, end: at };
    } else if (isWordStart(code)) {
      at = endOfWord(text, at);
      yield { kind: 'word', start, end: at };
    } else if (code === QUESTION && isWordStart(text.charCodeAt(at + 1))) {
      at = endOfWord(text, at + 1);
      yield { kind: 'slot', start, end: at };
    } else {
      at += 1;
      if (!isSpace(code)) yield { kind: 'symbol', start, end: at };
    }
  }
}

function endOfComment(text: string, start: number): number {
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === LINE_FEED || code === CARRIAGE_RETURN) return at;
    at += 1;
  }

  return at;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    at += code === BACKSLASH ? 2 : 1;
  }

  return text.length;
}

function endOfWord(text: string, start: number): number {
  let at = start;
  while (isWordStart(text.charCodeAt(at)) || isDigit(text.charCodeAt(at))) at += 1;

  return at;
}

function isWordStart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isSpace(code: number): boolean {
  return code <= 0x20 || (code > 0x7f && /\s/.test(String.fromCharCode(code)));
}
