import { PdpError } from '../error.ts';
import { callExtension, EXTENSION_FUNCTIONS, extensionNameOf, type ParamName } from '../extension/call.ts';
import { exceedsLimit, LIMITS, type LimitName } from '../limits.ts';
import type { FieldPath } from '../raw/field-path.ts';
import { type Members, memberIn, type RawNode } from '../raw/raw.ts';
import { checkLength, checkText } from '../raw/text.ts';
import type { Attribute, CedarType, ExtensionName, Schema } from '../schema/schema.ts';
import { isLong } from '../value/long.ts';
import { CedarRecord, CedarSet, EntityUid, type Value } from '../value/value.ts';
import type { Call, Dialect } from './dialect.ts';
import { checkReference } from './read-uid.ts';
import { requiredNames } from './required.ts';

/**
 * Reads values by their declared types, with the verdict of Cedar's own two stages, parse by type and conform
 * (cedar-policy-core, `entities/json/value.rs` and `entities/conformance.rs`).
 *
 * Stricter than Cedar only in what has no use but to be understood in two ways: `unknown` anywhere, references written as
 * arrays, and, inside a call, numbers that are no Long where Cedar would overlook them.
 *
 * Every method throws PdpError `invalid_request` or `too_large`, naming the field; a reader that threw is done.
 */
export class ValueReader {
  readonly #schema: Schema;
  readonly #dialect: Dialect;
  readonly #path: FieldPath;
  readonly #here = (): string => this.#path.text();

  /** @param path where the values stand; moved along while reading, and back. */
  constructor(schema: Schema, dialect: Dialect, path: FieldPath) {
    this.#schema = schema;
    this.#dialect = dialect;
    this.#path = path;
  }

  read(raw: RawNode, type: CedarType): Value {
    switch (type.kind) {
      case 'bool':
      case 'long':
      case 'string':
        return this.#readPrimitive(raw, type.kind);
      case 'entity':
        return this.#readReference(raw, type.name);
      case 'extension':
        return this.#readExtension(raw, type.name);
      case 'set':
        return this.#readSet(raw, type.element);
      case 'record':
        return new CedarRecord(this.readFields(raw, type.attributes));
    }
  }

  /** A whole context, the attributes of an entity, or a value of a record type: never an escape. */
  readFields(raw: RawNode, attributes: ReadonlyMap<string, Attribute>): ReadonlyMap<string, Value> {
    const fields = new Map<string, Value>();
    const members = this.#membersOf(raw);
    let required = 0;
    for (let at = 0; at < members.length; at += 2) {
      const name = members[at] as string;
      this.#path.enter(name);
      const attribute = attributes.get(name);
      if (attribute === undefined) throw this.#refused('the schema declares no such attribute here');
      if (attribute.required) required += 1;
      fields.set(name, this.read(members[at + 1] ?? null, attribute.type));
      this.#path.leave();
    }

    const names = requiredNames(attributes);
    if (required === names.length) return fields;

    this.#path.enter(names.find((name) => !fields.has(name)) ?? '');
    throw this.#refused('is required and missing');
  }

  /** @param type of every tag; `undefined` where the entity type has none, and then only no tags fit. */
  readTags(raw: RawNode, type: CedarType | undefined): ReadonlyMap<string, Value> {
    const members = this.#membersOf(raw);
    if (members.length === 0) return NO_TAGS;

    const tags = new Map<string, Value>();
    for (let at = 0; at < members.length; at += 2) {
      const name = members[at] as string;
      this.#path.enter(name);
      if (type === undefined) throw this.#refused('the schema declares no tags for this entity type');
      tags.set(this.#checkText(name), this.read(members[at + 1] ?? null, type));
      this.#path.leave();
    }

    return tags;
  }

  #readPrimitive(raw: RawNode, kind: 'bool' | 'long' | 'string'): Value {
    const value = this.#readUntyped(raw);
    if (value !== undefined && PRIMITIVE[kind].js === typeof value) return value;

    throw this.#refused(`must be ${PRIMITIVE[kind].words}`);
  }

  /** For positions that no form but their own fits: a set, a record or a reference is of no use there. */
  #readUntyped(raw: RawNode): Value | undefined {
    if (typeof raw === 'boolean') return raw;
    if (typeof raw === 'bigint') return isLong(raw) ? raw : undefined;
    if (typeof raw === 'string') return this.#checkText(raw);
    const call = this.#dialect.callIn(raw);

