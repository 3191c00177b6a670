import { JSON_DIALECT } from '../../engine/data/dialect.ts';
import { PdpError } from '../../engine/error.ts';
import { isRawArray, type RawNode, RawObject } from '../../engine/raw/raw.ts';
import { uidKey } from '../../engine/value/value.ts';
import type { StoredUid } from '../../store/entities.ts';

/** Sets members whole, and removes others; what is removed need not be there. */
export interface MembersPatch {
  readonly set: ReadonlyMap<string, RawNode>;
  readonly remove: readonly string[];
}

export type ParentsPatch =
  | { readonly add: readonly StoredUid[]; readonly remove: readonly StoredUid[] }
  | { readonly replace: readonly StoredUid[] };

/** What is to become of an entity; what it does not name stays. To apply it twice is to apply it once. */
export interface EntityPatch {
  readonly attrs?: MembersPatch | undefined;
  readonly tags?: MembersPatch | undefined;
  readonly parents?: ParentsPatch | undefined;
}

/** @throws PdpError `invalid_request` where a patch says two things of one member or parent. */
export function assertPatch({ attrs, tags, parents }: EntityPatch, field: string): void {
  for (const [name, members] of Object.entries({ attrs, tags })) {
    const both = members?.remove.find((member) => members.set.has(member));
    if (both !== undefined) throw contradiction(`${field}.${name}.remove`);
  }
  if (parents === undefined || 'replace' in parents) return;
  const added = new Set(parents.add.map(keyOf));
  if (parents.remove.some((uid) => added.has(keyOf(uid)))) throw contradiction(`${field}.parents.remove`);
}

/**
 * Applies a patch to a document as it is kept. What comes of it may fit no schema: that is asked of whoever reads it.
 * @param document `{"uid", "attrs", "parents", "tags"}`.
 */
export function patched(document: RawObject, { attrs, tags, parents }: EntityPatch): RawObject {
  const entries = new Map(document.entries);
  if (attrs !== undefined) entries.set('attrs', withMembers(entries.get('attrs'), attrs));
  if (tags !== undefined) entries.set('tags', withMembers(entries.get('tags'), tags));
  if (parents !== undefined) entries.set('parents', withParents(entries.get('parents'), parents));

  return new RawObject(entries);
}

function withMembers(raw: RawNode | undefined, { set, remove }: MembersPatch): RawObject {
  const members = new Map(raw instanceof RawObject ? raw.entries : []);
  for (const [name, value] of set) members.set(name, value);
  for (const name of remove) members.delete(name);

  return new RawObject(members);
}

function withParents(raw: RawNode | undefined, patch: ParentsPatch): readonly RawNode[] {
  const parents = new Map<string, StoredUid>();
  const put = (uid: StoredUid): unknown => parents.set(keyOf(uid), uid);
  if ('replace' in patch) {
    patch.replace.forEach(put);
  } else {
    for (const node of isRawArray(raw) ? raw : []) {
      const uid = JSON_DIALECT.uidIn(node);
      if (uid !== undefined) put(uid);
    }
    patch.add.forEach(put);
    for (const uid of patch.remove) parents.delete(keyOf(uid));
  }

  return [...parents.values()].map(({ type, id }) => new RawObject(new Map(Object.entries({ type, id }))));
}

function keyOf({ type, id }: StoredUid): string {
  return uidKey(type, id);
}

function contradiction(field: string): PdpError {
  return new PdpError('invalid_request', 'a patch sets or adds what it also removes', { field });
}
