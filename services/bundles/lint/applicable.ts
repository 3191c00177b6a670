import type { ActionConstraint, EntityConstraint, Scope } from '../../engine/policy.ts';
import type { ActionType, Schema } from '../../engine/schema/schema.ts';
import { uidKey } from '../../engine/value/value.ts';

/** One combination that a request can have. */
export interface Environment {
  readonly action: ActionType;
  readonly principalType: string;
  readonly resourceType: string;
}

/** The requests that a scope leaves to a policy, as far as the schema tells. */
export interface Applicable {
  readonly environments: readonly Environment[];
  readonly actions: ReadonlySet<string>;
  readonly principalTypes: ReadonlySet<string>;
  readonly resourceTypes: ReadonlySet<string>;
}

export interface Applicability {
  of(scope: Scope): Applicable;
  /** Keys of the actions that a constraint names, with the members of groups where it says `in`; `undefined`: all. */
  actionsOf(constraint: ActionConstraint): ReadonlySet<string> | undefined;
}

/** Scopes that differ in the ids of entities alone are looked at once: a bundle may have 100,000 of them. */
export function createApplicability(schema: Schema): Applicability {
  const known = new Map<string, Applicable>();
  const named = new Map<string, ReadonlySet<string>>();

  return {
    of(scope) {
      const key = [typesKey(scope.principal), actionsKey(scope.action), typesKey(scope.resource)].join('\n');
      const found = known.get(key) ?? find(scope);
      known.set(key, found);

      return found;
    },
    actionsOf,
  };

  function actionsOf(constraint: ActionConstraint): ReadonlySet<string> | undefined {
    if (constraint.op === 'all') return undefined;
    const key = actionsKey(constraint);
    const found =
      named.get(key) ??
      namedActions(
        constraint.op,
        constraint.uids.map(({ type, id }) => uidKey(type, id)),
      );
    named.set(key, found);

    return found;
  }

  function namedActions(op: '==' | 'in', keys: readonly string[]): ReadonlySet<string> {
    const wanted = new Set(keys);
    const matching = [...schema.actions].filter(
      ([key, { ancestors }]) =>
        wanted.has(key) || (op === 'in' && ancestors.some((group) => wanted.has(group.key))),
    );

    return new Set(matching.map(([key]) => key));
  }

  function find({ principal, action, resource }: Scope): Applicable {
    const actions = actionsOf(action);
    const environments: Environment[] = [];
    for (const [key, declared] of schema.actions) {
      if (actions?.has(key) === false) continue;
      const resources = [...declared.resourceTypes].filter((type) => mayBe(resource, type));
      for (const principalType of declared.principalTypes) {
        if (!mayBe(principal, principalType)) continue;
        for (const resourceType of resources)
          environments.push({ action: declared, principalType, resourceType });
      }
    }

    return {
      environments,
      actions: new Set(environments.map((one) => one.action.uid.key)),
      principalTypes: new Set(environments.map((one) => one.principalType)),
      resourceTypes: new Set(environments.map((one) => one.resourceType)),
    };
  }

  function mayBe(constraint: EntityConstraint, type: string): boolean {
    if ('type' in constraint && constraint.type !== type) return false;
    if (!('uid' in constraint) || constraint.uid.type === type) return true;

    return (
      constraint.op !== '==' && schema.entityTypes.get(type)?.ancestorTypes.has(constraint.uid.type) === true
    );
  }
}

function typesKey(constraint: EntityConstraint): string {
  const type = 'type' in constraint ? constraint.type : '';
  const above = 'uid' in constraint ? constraint.uid.type : '';

  return `${constraint.op} ${type} ${above}`;
}

function actionsKey(constraint: ActionConstraint): string {
  return constraint.op === 'all'
    ? 'all'
    : JSON.stringify([constraint.op, constraint.uids.map(({ type, id }) => [type, id])]);
}
