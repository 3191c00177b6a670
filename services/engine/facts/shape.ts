import { type RawNode, RawObject } from '../raw/raw.ts';
import type { Attribute, CedarType, RecordType } from '../schema/schema.ts';

/** How an action may declare a fact. */
export type FactShape =
  /** As this type and no other. */
  | { readonly kind: 'exactly'; readonly type: CedarType; readonly required: boolean }
  /** As a record whose members the schema names, each of one type. */
  | { readonly kind: 'by_name'; readonly each: CedarType; readonly eachRequired: boolean }
  /** As a record of some of these members, one at least. */
  | { readonly kind: 'part_of'; readonly members: Readonly<Record<string, FactShape>> };

/** What a policy may know of one limit, in the limit's own unit, before the request that it judges is counted. */
const LIMIT_STATE = recordOf({
  exhausted: { kind: 'bool' },
  remaining: { kind: 'long' },
  used: { kind: 'long' },
});
/** How often a run was allowed an action before, and when the last time. */
const RUN_ACTION = recordOf({ count: { kind: 'long' }, last: { kind: 'extension', name: 'datetime' } });
const APPROVAL = recordOf({
  at: { kind: 'extension', name: 'datetime' },
  by: { kind: 'set', element: { kind: 'string' } },
  count: { kind: 'long' },
});
const BREAK_GLASS = recordOf({
  by: { kind: 'set', element: { kind: 'string' } },
  ticket: { kind: 'string' },
  until: { kind: 'extension', name: 'datetime' },
});

/**
 * What the PDP asserts where an action's schema declares it, by name.
 * `now`: the PDP's clock at evaluation, to the millisecond. `limits`: the state of the action's limits, by their names.
 * `run`: what the run was allowed so far: the labels that it took, the number of its calls, and its actions by their ids.
 * `approval`, `breakGlass`: absent unless people have approved exactly this request, or opened the glass for it.
 */
export const FACT_SHAPES = {
  now: { kind: 'exactly', type: { kind: 'extension', name: 'datetime' }, required: true },
  limits: { kind: 'by_name', each: LIMIT_STATE, eachRequired: true },
  run: {
    kind: 'part_of',
    members: {
      actions: { kind: 'by_name', each: RUN_ACTION, eachRequired: false },
      labels: { kind: 'exactly', type: { kind: 'set', element: { kind: 'string' } }, required: true },
      steps: { kind: 'exactly', type: { kind: 'long' }, required: true },
    },
  },
  approval: { kind: 'exactly', type: APPROVAL, required: false },
  breakGlass: { kind: 'exactly', type: BREAK_GLASS, required: false },
} as const satisfies Record<string, FactShape>;

export type FactName = keyof typeof FACT_SHAPES;

export const FACT_NAMES: readonly FactName[] = Object.keys(FACT_SHAPES).filter(isFactName);

export function isFactName(name: string): name is FactName {
  return Object.hasOwn(FACT_SHAPES, name);
}

/** Whether the server may leave a fact out: then it has to be declared as optional. */
export function isOptionalFact(name: FactName): boolean {
  return !isRequired(FACT_SHAPES[name]);
}

/** Whether a fact may be declared as this type. */
export function isFactType(name: FactName, type: CedarType): boolean {
  return fits(FACT_SHAPES[name], type);
}

/**
 * The type of a fact with the members that some data has of it, to read that data by where no schema is at hand. Members that there
 * are not are left to whoever reads it.
 */
export function factTypeOf(name: FactName, raw: RawNode): CedarType {
  return typeBy(FACT_SHAPES[name], raw);
}

function fits(shape: FactShape, type: CedarType): boolean {
  if (shape.kind === 'exactly') return isSameType(shape.type, type);
  if (type.kind !== 'record') return false;
  if (shape.kind === 'by_name') {
    return [...type.attributes.values()].every(
      (member) => member.required === shape.eachRequired && isSameType(shape.each, member.type),
    );
  }

  return (
    type.attributes.size > 0 &&
    [...type.attributes].every(([name, member]) => {
      const own = memberOf(shape, name);

      return own !== undefined && member.required === isRequired(own) && fits(own, member.type);
    })
  );
}

function typeBy(shape: FactShape, raw: RawNode): CedarType {
  if (shape.kind === 'exactly') return shape.type;
  const attributes = new Map<string, Attribute>();
  for (const [name, value] of raw instanceof RawObject ? raw.entries : []) {
    const own = shape.kind === 'part_of' ? memberOf(shape, name) : undefined;
    if (shape.kind === 'by_name') attributes.set(name, { type: shape.each, required: true });
    else if (own !== undefined) attributes.set(name, { type: typeBy(own, value), required: true });
  }

  return { kind: 'record', attributes };
}

function memberOf(shape: FactShape & { kind: 'part_of' }, name: string): FactShape | undefined {
  return Object.hasOwn(shape.members, name) ? shape.members[name] : undefined;
}

/** Of records that are made of parts, the server always has all. */
function isRequired(shape: FactShape): boolean {
  return shape.kind !== 'exactly' || shape.required;
}

function isSameType(wanted: CedarType, type: CedarType): boolean {
  if (wanted.kind === 'set') return type.kind === 'set' && isSameType(wanted.element, type.element);
  if (wanted.kind !== 'record') return wanted.kind === type.kind && nameOf(wanted) === nameOf(type);
  if (type.kind !== 'record' || type.attributes.size !== wanted.attributes.size) return false;

  return [...wanted.attributes].every(([name, member]) => {
    const own = type.attributes.get(name);
    return own?.required === true && isSameType(member.type, own.type);
  });
}

function nameOf(type: CedarType): string | undefined {
  return 'name' in type ? type.name : undefined;
}

function recordOf(members: Readonly<Record<string, CedarType>>): RecordType {
  const attributes = new Map(
    Object.entries(members).map(([name, type]) => [name, { type, required: true }] as const),
  );

  return { kind: 'record', attributes };
}
