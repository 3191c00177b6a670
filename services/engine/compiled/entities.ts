import { CedarRecord, CedarSet, EntityUid, type Value } from '../value/value.ts';
import type { Environment, Expression } from './expression.ts';
import { type Failed, fail } from './failure.ts';
import { spendLookups } from './meter.ts';

/** `left in right`: of an entity, or of any in a set, all of whose elements must be entities. */
export function isIn(left: Expression, right: Expression): Expression {
  return (environment, at) => {
    const entity = left(environment, at);
    if (typeof entity === 'symbol') return entity;
    const above = right(environment, at);
    if (typeof above === 'symbol') return above;

    return entity instanceof EntityUid ? within(environment, entity, above) : fail('in takes an entity');
  };
}

/** `left is T`, and `left is T in within`, which is not looked at where the type differs. */
export function isOfType(left: Expression, type: string, group: Expression | undefined): Expression {
  return (environment, at) => {
    const entity = left(environment, at);
    if (typeof entity === 'symbol') return entity;
    if (!(entity instanceof EntityUid)) return fail('is takes an entity');
    if (entity.type !== type) return false;
    if (group === undefined) return true;
    const above = group(environment, at);

    return typeof above === 'symbol' ? above : within(environment, entity, above);
  };
}

function within(environment: Environment, entity: EntityUid, above: Value): boolean | Failed {
  if (above instanceof EntityUid) return environment.isIn(entity, above);
  if (!(above instanceof CedarSet)) return fail('in takes an entity or a set of them');

  spendLookups(above.elements.length);
  let found = false;
  for (const element of above.elements) {
    if (!(element instanceof EntityUid)) return fail('in takes a set of entities');
    found ||= environment.isIn(entity, element);
  }

  return found;
}

/** `left.name`, of a record or of an entity that is there. */
export function attribute(left: Expression, name: string): Expression {
  return (environment, at) => {
    const holder = left(environment, at);
    if (typeof holder === 'symbol') return holder;
    if (holder instanceof CedarRecord)
      return holder.fields.get(name) ?? fail(`there is no attribute ${name}`);
    if (!(holder instanceof EntityUid)) return fail('only records and entities have attributes');
    const entity = environment.entityOf(holder);

    return entity?.attributes.get(name) ?? fail(`${holder.type} has no attribute ${name} here`);
  };
}

/** `left has a.b.c`: false at the first step that is missing; each step must be one of a record or an entity. */
export function has(left: Expression, path: readonly string[]): Expression {
  return (environment, at) => {
    const value = left(environment, at);
    if (typeof value === 'symbol') return value;

    let holder: Value = value;
    for (const name of path) {
      const fields: ReadonlyMap<string, Value> | Failed | undefined = fieldsOf(environment, holder);
      if (typeof fields === 'symbol') return fields;
      const next: Value | undefined = fields?.get(name);
      if (next === undefined) return false;
      holder = next;
    }

    return true;
  };
}

/** `undefined`: of an entity that is not there. */
function fieldsOf(environment: Environment, holder: Value): ReadonlyMap<string, Value> | Failed | undefined {
  if (holder instanceof CedarRecord) return holder.fields;
  if (holder instanceof EntityUid) return environment.entityOf(holder)?.attributes;

  return fail('only records and entities have attributes');
}

/** `left.hasTag(name)` */
export function hasTag(left: Expression, name: Expression): Expression {
  return (environment, at) => {
    const entity = left(environment, at);
    if (typeof entity === 'symbol') return entity;
    const key = name(environment, at);
    if (typeof key === 'symbol') return key;
    if (!(entity instanceof EntityUid) || typeof key !== 'string') return fail(TAG_OPERANDS);

    return environment.entityOf(entity)?.tags.has(key) ?? false;
  };
}

/** `left.getTag(name)` */
export function tag(left: Expression, name: Expression): Expression {
  return (environment, at) => {
    const entity = left(environment, at);
    if (typeof entity === 'symbol') return entity;
    const key = name(environment, at);
    if (typeof key === 'symbol') return key;
    if (!(entity instanceof EntityUid) || typeof key !== 'string') return fail(TAG_OPERANDS);

    return environment.entityOf(entity)?.tags.get(key) ?? fail(NO_TAG);
  };
}

// Not by its name, which may come from the request.
const NO_TAG = 'there is no such tag';
const TAG_OPERANDS = 'tags are of an entity, and named by a String';
