import type { EntityConstraint } from '../../engine/policy.ts';
import { uidKey } from '../../engine/value/value.ts';
import type { Applicable } from './applicable.ts';
import { neverHolds } from './constant.ts';
import type { Clause } from './expression.ts';
import type { KnownEntities } from './known-entities.ts';

/** Why no request that this bundle takes can ever match a policy; `undefined`: one may. */
export function whyNever(
  scope: { readonly principal: EntityConstraint; readonly resource: EntityConstraint },
  applicable: Applicable,
  clauses: readonly Clause[],
  entities: KnownEntities,
): string | undefined {
  if (neverHolds(clauses)) return 'its conditions hold for no request';
  if (applicable.environments.length === 0) return 'the schema has no action for which its scope can match';

  return (
    whyNobody('principal', scope.principal, applicable.principalTypes, entities) ??
    whyNobody('resource', scope.resource, applicable.resourceTypes, entities)
  );
}

/** A scope names an entity that nothing is or stands below, where all that a request may name is in the bundle. */
function whyNobody(
  variable: string,
  constraint: EntityConstraint,
  types: ReadonlySet<string>,
  entities: KnownEntities,
): string | undefined {
  if (!('uid' in constraint)) return undefined;
  const key = uidKey(constraint.uid.type, constraint.uid.id);
  const isPossible = [...types].some(
    (type) =>
      !entities.isClosed(type) || (constraint.op === '==' ? entities.has(key) : entities.hasBelow(type, key)),
  );
  if (isPossible) return undefined;

  return constraint.op === '=='
    ? `entities.json has no ${key}, and no other ${variable} will do`
    : `no ${variable} in entities.json is or stands below ${key}`;
}
