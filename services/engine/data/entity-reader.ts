import { PdpError } from '../error.ts';
import type { FieldPath } from '../raw/field-path.ts';
import { isRawArray, type RawNode, RawObject, type RawUid, type TypedEntityInput } from '../raw/raw.ts';
import { checkText } from '../raw/text.ts';
import type { EntityType, Schema } from '../schema/schema.ts';
import { EntityUid } from '../value/value.ts';
import { type Dialect, JSON_DIALECT, TYPED_DIALECT } from './dialect.ts';
import type { LoneEntity } from './entity.ts';
import { entityTypeOf } from './read-uid.ts';
import { isActionType } from './type-name.ts';
import { ValueReader } from './value-reader.ts';

/** The parts of an entity, whichever way it came. */
interface Parts {
  readonly dialect: Dialect;
  readonly uid: RawUid;
  readonly attrs: RawNode;
  readonly tags: RawNode;
  readonly parents: readonly RawUid[];
}

const NOTHING = new RawObject(new Map());

/** Reads entities one by one, without looking at how they hang together. A reader that threw is done. */
export class EntityReader {
  readonly #schema: Schema;
  readonly #path: FieldPath;
  readonly #allowActions: boolean;

  /** @param path of the list; moved along while reading, and back. */
  constructor(schema: Schema, path: FieldPath, allowActions: boolean) {
    this.#schema = schema;
    this.#path = path;
    this.#allowActions = allowActions;
  }

  /** @throws PdpError `invalid_request` or `too_large`, naming the field. */
  read(input: RawNode | TypedEntityInput, index: number): LoneEntity {
    return this.#within(index, () => {
      const parts = this.#partsOf(input);

      return isActionType(parts.uid.type) ? this.#readAction(parts) : this.#readEntity(parts);
    });
  }

  #partsOf(input: RawNode | TypedEntityInput): Parts {
    if (input instanceof RawObject) return this.#partsInJson(input);
    if (typeof input === 'object' && input !== null && 'uid' in input)
      return { dialect: TYPED_DIALECT, ...input };

    throw this.#refused('must be an entity');
  }

  /** Keys that no entity has are ignored, as Cedar does. Only `tags` may be absent. */
  #partsInJson({ entries }: RawObject): Parts {
    return {
      dialect: JSON_DIALECT,
      uid: this.#within('uid', () => this.#uidIn(entries.get('uid'))),
      attrs: entries.get('attrs') ?? null,
      tags: entries.has('tags') ? (entries.get('tags') ?? null) : NOTHING,
      parents: this.#within('parents', () => this.#uidsIn(entries.get('parents'))),
    };
  }

  #readEntity({ dialect, uid, attrs, tags, parents }: Parts): LoneEntity {
    const values = new ValueReader(this.#schema, dialect, this.#path);
    const own = this.#within('uid', () => this.#checkedUid(uid));
    const type = this.#within('uid', () => entityTypeOf(this.#schema, own, () => this.#path.text()));

    return {
      uid: own,
      attributes: this.#within('attrs', () => values.readFields(attrs, type.attributes)),
      tags: this.#within('tags', () => values.readTags(tags, type.tags)),
      parents: this.#readParents(parents, (parent) => this.#checkParent(parent, type)),
    };
  }

  /** What an action is and stands under is the schema's to say, so the list may only repeat it. */
  #readAction({ dialect, uid, attrs, tags, parents }: Parts): LoneEntity {
    const values = new ValueReader(this.#schema, dialect, this.#path);
    const own = this.#within('uid', () => this.#checkedUid(uid));
    if (!this.#allowActions) throw this.#refused('actions come from the schema; leave them out');
    if (!this.#schema.actions.has(own.key)) throw this.#refused('the schema has no such action');

    return {
      uid: own,
      attributes: this.#within('attrs', () => values.readFields(attrs, NO_ATTRIBUTES)),
      tags: this.#within('tags', () => values.readTags(tags, undefined)),
      parents: this.#readParents(parents, () => undefined),
    };
  }

  #readParents(raws: readonly RawUid[], check: (parent: EntityUid) => void): readonly EntityUid[] {
    return this.#within('parents', () => {
      const parents = new Map<string, EntityUid>();
      for (const [index, raw] of raws.entries()) {
        this.#path.enter(index);
        const parent = this.#checkedUid(raw);
        check(parent);
        parents.set(parent.key, parent);
        this.#path.leave();
      }

      return [...parents.values()];
    });
  }

  /** Any type above the entity's own will do, not only those directly above it, as for Cedar. */
  #checkParent(parent: EntityUid, type: EntityType): void {
    entityTypeOf(this.#schema, parent, () => this.#path.text());
    if (!type.ancestorTypes.has(parent.type))
      throw this.#refused(`no entity of type ${type.name} can be in this one`);
  }

  #uidsIn(raw: RawNode | undefined): readonly RawUid[] {
    if (!isRawArray(raw)) throw this.#refused('must be an array');

    return raw.map((element, index) => this.#within(index, () => this.#uidIn(element)));
  }

  #uidIn(raw: RawNode | undefined): RawUid {
    const uid = raw === undefined ? undefined : JSON_DIALECT.uidIn(raw);
    if (uid === undefined) throw this.#refused('must be an entity identifier, {"type": …, "id": …}');

    return uid;
  }

  /** The type need not be looked at: it is either declared or refused. */
  #checkedUid({ type, id }: RawUid): EntityUid {
    checkText(id, () => this.#path.text());

    return new EntityUid(type, id);
  }

  #within<T>(step: string | number, read: () => T): T {
    this.#path.enter(step);
    const result = read();
    this.#path.leave();

    return result;
  }

  #refused(message: string): PdpError {
    return new PdpError('invalid_request', message, { field: this.#path.text() });
  }
}

const NO_ATTRIBUTES: EntityType['attributes'] = new Map();
