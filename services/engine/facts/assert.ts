import { PdpError } from '../error.ts';
import type { ActionType, CedarType, RecordType } from '../schema/schema.ts';
import { CedarRecord, type Value } from '../value/value.ts';
import { type FactName, isFactName } from './shape.ts';

/** The name under which facts stand in an action's context; no caller may write it. */
export const FACTS_ATTRIBUTE = 'pdp';

export type Facts = Readonly<Partial<Record<FactName, Value>>>;

/** What an action's schema declares as `pdp`; no members where it declares none. */
export function factsRecord(action: ActionType): RecordType {
  const declared = action.context.attributes.get(FACTS_ATTRIBUTE)?.type;

  return declared?.kind === 'record' ? declared : { kind: 'record', attributes: new Map() };
}

/** The facts that an action's schema declares, sorted. */
export function declaredFacts(action: ActionType): readonly FactName[] {
  return [...factsRecord(action).attributes.keys()].filter(isFactName).sort();
}

/** The members that an action's schema declares of a fact, or of a member of one, sorted. */
export function declaredMembers(
  action: ActionType,
  ...path: readonly [FactName, ...string[]]
): readonly string[] {
  let type: CedarType | undefined = factsRecord(action);
  for (const name of path) type = type?.kind === 'record' ? type.attributes.get(name)?.type : undefined;

  return type?.kind === 'record' ? [...type.attributes.keys()].sort() : [];
}

/** The context that a caller may send: what the action declares, without the facts. */
export function callerContext(action: ActionType): RecordType {
  const attributes = new Map(action.context.attributes);
  attributes.delete(FACTS_ATTRIBUTE);

  return { kind: 'record', attributes };
}

/**
 * Exactly the declared ones of some facts, with exactly the declared members.
 * @param declared as {@link factsRecord} has it.
 * @throws PdpError `internal` where one is missing that is always there: a policy must never see a part of what it was promised.
 */
export function assertedFacts(declared: RecordType, known: Facts): Facts {
  const asserted = partOf(new CedarRecord(new Map(Object.entries(known))), declared, FACTS_ATTRIBUTE);

  return asserted instanceof CedarRecord ? Object.fromEntries(asserted.fields) : {};
}

/** The path of the first fact, or member of one, that is declared and always there, and that these facts do not tell. */
export function missingFact(declared: RecordType, known: Facts): string | undefined {
  return missingIn(new CedarRecord(new Map(Object.entries(known))), declared, FACTS_ATTRIBUTE);
}

/** The whole context: the caller's, and the facts that are asserted. */
export function withFacts(context: CedarRecord, asserted: Facts): CedarRecord {
  const facts = new CedarRecord(new Map(Object.entries(asserted)));

  return new CedarRecord(new Map([...context.fields, [FACTS_ATTRIBUTE, facts]]));
}

/** What a type declares of a value, which `check` has held to the type of the fact. */
function partOf(value: Value, type: CedarType, path: string): Value {
  if (type.kind !== 'record') return value;
  const fields = new Map<string, Value>();
  for (const [name, { type: own, required }] of type.attributes) {
    const member = value instanceof CedarRecord ? value.fields.get(name) : undefined;
    if (member !== undefined) fields.set(name, partOf(member, own, `${path}.${name}`));
    else if (required) throw new PdpError('internal', `the fact ${path}.${name} is not known`);
  }

  return new CedarRecord(fields);
}

function missingIn(value: Value, type: CedarType, path: string): string | undefined {
  if (type.kind !== 'record') return undefined;
  for (const [name, { type: own, required }] of type.attributes) {
    const member = value instanceof CedarRecord ? value.fields.get(name) : undefined;
    if (member === undefined && !required) continue;
    const at = `${path}.${name}`;
    const missing = member === undefined ? at : missingIn(member, own, at);
    if (missing !== undefined) return missing;
  }

  return undefined;
}
