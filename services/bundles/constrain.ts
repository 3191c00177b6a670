import { type Entity, readEntities } from '../engine/data/entities.ts';
import { entityTypeOf, readUid } from '../engine/data/read-uid.ts';
import { PdpError } from '../engine/error.ts';
import { checkCount } from '../engine/raw/count.ts';
import type { RawUid } from '../engine/raw/raw.ts';
import type { AskedAction, ConstraintsQuestion } from '../engine/residual/constrain.ts';
import type { ActionType } from '../engine/schema/schema.ts';
import { typeOfKey, uidKey } from '../engine/value/value.ts';
import type { CompiledBundle } from './compile.ts';
import { type AskedRequest, checkSource, lookupOf, requireNormal, requirePresent } from './inform.ts';
import type { StoredEntities } from './stored/stored-entities.ts';

/** Of whom constraints are asked, decoded but not trusted. */
export interface AskedConstraints extends Pick<AskedRequest, 'principal' | 'entities'> {
  /** None: all that are for the principal's type. */
  readonly actions: readonly RawUid[];
  /** None: all. */
  readonly resourceTypes: readonly string[];
}

/**
 * Checks a principal and its entities as `informRequest` does, and tells what of the entities is fixed: what the bundle and the store
 * hold, and what the call sent. Whatever else a later request may send is not.
 *
 * Of an entity that was sent, all ancestors are fixed with it, since a parent that could have parents must be sent as well.
 * @throws PdpError `invalid_request`, `too_large` or `unavailable`, as `informRequest`.
 */
export function informConstraints(
  bundle: CompiledBundle,
  asked: AskedConstraints,
  stored: StoredEntities | undefined,
): Omit<ConstraintsQuestion, 'residuals'> {
  const { schema } = bundle;
  const principal = readUid(schema, asked.principal, () => 'principal');
  entityTypeOf(schema, principal, () => 'principal');
  checkCount(null, asked.entities);
  const supplied = new Map<string, Entity>();
  const entities = readEntities(schema, asked.entities);
  for (const entity of entities) supplied.set(entity.uid.key, entity);
  const seen = { entity: lookupOf(bundle, supplied, stored) };

  requireNormal(principal, () => 'principal');
  entities.forEach((entity, index) => {
    checkSource(bundle, seen, entity, index);
  });
  requirePresent(bundle, seen, principal, () => 'principal');

  // A principal that need not be sent has nothing that a request could add.
  const isFixed = (key: string): boolean =>
    key === principal.key || supplied.has(key) || bundle.sourceOf(typeOfKey(key)) !== 'request';

  return {
    state: { schema, principal, entity: seen.entity, isFixed },
    actions: actionsOf(bundle, asked, principal.type),
  };
}

function actionsOf(
  { schema }: CompiledBundle,
  { actions: named, resourceTypes }: AskedConstraints,
  principalType: string,
): readonly AskedAction[] {
  resourceTypes.forEach((type, index) => {
    if (schema.entityTypes.has(type)) return;
    throw unknown('entity type', `resource_types[${index}]`);
  });
  const wanted = new Set(resourceTypes);
  const isWanted = (type: string): boolean => wanted.size === 0 || wanted.has(type);
  const typesOf = (action: ActionType): readonly string[] =>
    action.principalTypes.has(principalType) ? [...action.resourceTypes].filter(isWanted).sort() : [];

  return chosenActions(schema.actions, named)
    .map((action) => ({ action, resourceTypes: typesOf(action) }))
    .filter((one) => named.length > 0 || one.resourceTypes.length > 0)
    .sort((a, b) => (a.action.uid.key < b.action.uid.key ? -1 : 1));
}

function chosenActions(
  actions: ReadonlyMap<string, ActionType>,
  named: readonly RawUid[],
): readonly ActionType[] {
  if (named.length === 0) return [...actions.values()];
  const chosen = named.map(({ type, id }, index) => {
    const action = actions.get(uidKey(type, id));
    if (action?.uid.type !== type || action.principalTypes.size === 0)
      throw unknown('action', `actions[${index}]`);

    return action;
  });

  return [...new Set(chosen)];
}

function unknown(what: string, field: string): PdpError {
  return new PdpError('invalid_request', `the schema has no such ${what}`, { field });
}
