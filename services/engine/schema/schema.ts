import type { EntityUid } from '../value/value.ts';

/** What a bundle's Cedar schema declares, with every name resolved and every hierarchy closed. */
export interface Schema {
  readonly entityTypes: ReadonlyMap<string, EntityType>;
  /** By the key of the action's identifier. */
  readonly actions: ReadonlyMap<string, ActionType>;
}

export interface EntityType {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** What every tag's value is; absent: the type has no tags. */
  readonly tags: CedarType | undefined;
  /** The only ids that entities of this type may have; absent: any. */
  readonly enumIds: ReadonlySet<string> | undefined;
  /** As declared. */
  readonly memberOfTypes: ReadonlySet<string>;
  /** Closed over the declared ones. Cedar takes any of them as a direct parent. */
  readonly ancestorTypes: ReadonlySet<string>;
}

export interface Attribute {
  readonly type: CedarType;
  readonly required: boolean;
}

export interface ActionType {
  readonly uid: EntityUid;
  /** Empty for a group, which no request can name. */
  readonly principalTypes: ReadonlySet<string>;
  readonly resourceTypes: ReadonlySet<string>;
  readonly context: RecordType;
  /** Every action group above it, closed; without itself. */
  readonly ancestors: readonly EntityUid[];
}

export type CedarType =
  | { readonly kind: 'bool' }
  | { readonly kind: 'long' }
  | { readonly kind: 'string' }
  | SetType
  | RecordType
  | { readonly kind: 'entity'; readonly name: string }
  | { readonly kind: 'extension'; readonly name: ExtensionName };

export interface SetType {
  readonly kind: 'set';
  readonly element: CedarType;
}

/** Always closed: Cedar 4 has no open records. */
export interface RecordType {
  readonly kind: 'record';
  readonly attributes: ReadonlyMap<string, Attribute>;
}

export type ExtensionName = 'ipaddr' | 'decimal' | 'datetime' | 'duration';
