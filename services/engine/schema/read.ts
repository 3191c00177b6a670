import { PdpError } from '../error.ts';
import { EntityUid } from '../value/value.ts';
import { closeUpwards } from './close-upwards.ts';
import { listIn, membersIn, textIn, textsIn } from './json-shape.ts';
import { qualifiedName } from './qualified-name.ts';
import type { ActionType, EntityType, RecordType, Schema } from './schema.ts';
import { TypeReader } from './type-reader.ts';

/**
 * Makes the schema of what cedar-wasm's `schemaToJsonWithResolvedTypes` answers as `json`: every name in it is qualified, but
 * common types stand unexpanded and hierarchies unclosed.
 *
 * That call checks nothing, so `checkParseSchema` must have accepted the same text before.
 * @throws PdpError `invalid_request` for types nested too deep, `too_large` for a hierarchy that takes too long to close,
 * `internal` where the answer does not look like one of Cedar's.
 */
export function readSchema(resolved: unknown): Schema {
  const namespaces = membersIn(resolved);
  const types = new TypeReader(namespaces);

  return { entityTypes: readEntityTypes(namespaces, types), actions: readActions(namespaces, types) };
}

type Namespaces = ReadonlyMap<string, unknown>;

interface DeclaredAction {
  readonly uid: EntityUid;
  readonly node: ReadonlyMap<string, unknown>;
  readonly groups: readonly EntityUid[];
}

function readEntityTypes(namespaces: Namespaces, types: TypeReader): ReadonlyMap<string, EntityType> {
  const declared = entityNodes(namespaces);
  const above = closeUpwards(
    new Map([...declared].map(([name, node]) => [name, textsIn(node.get('memberOfTypes'))])),
  );

  return new Map(
    [...declared].map(([name, node]) => [name, readEntityType(name, node, types, above.get(name))]),
  );
}

function readEntityType(
  name: string,
  node: ReadonlyMap<string, unknown>,
  types: TypeReader,
  above: ReadonlySet<string> | undefined,
): EntityType {
  const tags = node.get('tags');

  return {
    name,
    attributes: readRecord(node.get('shape'), types).attributes,
    tags: tags === undefined ? undefined : types.read(tags),
    enumIds: node.has('enum') ? new Set(textsIn(node.get('enum'))) : undefined,
    memberOfTypes: new Set(textsIn(node.get('memberOfTypes'))),
    ancestorTypes: above ?? new Set(),
  };
}

function readActions(namespaces: Namespaces, types: TypeReader): ReadonlyMap<string, ActionType> {
  const declared = new Map<string, DeclaredAction>();
  for (const [namespace, node] of namespaces) {
    for (const [id, action] of membersIn(membersIn(node).get('actions'))) {
      const uid = new EntityUid(qualifiedName(namespace, 'Action'), id);
      const members = membersIn(action);
      declared.set(uid.key, { uid, node: members, groups: listIn(members.get('memberOf')).map(readGroup) });
    }
  }
  const above = closeUpwards(
    new Map([...declared].map(([key, { groups }]) => [key, groups.map((group) => group.key)])),
  );
  const uidOf = (key: string): EntityUid => {
    const action = declared.get(key);
    if (action === undefined) throw new PdpError('internal', `the schema has no action ${key}`);

    return action.uid;
  };

  return new Map(
    [...declared].map(([key, { uid, node }]) => [
      key,
      readAction(uid, node, types, [...(above.get(key) ?? [])].map(uidOf)),
    ]),
  );
}

function readAction(
  uid: EntityUid,
  node: ReadonlyMap<string, unknown>,
  types: TypeReader,
  ancestors: readonly EntityUid[],
): ActionType {
  const appliesTo = membersIn(node.get('appliesTo'));

  return {
    uid,
    principalTypes: new Set(textsIn(appliesTo.get('principalTypes'))),
    resourceTypes: new Set(textsIn(appliesTo.get('resourceTypes'))),
    context: readRecord(appliesTo.get('context'), types),
    ancestors,
  };
}

/** Absent is the closed record without attributes. */
function readRecord(node: unknown, types: TypeReader): RecordType {
  const type = node === undefined ? EMPTY_RECORD : types.read(node);
  if (type.kind !== 'record')
    throw new PdpError('internal', 'a shape or a context of the schema is no record');

  return type;
}

function readGroup(node: unknown): EntityUid {
  const group = membersIn(node);

  return new EntityUid(textIn(group.get('type')), textIn(group.get('id')));
}

function entityNodes(namespaces: Namespaces): ReadonlyMap<string, ReadonlyMap<string, unknown>> {
  const found = new Map<string, ReadonlyMap<string, unknown>>();
  for (const [namespace, node] of namespaces) {
    for (const [name, declared] of membersIn(membersIn(node).get('entityTypes'))) {
      found.set(qualifiedName(namespace, name), membersIn(declared));
    }
  }

  return found;
}

const EMPTY_RECORD: RecordType = { kind: 'record', attributes: new Map() };
