import type { Policy } from '../../engine/policy.ts';
import type { ActionType, CedarType, Schema } from '../../engine/schema/schema.ts';
import { uidKey } from '../../engine/value/value.ts';
import type { Applicable } from './applicable.ts';
import { type Clause, type Node, operandsOf, partsOf } from './expression.ts';

/** A policy with what its text says. */
export interface UsedBy {
  readonly policy: Policy;
  readonly applicable: Applicable;
  /** Types that its conditions ask for with `is`. */
  readonly typesTested: readonly string[];
}

/** Actions whose requests no policy looks at, and groups that no policy names. */
export function unusedActions(schema: Schema, policies: readonly UsedBy[]): readonly ActionType[] {
  const used = new Set<string>();
  const named = new Set<string>();
  const seen = new Set<Applicable>();
  for (const { policy, applicable } of policies) {
    if (policy.scope.action.op !== 'all')
      for (const { type, id } of policy.scope.action.uids) named.add(uidKey(type, id));
    for (const { type, id } of policy.literals) named.add(uidKey(type, id));
    if (seen.has(applicable)) continue;
    seen.add(applicable);
    for (const key of applicable.actions) used.add(key);
  }

  return [...schema.actions.values()].filter((action) =>
    isGroup(action) ? !named.has(action.uid.key) : !used.has(action.uid.key),
  );
}

/** Whether no request can name it. */
export function isGroup({ principalTypes, resourceTypes }: ActionType): boolean {
  return principalTypes.size === 0 || resourceTypes.size === 0;
}

/** Types that neither a request nor a policy can come upon: no action takes them, nothing that it takes leads to them. */
export function unusedTypes(schema: Schema, policies: readonly UsedBy[]): readonly string[] {
  const used = new Set<string>();
  for (const action of schema.actions.values()) {
    if (isGroup(action)) continue;
    for (const type of [...action.principalTypes, ...action.resourceTypes]) used.add(type);
    addTypes(action.context, used);
  }
  for (const one of policies) addNamed(one, used);

  // A set that grows while it is walked is walked to its end.
  for (const name of used) {
    const type = schema.entityTypes.get(name);
    for (const above of type?.memberOfTypes ?? []) used.add(above);
    for (const { type: attribute } of type?.attributes.values() ?? []) addTypes(attribute, used);
    if (type?.tags !== undefined) addTypes(type.tags, used);
  }

  return [...schema.entityTypes.keys()].filter((name) => !used.has(name));
}

function addTypes(type: CedarType, used: Set<string>): void {
  const open = [type];
  const seen = new Set<CedarType>();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (next.kind === 'entity') used.add(next.name);
    if (next.kind === 'set') open.push(next.element);
    if (next.kind === 'record') for (const attribute of next.attributes.values()) open.push(attribute.type);
  }
}

function addNamed({ policy: { scope, literals }, typesTested }: UsedBy, used: Set<string>): void {
  for (const constraint of [scope.principal, scope.resource]) {
    if ('type' in constraint) used.add(constraint.type);
    if ('uid' in constraint) used.add(constraint.uid.type);
  }
  for (const { type } of literals) used.add(type);
  for (const type of typesTested) used.add(type);
}

/** Types that clauses ask for with `is`. */
export function typesTestedIn(clauses: readonly Clause[]): readonly string[] {
  const types = new Set<string>();
  const open: Node[] = clauses.map(({ body }) => body);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [operator, body] = partsOf(next);
    if (operator === 'is') types.add(String((body as Node)['entity_type']));
    open.push(...operandsOf(operator, body));
  }

  return [...types];
}
