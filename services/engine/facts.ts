import { PdpError } from './error.ts';
import type { ActionType, CedarType, RecordType } from './schema/schema.ts';
import { CedarRecord, type Value } from './value/value.ts';

/** The name under which facts stand in an action's context; no caller may write it. */
export const FACTS_ATTRIBUTE = 'pdp';

/**
 * What the PDP asserts where an action's schema declares it, by name, with the Cedar type that it must be declared as.
 * `now`: the PDP's clock at evaluation, to the millisecond.
 */
export const FACT_TYPES = {
  now: { kind: 'extension', name: 'datetime' },
} as const satisfies Record<string, CedarType>;

export type FactName = keyof typeof FACT_TYPES;
export type Facts = Readonly<Partial<Record<FactName, Value>>>;

/** The facts that an action's schema declares, sorted; none where it declares no `pdp`. */
export function declaredFacts(action: ActionType): readonly FactName[] {
  const declared = action.context.attributes.get(FACTS_ATTRIBUTE)?.type;
  if (declared?.kind !== 'record') return [];

  return [...declared.attributes.keys()].filter(isFactName).sort();
}

/** The context that a caller may send: what the action declares, without the facts. */
export function callerContext(action: ActionType): RecordType {
  const attributes = new Map(action.context.attributes);
  attributes.delete(FACTS_ATTRIBUTE);

  return { kind: 'record', attributes };
}

/**
 * The whole context: the caller's, and exactly the declared facts.
 * @throws PdpError `internal` where a declared fact is missing: a policy must never see a part of what it was promised.
 */
export function withFacts(context: CedarRecord, declared: readonly FactName[], facts: Facts): CedarRecord {
  if (declared.length === 0) return context;

  const asserted = new Map<string, Value>();
  for (const name of declared) {
    const value = facts[name];
    if (value === undefined) throw new PdpError('internal', `the fact ${name} is not known`);
    asserted.set(name, value);
  }

  return new CedarRecord(new Map([...context.fields, [FACTS_ATTRIBUTE, new CedarRecord(asserted)]]));
}

function isFactName(name: string): name is FactName {
  return Object.hasOwn(FACT_TYPES, name);
}
