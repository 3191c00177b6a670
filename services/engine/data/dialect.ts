import { CONSTRUCTOR_OF } from '../extension/call.ts';
import {
  isRawArray,
  type Members,
  membersOf,
  type RawNode,
  RawNumber,
  RawObject,
  type RawUid,
  TypedEntity,
  TypedExtension,
  TypedRecord,
  TypedSet,
} from '../raw/raw.ts';
import type { ExtensionName } from '../schema/schema.ts';
import { isExpression, uidInJson } from './read-uid.ts';

/**
 * How a tree spells what is not a plain bool, integer or string. Each method answers `undefined` where the node is no such
 * thing, a node of the other dialect among them.
 */
export interface Dialect {
  /** Whether all texts were found to be sound when they were read, so that it need not be asked again of each. */
  readonly isSound: boolean;
  recordIn(raw: RawNode): Members | undefined;
  setIn(raw: RawNode): readonly RawNode[] | undefined;
  uidIn(raw: RawNode): RawUid | undefined;
  /** A call where the declared type is no extension type, or none is known. */
  callIn(raw: RawNode): Call | undefined;
  /** A call where an extension type is declared. */
  extensionIn(raw: RawNode, type: ExtensionName): Call | undefined;
}

export interface Call {
  readonly fn: string;
  readonly args: readonly RawNode[];
  /** Whether the arguments are read by the types of the function's parameters, or as they are. */
  readonly byParams: boolean;
}

/**
 * Cedar JSON, where the declared type decides what an object or a string stands for (cedar-policy-core, `entities/json/value.rs`).
 * An escape is one only where no record is declared. Unknown keys are ignored, as Cedar does; the arrays that it takes for
 * references by accident are not taken.
 */
export const JSON_DIALECT: Dialect = {
  isSound: false,
  recordIn: (raw) => (raw instanceof RawObject ? raw.members : undefined),
  setIn: (raw) => (isRawArray(raw) ? raw : undefined),

  uidIn: uidInJson,

  callIn(raw) {
    if (!(raw instanceof RawObject) || raw.members.length !== 2) return undefined;

    return fnAndArgs(raw.get('__extn'), false);
  },

  extensionIn(raw, type) {
    if (typeof raw === 'string') return { fn: CONSTRUCTOR_OF[type], args: [raw], byParams: true };
    if (!(raw instanceof RawObject) || isExpression(raw)) return undefined;

    return fnAndArgs(raw.get('__extn'), true) ?? fnAndArgs(raw, true);
  },
};

/** Protobuf, where every node means what it says and a string is never anything else. */
export const TYPED_DIALECT: Dialect = {
  isSound: false,
  recordIn: (raw) => (raw instanceof TypedRecord ? membersOf(raw.fields) : undefined),
  setIn: (raw) => (raw instanceof TypedSet ? raw.elements : undefined),
  uidIn: (raw) => (raw instanceof TypedEntity ? raw : undefined),
  callIn: (raw) =>
    raw instanceof TypedExtension ? { fn: raw.fn, args: raw.args, byParams: false } : undefined,
  extensionIn: (raw) => TYPED_DIALECT.callIn(raw),
};

const SOUND_JSON_DIALECT: Dialect = { ...JSON_DIALECT, isSound: true };

/** The dialect of a tree that must begin with a record. */
export function dialectOf(raw: RawNode): Dialect {
  if (raw instanceof TypedRecord) return TYPED_DIALECT;

  return raw instanceof RawObject && raw.values !== undefined ? SOUND_JSON_DIALECT : JSON_DIALECT;
}

/** Of `arg` and `args` the first wins. */
function fnAndArgs(raw: RawNode | undefined, byParams: boolean): Call | undefined {
  if (!(raw instanceof RawObject) || holdsInexactNumber(raw)) return undefined;

  const fn = raw.get('fn');
  const arg = raw.get('arg');
  const args = arg === undefined ? raw.get('args') : [arg];

  return typeof fn === 'string' && isRawArray(args) ? { fn, args, byParams } : undefined;
}

/** Cedar decides by the position whether such a number makes it refuse a call or read another part of it. */
function holdsInexactNumber(raw: RawNode): boolean {
  if (raw instanceof RawNumber) return true;
  if (isRawArray(raw)) return raw.some(holdsInexactNumber);

  return raw instanceof RawObject && raw.members.some(holdsInexactNumber);
}
