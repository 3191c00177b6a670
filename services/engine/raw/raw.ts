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
  readonly members: Members;
  /** How many values it is, itself included; only where `parseJson` made it, which has also found all texts in it to be sound. */
  readonly values: number | undefined;
  #entries: ReadonlyMap<string, RawNode> | undefined;

  /** @param members where they are a list, no name may stand in it twice. */
  constructor(members: ReadonlyMap<string, RawNode> | Members, values?: number) {
    this.members = isRawArray(members) ? members : membersOf(members);
    this.values = values;
  }

  /** The same as a map, which takes several times as long to make as the object took to read. */
  get entries(): ReadonlyMap<string, RawNode> {
    this.#entries ??= mapOf(this.members);

    return this.#entries;
  }

  /** The member with this name. Looks at each, so it is for objects that have few, or for a few names. */
  get(name: string): RawNode | undefined {
    return memberIn(this.members, name);
  }
}

/** Names and what stands under them, in turns: most objects are read once from start to end, for which a map is too much. */
export type Members = readonly RawNode[];

/** @returns `undefined` where there is none of this name. */
export function memberIn(members: Members, name: string): RawNode | undefined {
  for (let at = 0; at < members.length; at += 2) if (members[at] === name) return members[at + 1];

  return undefined;
}

/** The members of a map, in its order. */
export function membersOf(entries: ReadonlyMap<string, RawNode>): Members {
  const members: RawNode[] = [];
  for (const [name, member] of entries) members.push(name, member);

  return members;
}

function mapOf(members: Members): ReadonlyMap<string, RawNode> {
  const entries = new Map<string, RawNode>();
  // Names stand at every other place, and are texts.
  for (let at = 0; at < members.length; at += 2) entries.set(members[at] as string, members[at + 1] ?? null);

  return entries;
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

export function isRawArray(node: unknown): node is readonly RawNode[] {
  return Array.isArray(node);
}
