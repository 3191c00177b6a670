import type { Datetime } from '../extension/datetime.ts';
import type { Decimal } from '../extension/decimal.ts';
import type { Duration } from '../extension/duration.ts';
import type { IpAddr } from '../extension/ip.ts';
import { canonicalEntity, canonicalRecord, canonicalSet } from './canonical.ts';

/**
 * A Cedar value. Long is `bigint`; there is no null and no fraction (cedar-policy-core, `ast/value.rs`).
 * Strings are well formed: whoever makes a value from outside has checked that.
 */
export type Value = boolean | bigint | string | EntityUid | ExtensionValue | CedarSet | CedarRecord;

export type ExtensionValue = IpAddr | Decimal | Datetime | Duration;

/** A reference to an entity, which need not exist. */
export class EntityUid {
  readonly type: string;
  readonly id: string;
  /** Equal for equal identifiers and for no others; see {@link uidKey}. */
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

/** A set: no element twice, in an order that means nothing. */
export class CedarSet {
  readonly elements: readonly Value[];
  #canonical: string | undefined;

  constructor(elements: readonly Value[]) {
    this.elements = elements.length < 2 ? elements : distinct(elements);
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

  constructor(fields: ReadonlyMap<string, Value>) {
    this.fields = fields;
  }

  canonical(): string {
    return canonicalRecord(this.fields);
  }
}

/** Linear, never pair by pair: primitives are told apart by a native set, all else by canonical text. */
function distinct(elements: readonly Value[]): readonly Value[] {
  const primitives = new Set<Value>();
  const texts = new Map<string, Value>();

  for (const element of elements) {
    if (typeof element !== 'object') {
      primitives.add(element);
      continue;
    }
    const text = element.canonical();
    if (!texts.has(text)) texts.set(text, element);
  }

  return [...primitives, ...texts.values()];
}
