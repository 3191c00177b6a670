import { PdpError } from '../error.ts';
import type { FieldPath } from '../raw/field-path.ts';
import { isRawArray, type RawNode, RawObject, type RawUid, type TypedEntityInput } from '../raw/raw.ts';
import { checkLength, checkText } from '../raw/text.ts';
import type { EntityType, Schema } from '../schema/schema.ts';
import { EntityUid } from '../value/value.ts';
import { type Dialect, dialectOf, JSON_DIALECT, TYPED_DIALECT } from './dialect.ts';
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
  /** Identifiers by their id: most parents are listed themselves, and keys that are one string are compared at a glance. */
  readonly #uids = new Map<string, EntityUid>();
  #values: { readonly dialect: Dialect; readonly reader: ValueReader } | undefined;
  /** Where it reads now, for those who may refuse what stands there. */
  readonly #here = (): string => this.#path.text();

  /** @param path of the list; moved along while reading, and back. */
  constructor(schema: Schema, path: FieldPath, allowActions: boolean) {
    this.#schema = schema;
    this.#path = path;
    this.#allowActions = allowActions;
  }

  /** @throws PdpError `invalid_request` or `too_large`, naming the field. */
  read(input: RawNode | TypedEntityInput, index: number): LoneEntity {
    this.#path.enter(index);
    const parts = this.#partsOf(input);
    const entity = isActionType(parts.uid.type) ? this.#readAction(parts) : this.#readEntity(parts);
    this.#path.leave();

    return entity;
  }

  #partsOf(input: RawNode | TypedEntityInput): Parts {
    if (input instanceof RawObject) return this.#partsInJson(input);
    if (typeof input === 'object' && input !== null && 'uid' in input)
      return { dialect: TYPED_DIALECT, ...input };

    throw this.#refused('must be an entity');
  }

  /** Keys that no entity has are ignored, as Cedar does. Only `tags` may be absent. */
  #partsInJson(raw: RawObject): Parts {
    this.#path.enter('uid');
    const uid = this.#uidIn(raw.get('uid'));
    this.#path.leave();
    this.#path.enter('parents');
    const parents = this.#uidsIn(raw.get('parents'));
    this.#path.leave();
    const tags = raw.get('tags');

    return {
      dialect: dialectOf(raw),
      uid,
      attrs: raw.get('attrs') ?? null,
      tags: tags === undefined ? NOTHING : tags,
      parents,
    };
  }

  #readEntity({ dialect, uid, attrs, tags, parents }: Parts): LoneEntity {
    this.#path.enter('uid');
    const own = this.#checkedUid(uid, dialect);
    const type = entityTypeOf(this.#schema, own, this.#here);
    this.#path.leave();

    return {
      uid: own,
      ...this.#readContent(this.#valuesIn(dialect), { attrs, tags }, type),
      parents: this.#readParents(parents, type, dialect),
    };
  }

  /** What an action is and stands under is the schema's to say, so the list may only repeat it. */
  #readAction({ dialect, uid, attrs, tags, parents }: Parts): LoneEntity {
    this.#path.enter('uid');
    const own = this.#checkedUid(uid, dialect);
    this.#path.leave();
    if (!this.#allowActions) throw this.#refused('actions come from the schema; leave them out');
    if (!this.#schema.actions.has(own.key)) throw this.#refused('the schema has no such action');

    return {
      uid: own,
      ...this.#readContent(this.#valuesIn(dialect), { attrs, tags }, NOTHING_DECLARED),
      parents: this.#readParents(parents, undefined, dialect),
    };
  }

  /** One reader does for all entities that came the same way, as those of one request do. */
  #valuesIn(dialect: Dialect): ValueReader {
    if (this.#values?.dialect !== dialect) {
      this.#values = { dialect, reader: new ValueReader(this.#schema, dialect, this.#path) };
    }

    return this.#values.reader;
  }

  #readContent(
    values: ValueReader,
    { attrs, tags }: Pick<Parts, 'attrs' | 'tags'>,
    declared: Pick<EntityType, 'attributes' | 'tags'>,
  ): Pick<LoneEntity, 'attributes' | 'tags'> {
    this.#path.enter('attrs');
    const attributes = values.readFields(attrs, declared.attributes);
    this.#path.leave();
    this.#path.enter('tags');
    const read = values.readTags(tags, declared.tags);
    this.#path.leave();

    return { attributes, tags: read };
  }

  /** @param type of the entity below them; `undefined` for an action, whose groups the schema knows. */
  #readParents(
    raws: readonly RawUid[],
    type: EntityType | undefined,
    dialect: Dialect,
  ): readonly EntityUid[] {
    if (raws.length === 0) return NO_PARENTS;

    const parents: EntityUid[] = [];
    const keys = new Set<string>();
    let index = 0;
    this.#path.enter('parents');
    for (const raw of raws) {
      this.#path.enter(index);
      const parent = this.#checkedUid(raw, dialect);
      if (type !== undefined) this.#checkParent(parent, type);
      if (raws.length === 1 || !keys.has(parent.key)) parents.push(parent);
      if (raws.length > 1) keys.add(parent.key);
      this.#path.leave();
      index += 1;
    }
    this.#path.leave();

    return parents;
  }

  /** Any type above the entity's own will do, not only those directly above it, as for Cedar. */
  #checkParent(parent: EntityUid, type: EntityType): void {
    entityTypeOf(this.#schema, parent, this.#here);
    if (!type.ancestorTypes.has(parent.type))
      throw this.#refused(`no entity of type ${type.name} can be in this one`);
  }

  #uidsIn(raw: RawNode | undefined): readonly RawUid[] {
    if (!isRawArray(raw)) throw this.#refused('must be an array');

    return raw.map((element, index) => {
      this.#path.enter(index);
      const uid = this.#uidIn(element);
      this.#path.leave();

      return uid;
    });
  }

  #uidIn(raw: RawNode | undefined): RawUid {
    const uid = raw === undefined ? undefined : JSON_DIALECT.uidIn(raw);
    if (uid === undefined) throw this.#refused('must be an entity identifier, {"type": …, "id": …}');

    return uid;
  }

  /** The type need not be looked at: it is either declared or refused. */
  #checkedUid({ type, id }: RawUid, { isSound }: Dialect): EntityUid {
    const known = this.#uids.get(id);
    if (known !== undefined && known.type === type) return known;

    if (isSound) checkLength(id, this.#here);
    else checkText(id, this.#here);
    const uid = new EntityUid(type, id);
    this.#uids.set(id, uid);

    return uid;
  }

  #refused(message: string): PdpError {
    return new PdpError('invalid_request', message, { field: this.#path.text() });
  }
}

const NO_PARENTS: readonly EntityUid[] = [];

const NOTHING_DECLARED: Pick<EntityType, 'attributes' | 'tags'> = { attributes: new Map(), tags: undefined };
