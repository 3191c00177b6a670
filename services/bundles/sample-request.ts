import type { Entity } from '../engine/data/entities.ts';
import type { EvaluationRequest } from '../engine/evaluator.ts';
import { callExtension } from '../engine/extension/call.ts';
import type { ActionConstraint, EntityConstraint, Scope } from '../engine/policy.ts';
import type { ActionType, Attribute, CedarType, ExtensionName, Schema } from '../engine/schema/schema.ts';
import { CedarRecord, CedarSet, EntityUid, uidKey, type Value } from '../engine/value/value.ts';

/** A request that some policy's scope matches, with every entity that it names. */
export interface SampleRequest {
  /** Equal for equal requests. */
  readonly key: string;
  readonly request: EvaluationRequest;
  readonly entities: readonly Entity[];
}

const SAMPLE_ID = 'sample';
const SAMPLE_CALLS: Readonly<Record<ExtensionName, readonly [fn: string, text: string]>> = {
  ipaddr: ['ip', '192.0.2.1'],
  decimal: ['decimal', '0.0'],
  datetime: ['datetime', '1970-01-01'],
  duration: ['duration', '0ms'],
};

/** Makes the smallest requests that fit a schema and a scope: required attributes only, sets empty, texts empty. */
export interface Sampler {
  /** @returns `undefined` where no request that the schema admits matches the scope. */
  sample(scope: Scope): SampleRequest | undefined;
}

export function createSampler(schema: Schema): Sampler {
  const values = new Map<CedarType, Value>();
  const entities = new Map<string, Entity>();

  return {
    sample(scope) {
      for (const action of schema.actions.values()) {
        if (!matchesAction(scope.action, action)) continue;
        const principal = matchEntity(scope.principal, action.principalTypes);
        const resource = matchEntity(scope.resource, action.resourceTypes);
        if (principal !== undefined && resource !== undefined) return build(principal, action, resource);
      }

      return undefined;
    },
  };

  function matchEntity(constraint: EntityConstraint, types: ReadonlySet<string>): Entity | undefined {
    for (const type of types) {
      if ('type' in constraint && constraint.type !== type) continue;
      if (!('uid' in constraint)) return sampleEntity(type);

      const uid = new EntityUid(constraint.uid.type, constraint.uid.id);
      if (uid.type === type) return entityOf(uid, []);
      const mayBeBelow = schema.entityTypes.get(type)?.ancestorTypes.has(uid.type) === true;
      if (constraint.op !== '==' && mayBeBelow) return entityOf(new EntityUid(type, SAMPLE_ID), [uid]);
    }

    return undefined;
  }

  function build(principal: Entity, action: ActionType, resource: Entity): SampleRequest {
    const context = new CedarRecord(sampleFields(action.context.attributes));
    const named = new Map([principal, resource].map((entity) => [entity.uid.key, entity]));
    const open: Iterable<Value>[] = [principal.attributes.values(), resource.attributes.values(), [context]];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const value of next) {
        if (value instanceof CedarRecord) open.push(value.fields.values());
        if (!(value instanceof EntityUid) || named.has(value.key)) continue;
        const entity = sampleEntity(value.type);
        named.set(value.key, entity);
        open.push(entity.attributes.values());
      }
    }

    return {
      key: JSON.stringify([principal.uid.key, action.uid.key, resource.uid.key]),
      request: {
        principal: principal.uid,
        action: action.uid,
        resource: resource.uid,
        context,
        entity: (key) => named.get(key),
      },
      entities: [...named.values()],
    };
  }

  function sampleEntity(type: string): Entity {
    const known = entities.get(type);
    if (known !== undefined) return known;

    const entity = entityOf(sampleUid(type), []);
    entities.set(type, entity);

    return entity;
  }

  function entityOf(uid: EntityUid, parents: readonly EntityUid[]): Entity {
    const attributes = sampleFields(schema.entityTypes.get(uid.type)?.attributes ?? new Map());

    // Samples stand below their parents alone, which no other sample stands above.
    return { uid, attributes, tags: new Map(), parents, ancestors: new Set(parents.map(({ key }) => key)) };
  }

  function sampleUid(type: string): EntityUid {
    const [first = SAMPLE_ID] = schema.entityTypes.get(type)?.enumIds ?? [];

    return new EntityUid(type, first);
  }

  function sampleFields(attributes: ReadonlyMap<string, Attribute>): ReadonlyMap<string, Value> {
    const fields = new Map<string, Value>();
    for (const [name, { type, required }] of attributes) if (required) fields.set(name, sampleValue(type));

    return fields;
  }

  function sampleValue(type: CedarType): Value {
    const known = values.get(type);
    if (known !== undefined) return known;

    const value = makeValue(type);
    values.set(type, value);

    return value;
  }

  function makeValue(type: CedarType): Value {
    switch (type.kind) {
      case 'bool':
        return false;
      case 'long':
        return 0n;
      case 'string':
        return '';
      case 'set':
        return new CedarSet([]);
      case 'record':
        return new CedarRecord(sampleFields(type.attributes));
      case 'entity':
        return sampleUid(type.name);
      case 'extension': {
        const [fn, text] = SAMPLE_CALLS[type.name];

        return callExtension(fn, [text]);
      }
    }
  }
}

function matchesAction(constraint: ActionConstraint, action: ActionType): boolean {
  if (constraint.op === 'all') return true;

  const keys = constraint.uids.map(({ type, id }) => uidKey(type, id));
  if (keys.includes(action.uid.key)) return true;

  return constraint.op === 'in' && action.ancestors.some(({ key }) => keys.includes(key));
}
