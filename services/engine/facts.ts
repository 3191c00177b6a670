import { PdpError } from './error.ts';
import type { ActionType, CedarType, RecordType } from './schema/schema.ts';
import { CedarRecord, type Value } from './value/value.ts';

/** The name under which facts stand in an action's context; no caller may write it. */
export const FACTS_ATTRIBUTE = 'pdp';

/** A record whose members an action's schema chooses, each of one type. */
export interface ByName {
  readonly kind: 'by_name';
  readonly each: RecordType;
}

/** What a policy may know of one limit, in the limit's own unit, before the request that it judges is counted. */
const LIMIT_STATE: RecordType = recordOf({
  exhausted: { kind: 'bool' },
  remaining: { kind: 'long' },
  used: { kind: 'long' },
});

/**
 * What the PDP asserts where an action's schema declares it, by name, with the Cedar type that it must be declared as.
 * `now`: the PDP's clock at evaluation, to the millisecond. `limits`: the state of the action's limits, by their names.
 */
export const FACT_TYPES = {
  now: { kind: 'extension', name: 'datetime' },
  limits: { kind: 'by_name', each: LIMIT_STATE },
} as const satisfies Record<string, CedarType | ByName>;

export type FactName = keyof typeof FACT_TYPES;
export type Facts = Readonly<Partial<Record<FactName, Value>>>;

/** The facts that an action's schema declares, sorted; none where it declares no `pdp`. */
export function declaredFacts(action: ActionType): readonly FactName[] {
  return [...pdpOf(action).keys()].filter(isFactName).sort();
}

/** The limits whose state an action's schema declares, sorted. */
export function declaredLimits(action: ActionType): readonly string[] {
  const declared = pdpOf(action).get('limits')?.type;

  return declared?.kind === 'record' ? [...declared.attributes.keys()].sort() : [];
}

/** The context that a caller may send: what the action declares, without the facts. */
export function callerContext(action: ActionType): RecordType {
  const attributes = new Map(action.context.attributes);
  attributes.delete(FACTS_ATTRIBUTE);

  return { kind: 'record', attributes };
}

/** Whether a fact may be declared as this type. A record by name may have any members, all of them required. */
export function isFactType(name: FactName, type: CedarType): boolean {
  const fact: CedarType | ByName = FACT_TYPES[name];
  if (fact.kind !== 'by_name') return isSameType(fact, type);

  return (
    type.kind === 'record' &&
    [...type.attributes.values()].every((member) => member.required && isSameType(fact.each, member.type))
  );
}

/** The type of a fact with these members, as it is read back where no schema is at hand. */
export function factTypeOf(name: FactName, members: readonly string[]): CedarType {
  const fact: CedarType | ByName = FACT_TYPES[name];

  return fact.kind === 'by_name'
    ? recordOf(Object.fromEntries(members.map((one) => [one, fact.each])))
    : fact;
}

/** The state of one limit as a policy sees it. */
export function limitState(used: bigint, max: bigint): CedarRecord {
  const remaining = used < max ? max - used : 0n;

  return new CedarRecord(
    new Map<string, Value>([
      ['exhausted', remaining === 0n],
      ['remaining', remaining],
      ['used', used],
    ]),
  );
}

/**
 * Exactly the declared ones of some facts, and of `limits` exactly the declared members.
 * @throws PdpError `internal` where one is missing: a policy must never see a part of what it was promised.
 */
export function assertedFacts(declared: readonly FactName[], limits: readonly string[], known: Facts): Facts {
  const asserted: Partial<Record<FactName, Value>> = {};
  for (const name of declared) {
    const value = known[name];
    if (value === undefined) throw new PdpError('internal', `the fact ${name} is not known`);
    asserted[name] = name === 'limits' ? membersOf(value, limits) : value;
  }

  return asserted;
}

/** The whole context: the caller's, and the facts that are asserted. */
export function withFacts(context: CedarRecord, asserted: Facts): CedarRecord {
  const facts = new CedarRecord(new Map(Object.entries(asserted)));

  return new CedarRecord(new Map([...context.fields, [FACTS_ATTRIBUTE, facts]]));
}

function membersOf(value: Value, names: readonly string[]): CedarRecord {
  const fields = new Map<string, Value>();
  for (const name of names) {
    const member = value instanceof CedarRecord ? value.fields.get(name) : undefined;
    if (member === undefined) throw new PdpError('internal', `the fact limits.${name} is not known`);
    fields.set(name, member);
  }

  return new CedarRecord(fields);
}

function pdpOf(action: ActionType): RecordType['attributes'] {
  const declared = action.context.attributes.get(FACTS_ATTRIBUTE)?.type;

  return declared?.kind === 'record' ? declared.attributes : new Map();
}

function isSameType(wanted: CedarType, type: CedarType): boolean {
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

function isFactName(name: string): name is FactName {
  return Object.hasOwn(FACT_TYPES, name);
}
