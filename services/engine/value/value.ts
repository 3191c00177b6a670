import type { Datetime } from '../extension/datetime.ts';
import type { Decimal } from '../extension/decimal.ts';
import type { Duration } from '../extension/duration.ts';
import type { IpAddr } from '../extension/ip.ts';
import { canonicalEntity, canonicalRecord, canonicalSet } from './canonical.ts';

/**
 * A Cedar value. Long is `bigint`; there is no null and no fraction (cedar-policy-core, `ast/value.rs`).
 * Strings are well formed: whoever makes a value from outside has checked that.
 *
 * A value that is an object has a `key`, equal for equal values and for no others: that of a reference begins with its type,
 * that of an extension value with its type and a space, that of a set or a record with a bracket.
 */
export type Value = boolean | bigint | string | EntityUid | ExtensionValue | CedarSet | CedarRecord;

export type ExtensionValue = IpAddr | Decimal | Datetime | Duration;

/** A reference to an entity, which need not exist. */
export class EntityUid {
  readonly type: string;
  readonly id: string;
  /** See {@link uidKey}. */
  readonly key: string;

  constructor(type: string, id: string) {
    this.type = type;
    this.id = id;
    this.key = uidKey(type, id);
  }

  canonical(): string {
    return canonicalEntity(this.type, this.id);
  }
}

/** A type name holds no quote, so the first `::"` of a key is where the type ends, whatever the id holds. */
export function uidKey(type: string, id: string): string {
  return `${type}::"${id}"`;
}

/** The type in an entity's key. */
export function typeOfKey(key: string): string {
  return key.slice(0, key.indexOf('::"'));
}

/** The id in an entity's key. */
export function idOfKey(key: string): string {
  return key.slice(key.indexOf('::"') + 3, -1);
}

/** A set: no element twice, in an order that means nothing. */
export class CedarSet {
  readonly elements: readonly Value[];
  #canonical: string | undefined;
  #index: SetIndex | undefined;

  constructor(elements: readonly Value[]) {
    this.elements = elements.length < 2 ? elements : distinct(elements);
  }

  get key(): string {
    return this.canonical();
  }

  /** Whether an element is equal to this value. */
  has(value: Value): boolean {
    if (this.elements.length > SCANNED) {
      this.#index ??= indexOf(this.elements);

      return typeof value === 'object' ? this.#index.keys.has(value.key) : this.#index.primitives.has(value);
    }
    if (typeof value !== 'object') return this.elements.includes(value);

    const { key } = value;
    for (const element of this.elements) if (typeof element === 'object' && element.key === key) return true;

    return false;
  }

  /** Made once: a set inside sets is asked for it at every level. */
  canonical(): string {
    this.#canonical ??= canonicalSet(this.elements);

    return this.#canonical;
  }
}

/** A record. Names are any strings, `__proto__` among them. */
export class CedarRecord {
  readonly fields: ReadonlyMap<string, Value>;
  #canonical: string | undefined;

  constructor(fields: ReadonlyMap<string, Value>) {
    this.fields = fields;
  }

  get key(): string {
    return this.canonical();
  }

  /** Made once, as that of a set. */
  canonical(): string {
    this.#canonical ??= canonicalRecord(this.fields);

    return this.#canonical;
  }
}

/** Up to so many elements, looking at each is faster than an index. */
const SCANNED = 8;

interface SetIndex {
  readonly primitives: ReadonlySet<Value>;
  readonly keys: ReadonlySet<string>;
}

function indexOf(elements: readonly Value[]): SetIndex {
  const primitives = new Set<Value>();
  const keys = new Set<string>();
  for (const element of elements) {
    if (typeof element === 'object') keys.add(element.key);
    else primitives.add(element);
  }

  return { primitives, keys };
}

/** Primitives are told apart by being the same, all else by its key. */
function distinct(elements: readonly Value[]): readonly Value[] {
  return elements.length <= SCANNED ? distinctOfFew(elements) : distinctOfMany(elements);
}

/** Most sets have no element twice, and then are what they were made of. */
function distinctOfFew(elements: readonly Value[]): readonly Value[] {
  for (let at = 1; at < elements.length; at += 1) {
    const element = elements[at];
    for (let before = 0; before < at; before += 1)
      if (isSame(elements[before], element)) return distinctOfMany(elements);
  }

  return elements;
}

function isSame(left: Value | undefined, right: Value | undefined): boolean {
  if (left === right) return true;

  return typeof left === 'object' && typeof right === 'object' && left.key === right.key;
}

/** Linear, never pair by pair. */
function distinctOfMany(elements: readonly Value[]): readonly Value[] {
  const primitives = new Set<Value>();
  const others = new Map<string, Value>();
  for (const element of elements) {
    if (typeof element === 'object') others.set(element.key, element);
    else primitives.add(element);
  }

  return [...primitives, ...others.values()];
}
