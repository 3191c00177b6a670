import { canonicalRecord, canonicalSet } from '../value/canonical.ts';
import type { CedarRecord, EntityUid, Value } from '../value/value.ts';

/** An entity that fits its schema. */
export interface Entity {
  readonly uid: EntityUid;
  readonly attributes: CedarRecord['fields'];
  readonly tags: ReadonlyMap<string, Value>;
  /** Distinct direct parents, which need not be listed themselves. */
  readonly parents: readonly EntityUid[];
  /** Keys of everything that it stands below, as far as the entities that it was read with tell. */
  readonly ancestors: ReadonlySet<string>;
}

/** An entity by itself, before the others that it was read with tell what it stands below. */
export type LoneEntity = Omit<Entity, 'ancestors'>;

/** What an entity holds besides its identifier, as RFC 8785 text of tagged arrays: equal for equal entities, and only those. */
export function canonicalContent({ attributes, parents, tags }: LoneEntity): string {
  return `{"attrs":${canonicalRecord(attributes)},"parents":${canonicalSet(parents)},"tags":${canonicalRecord(tags)}}`;
}
