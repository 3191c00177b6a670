import { canonicalRecord, canonicalSet } from '../value/canonical.ts';
import type { CedarRecord, EntityUid, Value } from '../value/value.ts';

/** An entity that fits its schema. */
export interface Entity {
  readonly uid: EntityUid;
  readonly attributes: CedarRecord['fields'];
  readonly tags: ReadonlyMap<string, Value>;
  /** Distinct direct parents, which need not be listed themselves. */
  readonly parents: readonly EntityUid[];
}

/** What an entity holds besides its identifier, as RFC 8785 text of tagged arrays: equal for equal entities, and only those. */
export function canonicalContent({ attributes, parents, tags }: Entity): string {
  return `{"attrs":${canonicalRecord(attributes)},"parents":${canonicalSet(parents)},"tags":${canonicalRecord(tags)}}`;
}
