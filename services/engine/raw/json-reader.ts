import { PdpError } from '../error.ts';
import { isLong, longOf } from '../value/long.ts';
import { FieldPath } from './field-path.ts';
import type { JsonLimits } from './json.ts';
import { LONGEST_KEPT, nameOfLate, nextHash } from './names-of-late.ts';
import { type Members, memberIn, type RawNode, RawNumber, RawObject } from './raw.ts';
import { checkText, isSound, MAX_UNIT_BYTES, overLimit } from './text.ts';

const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const FIRST_PRINTABLE = 0x20;

/** An object whose members take so many places has its names in a set while it is read, or comparing them would take too long. */
const MANY = 16;

/** Digits that a double holds exactly, so that they need not go through text again. */
const SAFE_DIGITS = 15;
/** Digits of the largest Long. */
const LONG_DIGITS = 19;

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [QUOTE, '"'],
  [BACKSLASH, '\\'],
  [0x2f, '/'],
  [0x62, '\b'],
  [0x66, '\f'],
  [0x6e, '\n'],
  [0x72, '\r'],
  [0x74, '\t'],
]);
const UNICODE_ESCAPE = 0x75;

/** One pass over one text, unit by unit; see `parseJson` for what it accepts. */
export class JsonReader {
  readonly #text: string;
  readonly #limits: JsonLimits;
  readonly #path: FieldPath;
  /** Known for the whole text, so that a string without escapes needs no look of its own. */
  readonly #sound: boolean;
  #at = 0;
  /** Values that were begun so far. */
  #values = 0;

  constructor(text: string, what: string, limits: JsonLimits) {
    this.#text = text;
    this.#limits = limits;
    this.#path = new FieldPath(what);
    this.#sound = isSound(text);
  }

  read(): RawNode {
    this.#skipSpace();
    const node = this.#readValue();
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#malformed('text after the value');

    return node;
  }

