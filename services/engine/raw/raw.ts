/**
 * What a caller sent, before a schema gave it a meaning: the tree of one JSON text, or of one protobuf message.
 *
 * The two dialects never mix in one tree. JSON is Cedar JSON: an object may be an escape (`{"__entity": …}`) and a string
 * may stand for an extension value. Typed nodes come from protobuf and mean exactly what they say: a {@link TypedRecord}
 * is never an escape, a string is never anything but a string.
 */
export type RawNode =
  | null
  | boolean
  | bigint
  | string
  | RawNumber
  | readonly RawNode[]
  | RawObject
  | TypedRecord
  | TypedEntity
  | TypedExtension
  | TypedSet;

/** A JSON number that Cedar has no value for: a fraction, an exponent, `-0`, or an integer outside 64 bits. */
export class RawNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A JSON object: a record, or an escape. */
export class RawObject {
  readonly entries: ReadonlyMap<string, RawNode>;
  /** How many values it is, itself included, where whoever read it has counted them. */
  readonly values: number | undefined;

  constructor(entries: ReadonlyMap<string, RawNode>, values?: number) {
    this.entries = entries;
    this.values = values;
  }
}

/** The protobuf message `Record`. Who builds it refuses repeated names. */
export class TypedRecord {
  readonly fields: ReadonlyMap<string, RawNode>;

  constructor(fields: ReadonlyMap<string, RawNode>) {
    this.fields = fields;
  }
}

/** The protobuf message `EntityUid` as a value. */
export class TypedEntity {
  readonly type: string;
  readonly id: string;

  constructor(type: string, id: string) {
    this.type = type;
    this.id = id;
  }
}

/** The protobuf message `Extension`: a call of an extension function. */
export class TypedExtension {
  readonly fn: string;
  readonly args: readonly RawNode[];

  constructor(fn: string, args: readonly RawNode[]) {
    this.fn = fn;
    this.args = args;
  }
}

/** The protobuf message `Set`. */
export class TypedSet {
  readonly elements: readonly RawNode[];

  constructor(elements: readonly RawNode[]) {
    this.elements = elements;
  }
}

/** An entity identifier as a caller wrote it, not yet checked. */
export interface RawUid {
  readonly type: string;
  readonly id: string;
}

/** An entity that came as protobuf: it means exactly what it says, nothing is coerced. */
export interface TypedEntityInput {
  readonly uid: RawUid;
  readonly attrs: RawNode;
  readonly parents: readonly RawUid[];
  readonly tags: RawNode;
}

export function isRawArray(node: RawNode | undefined): node is readonly RawNode[] {
  return Array.isArray(node);
}