    return call && this.#call(call);
  }

  #readReference(raw: RawNode, typeName: string): EntityUid {
    const uid = this.#dialect.uidIn(raw);
    if (uid?.type !== typeName) throw this.#refused(`must be a reference to an entity of type ${typeName}`);
    this.#refuseUnknown(this.#dialect.recordIn(raw));

    const reference = new EntityUid(typeName, this.#checkText(uid.id));
    checkReference(this.#schema, reference, this.#here);

    return reference;
  }

  #readExtension(raw: RawNode, typeName: ExtensionName): Value {
    const call = this.#dialect.extensionIn(raw, typeName);
    const value = call && this.#call(call);
    if (value !== undefined && extensionNameOf(value) === typeName) return value;

    throw this.#refused(`must be of the extension type ${typeName}`);
  }

  /** Any extension function may stand in data, and is called while reading (Cedar evaluates data as it loads it). */
  #call({ fn, args, byParams }: Call): Value {
    this.#checkDepth();
    const params = EXTENSION_FUNCTIONS.get(fn)?.params;
    if (params?.length !== args.length)
      throw this.#refused('calls no extension function with as many arguments');

    this.#path.enter('args');
    const values = args.map((arg, index) => {
      this.#path.enter(index);
      const param = byParams ? params[index] : undefined;
      const value = param === undefined ? this.#readUntyped(arg) : this.read(arg, PARAM_TYPES[param]);
      if (value === undefined) throw this.#refused('is no argument of an extension function');
      this.#path.leave();

      return value;
    });
    this.#path.leave();

    return callExtension(fn, values, this.#here);
  }

  #readSet(raw: RawNode, element: CedarType): CedarSet {
    const elements = this.#dialect.setIn(raw);
    if (elements === undefined) throw this.#refused('must be a set');
    if (elements.length > LIMITS.set_elements) throw this.#over('set_elements');
    this.#checkDepth();

    const values = elements.map((member, index) => {
      this.#path.enter(index);
      const value = this.read(member, element);
      this.#path.leave();

      return value;
    });

    return new CedarSet(values);
  }

  #membersOf(raw: RawNode): Members {
    const members = this.#dialect.recordIn(raw);
    if (members === undefined) throw this.#refused('must be a record');
    if (members.length > 2 * LIMITS.record_fields) throw this.#over('record_fields');
    this.#checkDepth();
    this.#refuseUnknown(members);

    return members;
  }

  /** Cedar takes this escape for an unknown value before it looks at any type, even where a record is declared. */
  #refuseUnknown(members: Members | undefined): void {
    const call = members === undefined ? undefined : memberIn(members, '__extn');
    const inside = call === undefined ? undefined : this.#dialect.recordIn(call);
    if (inside === undefined || memberIn(inside, 'fn') !== 'unknown') return;

    throw this.#refused('an unknown value cannot be decided on');
  }

  /** As deep in protobuf as in JSON: one step of the path for every container around this one. */
  #checkDepth(): void {
    if (this.#path.depth >= LIMITS.json_depth) throw this.#over('json_depth');
  }

  #checkText(text: string): string {
    if (this.#dialect.isSound) checkLength(text, this.#here);
    else checkText(text, this.#here);

    return text;
  }

  #refused(message: string): PdpError {
    return new PdpError('invalid_request', message, { field: this.#path.text() });
  }

  #over(name: LimitName): PdpError {
    return exceedsLimit(name, this.#path.text());
  }
}

const NO_TAGS: ReadonlyMap<string, Value> = new Map();

const PRIMITIVE = {
  bool: { js: 'boolean', words: 'a Bool' },
  long: { js: 'bigint', words: 'a Long, an integer of 64 bits' },
  string: { js: 'string', words: 'a String' },
} as const;

const PARAM_TYPES: Readonly<Record<ParamName, CedarType>> = {
  string: { kind: 'string' },
  ipaddr: { kind: 'extension', name: 'ipaddr' },
  decimal: { kind: 'extension', name: 'decimal' },
  datetime: { kind: 'extension', name: 'datetime' },
  duration: { kind: 'extension', name: 'duration' },
};