  /** The elements of a list, where all of the text is one. */
  *readElements(): Generator<RawNode> {
    this.#skipSpace();
    if (this.#text.charCodeAt(this.#at) !== OPEN_BRACKET) throw this.#malformed('a list must stand here');
    this.#open();
    if (!this.#take(CLOSE_BRACKET)) {
      let index = 0;
      do {
        this.#skipSpace();
        this.#path.enter(index);
        yield this.#readValue();
        this.#path.leave();
        index += 1;
      } while (this.#take(COMMA));
      if (!this.#take(CLOSE_BRACKET)) throw this.#malformed('a comma or ] must stand here');
    }
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#malformed('text after the value');
  }

  /** @param name that it stands under, if any. */
  #readValue(name?: string): RawNode {
    this.#values += 1;
    const unit = this.#text.charCodeAt(this.#at);
    // Types of entities are few, and looked up again and again.
    if (unit === QUOTE) return name === 'type' ? this.#readName() : this.#readString();
    if (unit === OPEN_BRACE) return this.#readObject();
    if (unit === OPEN_BRACKET) return this.#readArray();
    if (unit === MINUS || isDigit(unit)) return this.#readNumber();

    return this.#readWord();
  }

  #readObject(): RawObject {
    const members: RawNode[] = [];
    const before = this.#values - 1;
    this.#open();
    if (this.#take(CLOSE_BRACE)) return new RawObject(members, 1);
    let names: Set<string> | undefined;

    do {
      this.#skipSpace();
      if (this.#text.charCodeAt(this.#at) !== QUOTE)
        throw this.#malformed('a name in quotes must stand here');
      const name = this.#readName();
      this.#path.enter(name);
      if (members.length === MANY) names = new Set(namesIn(members));
      if (names?.has(name) ?? memberIn(members, name) !== undefined)
        throw this.#refused('this name is repeated');
      if (members.length >= 2 * this.#limits.record_fields) throw this.#over('record_fields');
      if (!this.#take(COLON)) throw this.#malformed('a colon must stand here');
      this.#skipSpace();
      names?.add(name);
      members.push(name, this.#readValue(name));
      this.#path.leave();
    } while (this.#take(COMMA));
    if (!this.#take(CLOSE_BRACE)) throw this.#malformed('a comma or } must stand here');

    return new RawObject(members, this.#values - before);
  }

  #readArray(): readonly RawNode[] {
    const elements: RawNode[] = [];
    this.#open();
    if (this.#take(CLOSE_BRACKET)) return elements;

    do {
      this.#skipSpace();
      this.#path.enter(elements.length);
      elements.push(this.#readValue());
      this.#path.leave();
    } while (this.#take(COMMA));
    if (!this.#take(CLOSE_BRACKET)) throw this.#malformed('a comma or ] must stand here');

    return elements;
  }

  /** Steps over a bracket. The path has one step for every container around this one. */
  #open(): void {
    if (this.#path.depth >= this.#limits.json_depth) throw this.#over('json_depth');
    this.#at += 1;
  }

  /** As any string. Most names are among those of late, and then take neither memory nor a hash of their own. */
  #readName(): string {
    const text = this.#text;
    const start = this.#at + 1;
    let end = start;
    let hash = 0;
    let unit = text.charCodeAt(end);
    while (unit !== QUOTE && unit !== BACKSLASH && unit >= FIRST_PRINTABLE) {
      hash = nextHash(hash, unit);
      unit = text.charCodeAt(++end);
    }
    if (unit !== QUOTE || end - start > LONGEST_KEPT) return this.#readString();

    this.#at = end + 1;
    const name = nameOfLate(text, start, end, hash);
    if (!this.#sound || name.length * MAX_UNIT_BYTES > this.#limits.string_bytes) this.#checkString(name);

    return name;
  }

  #readString(): string {
    const text = this.#text;
    const start = this.#at + 1;
    let end = start;
    let unit = text.charCodeAt(end);
    // Past the end the unit is NaN, which ends no other way than as an unfinished string.
    while (unit !== QUOTE && unit !== BACKSLASH && unit >= FIRST_PRINTABLE) unit = text.charCodeAt(++end);
    this.#at = end;
    if (unit !== QUOTE) return this.#readEscapedString(start);

    this.#at = end + 1;
    const string = text.slice(start, end);
    if (!this.#sound || string.length * MAX_UNIT_BYTES > this.#limits.string_bytes) this.#checkString(string);

    return string;
  }

  /** @param start of the string; the reader stands at its first escape, or at what ends it wrongly. */
  #readEscapedString(start: number): string {
    const text = this.#text;
    const parts: string[] = [];
    let from = start;
    for (;;) {
      const unit = text.charCodeAt(this.#at);
      if (unit === QUOTE) break;
      if (unit === BACKSLASH) {
        parts.push(text.slice(from, this.#at), this.#readEscape());
        from = this.#at;
        continue;
      }
      if (!(unit >= FIRST_PRINTABLE))
        throw this.#malformed('a string is not finished, or holds a control character');
      this.#at += 1;
    }
    parts.push(text.slice(from, this.#at));
    this.#at += 1;
    const string = parts.join('');
    // Two escapes may be halves of one character, so only the whole string can be judged.
    this.#checkString(string);

    return string;
  }

  #readEscape(): string {
    const unit = this.#text.charCodeAt(this.#at + 1);
    if (unit !== UNICODE_ESCAPE) {
      const character = ESCAPES.get(unit);
      if (character === undefined) throw this.#malformed('this escape does not exist');
      this.#at += 2;

      return character;
    }

    let code = 0;
    for (let index = this.#at + 2; index < this.#at + 6; index += 1) {
      const digit = hexDigit(this.#text.charCodeAt(index));
      if (digit < 0) throw this.#malformed('this escape needs four hex digits');
      code = code * 16 + digit;
    }
    this.#at += 6;

    return String.fromCharCode(code);
  }

  #readNumber(): bigint | RawNumber {
    const start = this.#at;
    const negative = this.#text.charCodeAt(start) === MINUS;
    if (negative) this.#at += 1;

    const first = this.#at;
    this.#skipDigits();
    const digits = this.#at - first;
    if (digits > 1 && this.#text.charCodeAt(first) === ZERO) throw this.#malformed('a number begins with 0');
    if (this.#skipFraction()) return this.#inexact(this.#text.slice(start, this.#at));

    const token = this.#text.slice(start, this.#at);
    if (digits > LONG_DIGITS || token === '-0') return this.#inexact(token);
    if (digits <= SAFE_DIGITS) return longOf(Number(token));

    const integer = BigInt(token);

    return isLong(integer) ? integer : new RawNumber(token);
  }

  /** A number that no double can hold is refused also where it would be ignored, as Cedar's own reader refuses it. */
  #inexact(token: string): RawNumber {
    if (!Number.isFinite(Number(token))) throw this.#malformed('a number is out of range');

    return new RawNumber(token);
  }

  /** Whether there was a fraction or an exponent. */
  #skipFraction(): boolean {
    const start = this.#at;
    if (this.#text.charCodeAt(this.#at) === POINT) {
      this.#at += 1;
      this.#skipDigits();
    }
    // Setting one bit makes E an e, and nothing else one.
    if ((this.#text.charCodeAt(this.#at) | 0x20) === 0x65) {
      this.#at += 1;
      const sign = this.#text.charCodeAt(this.#at);
      if (sign === PLUS || sign === MINUS) this.#at += 1;
      this.#skipDigits();
    }

    return this.#at > start;
  }

  #skipDigits(): void {
    const start = this.#at;
    while (isDigit(this.#text.charCodeAt(this.#at))) this.#at += 1;
    if (this.#at === start) throw this.#malformed('a digit must stand here');
  }

  #readWord(): boolean | null {
    if (this.#takeWord('true')) return true;
    if (this.#takeWord('false')) return false;
    if (this.#takeWord('null')) return null;

    throw this.#malformed('a value must stand here');
  }

  #takeWord(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;

    return true;
  }

  /** Steps over space and one unit, if that unit stands there. */
  #take(unit: number): boolean {
    this.#skipSpace();
    if (this.#text.charCodeAt(this.#at) !== unit) return false;
    this.#at += 1;

    return true;
  }

  #skipSpace(): void {
    const text = this.#text;
    let unit = text.charCodeAt(this.#at);
    while (unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09)
      unit = text.charCodeAt(++this.#at);
  }

  #checkString(string: string): void {
    checkText(string, () => this.#path.text(), this.#limits.string_bytes);
  }

  #malformed(what: string): PdpError {
    return this.#refused(`not JSON at character ${this.#at}: ${what}`);
  }

  #refused(message: string): PdpError {
    return new PdpError('invalid_request', message, { field: this.#path.text() });
  }

  #over(name: keyof JsonLimits): PdpError {
    return overLimit({ name, max: this.#limits[name] }, this.#path.text());
  }
}

function* namesIn(members: Members): Generator<string> {
  for (let at = 0; at < members.length; at += 2) yield members[at] as string;
}

function isDigit(unit: number): boolean {
  return unit >= ZERO && unit <= NINE;
}

function hexDigit(unit: number): number {
  if (isDigit(unit)) return unit - ZERO;
  const letter = unit | 0x20;

  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
