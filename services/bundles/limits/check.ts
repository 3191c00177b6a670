import { declaredMembers, FACTS_ATTRIBUTE } from '../../engine/facts/assert.ts';
import { exceedsLimit, LIMITS } from '../../engine/limits.ts';
import type { ActionType, Attribute, CedarType, Schema } from '../../engine/schema/schema.ts';
import { uidKey } from '../../engine/value/value.ts';
import type { LocatedManifest } from '../manifest.ts';
import type { Problems } from '../problems.ts';
import { parseUidText } from '../uid-text.ts';
import type { YamlPath } from '../yaml.ts';
import type { LimitDeclaration } from './declaration.ts';
import { readWindow } from './window.ts';

/**
 * Checks the limits of a manifest against the schema: what they count by and what a use costs must be there in every request that
 * they count, or a call could escape them.
 */
export function checkLimits(located: LocatedManifest, schema: Schema, problems: Problems): void {
  const { manifest, source, spanOf } = located;
  const names = new Set<string>();
  const byAction = new Map<string, string[]>();

  for (const [index, limit] of manifest.limits.entries()) {
    const refuse = (message: string, ...path: YamlPath): void => {
      problems.at(
        source,
        spanOf(['limits', index, ...path]),
        'limit_invalid',
        `limit ${limit.name}: ${message}`,
      );
    };
    if (names.has(limit.name)) refuse('another limit has this name', 'name');
    names.add(limit.name);
    checkPeriod(limit, refuse);

    const actions = actionsOf(limit, schema, refuse);
    for (const { uid } of actions) byAction.set(uid.key, [...(byAction.get(uid.key) ?? []), limit.name]);
    checkKey(limit, actions, schema, refuse);
    checkCost(limit, actions, refuse);
  }

  checkActions(located, schema, byAction, problems);
}

type Refuse = (message: string, ...path: YamlPath) => void;

function checkPeriod(limit: LimitDeclaration, refuse: Refuse): void {
  const read = readWindow(limit);
  if (typeof read === 'string')
    refuse(`its window ${read}`, limit.window === undefined ? 'lifetime' : 'window');
}

function actionsOf({ actions }: LimitDeclaration, schema: Schema, refuse: Refuse): readonly ActionType[] {
  const found = new Set<ActionType>();
  for (const [at, text] of actions.entries()) {
    const uid = parseUidText(text);
    const action = uid && schema.actions.get(uidKey(uid.type, uid.id));
    if (action === undefined) refuse(`${text} is no action of the schema`, 'actions', at);
    else if (action.principalTypes.size === 0) refuse(`${text} is a group: name its actions`, 'actions', at);
    else if (found.has(action)) refuse(`names ${text} twice`, 'actions', at);
    else found.add(action);
  }

  return [...found];
}

function checkKey(
  { key }: LimitDeclaration,
  actions: readonly ActionType[],
  schema: Schema,
  refuse: Refuse,
): void {
  for (const [at, part] of key.entries()) {
    if (key.indexOf(part) !== at) refuse(`the key names ${part} twice`, 'key', at);
    const [entity, attribute] = part.split('.');
    if (attribute === undefined) continue;

    for (const { uid, principalTypes, resourceTypes } of actions) {
      for (const type of entity === 'principal' ? principalTypes : resourceTypes) {
        const problem = keyProblem(schema.entityTypes.get(type)?.attributes.get(attribute));
        if (problem !== undefined) refuse(`${attribute} of ${type}, at ${uid.key}, ${problem}`, 'key', at);
      }
    }
  }
}

function keyProblem(attribute: Attribute | undefined): string | undefined {
  if (attribute === undefined) return 'is not in the schema';
  if (!attribute.required) return 'is optional: requests without it would not be counted';
  const { kind } = attribute.type;

  return kind === 'string' || kind === 'long' || kind === 'entity'
    ? undefined
    : 'must be a String, a Long or an entity';
}

function checkCost({ cost }: LimitDeclaration, actions: readonly ActionType[], refuse: Refuse): void {
  if (cost === 1) return;
  for (const { uid, context } of actions) {
    const path = cost.split('.');
    let type: CedarType | undefined = path[0] === FACTS_ATTRIBUTE ? undefined : context;
    for (const name of path) {
      const attribute: Attribute | undefined =
        type?.kind === 'record' ? type.attributes.get(name) : undefined;
      type = attribute?.required === true ? attribute.type : undefined;
    }
    if (type?.kind !== 'long')
      refuse(`the cost ${cost} is no required Long that ${uid.key} is sent with`, 'cost');
  }
}

function checkActions(
  { source, spanOf }: LocatedManifest,
  schema: Schema,
  byAction: ReadonlyMap<string, readonly string[]>,
  problems: Problems,
): void {
  for (const action of schema.actions.values()) {
    const limits = byAction.get(action.uid.key) ?? [];
    if (limits.length > LIMITS.action_limits) {
      const { message } = exceedsLimit('action_limits', `the number of limits of ${action.uid.key}`);
      problems.at(source, spanOf(['limits']), 'limit_exceeded', message);
    }
    for (const name of declaredMembers(action, 'limits')) {
      if (limits.includes(name)) continue;
      const message = `${action.uid.key} declares ${FACTS_ATTRIBUTE}.limits.${name}, and no limit of that name counts it`;
      problems.at(source, spanOf(['limits']), 'fact_invalid', message);
    }
  }
}
