import type { Environment } from '../compiled/expression.ts';
import type { Entity } from '../data/entity.ts';
import type { Schema } from '../schema/schema.ts';
import { CedarRecord, EntityUid } from '../value/value.ts';

/** What is fixed while resource and context are not. */
export interface KnownState {
  readonly schema: Schema;
  readonly principal: EntityUid;
  readonly action: EntityUid;
  /** An entity of the state, `undefined` where the state has none; asked only for keys that `isFixed`. */
  readonly entity: (key: string) => Entity | undefined;
  /** Whether every request of the principal sees the same under this key: what the request itself may supply is not fixed. */
  readonly isFixed: (key: string) => boolean;
}

/** Evaluates over the fixed part of requests, and tells whether more than that was looked at. */
export interface FixedView {
  readonly environment: Environment;
  /** Runs, and gives `undefined` where what came out depends on what is not fixed. */
  attempt<Result>(run: (environment: Environment) => Result): Result | undefined;
}

/** Stands for the resource and the context where neither is looked at. */
const NOBODY = new EntityUid('', '');
const NOTHING = new CedarRecord(new Map());

export function createFixedView({ schema, principal, action, entity, isFixed }: KnownState): FixedView {
  let looked = false;
  const look = (key: string): Entity | undefined => {
    if (isFixed(key)) return entity(key);
    looked = true;

    return undefined;
  };
  const environment: Environment = {
    principal,
    action,
    resource: NOBODY,
    context: NOTHING,
    constants: [],
    entityOf: ({ key }) => look(key),
    isIn: ({ key }, above) =>
      key === above.key || (look(key)?.ancestors ?? groupsOf(schema, key))?.has(above.key) === true,
  };

  return {
    environment,
    attempt(run) {
      looked = false;
      const result = run(environment);

      return looked ? undefined : result;
    },
  };
}

function groupsOf(schema: Schema, key: string): ReadonlySet<string> | undefined {
  const action = schema.actions.get(key);

  return action === undefined ? undefined : new Set(action.ancestors.map((group) => group.key));
}
