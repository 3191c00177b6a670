import type { Effect } from '../../../services/engine/policy.ts';
import type { RawUid } from '../../../services/engine/raw/raw.ts';
import type { RecordType, Schema } from '../../../services/engine/schema/schema.ts';
import type { Random } from '../../engine/data/random.ts';
import { idsOf } from '../../engine/data/random-data.ts';
import { TYPES } from '../../engine/data/random-schema.ts';
import { textLiteral, uidLiteral } from './cedar-syntax.ts';
import { RandomExpression } from './random-expression.ts';
import { type Tree, textOf } from './tree.ts';

/** A policy that is text for Cedar, and that can be made smaller part by part. */
export interface FuzzPolicy {
  readonly id: string;
  readonly effect: Effect;
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly clauses: readonly { readonly kind: 'when' | 'unless'; readonly body: Tree }[];
  /** Absent: a static policy. */
  readonly link?: { readonly templateId: string; readonly values: Readonly<Record<string, RawUid>> };
}

export function policyText({ effect, principal, action, resource, clauses }: FuzzPolicy): string {
  const text = clauses.map(({ kind, body }) => ` ${kind} { ${textOf(body)} }`).join('');

  return `${effect}(${principal}, ${action}, ${resource})${text};`;
}

/** How the policies of one set are drawn. */
export interface Mood {
  /** One policy in so many forbids. */
  readonly forbidOneIn: number;
  /** One expression in so many does not fit; 0: none. */
  readonly wrongOneIn: number;
  readonly depth: number;
}

/** A static policy, or a template with its links. */
export function randomPolicies(random: Random, schema: Schema, mood: Mood, id: string): FuzzPolicy[] {
  const principalType = random.pick(TYPES);
  const resourceType = random.pick(TYPES);
  const action = random.pick(
    [...schema.actions.values()].filter(({ principalTypes }) => principalTypes.size > 0),
  );
  const expressions = new RandomExpression(
    random,
    schema,
    { principal: principalType, resource: resourceType, context: action.context },
    mood.wrongOneIn,
  );
  const isTemplate = random.oneIn(6);
  const principal =
    isTemplate && random.oneIn(2)
      ? slotted(random, 'principal', principalType)
      : head(random, 'principal', schema, principalType);
  const resource =
    isTemplate && !principal.includes('?')
      ? slotted(random, 'resource', resourceType)
      : head(random, 'resource', schema, resourceType);
  const drawn: FuzzPolicy = {
    id,
    effect: random.oneIn(mood.forbidOneIn) ? 'forbid' : 'permit',
    principal,
    action: actionHead(random, action.uid.type, action.uid.id),
    resource,
    clauses: clausesOf(random, expressions, mood, context(action.context)),
  };
  if (!isTemplate) return [drawn];

  return Array.from({ length: 1 + random.below(3) }, (_, index) => ({
    ...drawn,
    id: `${id}.${index}`,
    link: { templateId: id, values: slotValues(random, drawn) },
  }));
}

function context(type: RecordType): boolean {
  return type.attributes.size > 0;
}

function clausesOf(
  random: Random,
  expressions: RandomExpression,
  { depth, wrongOneIn }: Mood,
  hasContext: boolean,
): FuzzPolicy['clauses'] {
  const count = random.pick(hasContext ? [0, 1, 1, 1, 1, 2, 3] : [0, 1, 1, 1, 2]);

  return Array.from({ length: count }, () => ({
    kind: random.pick(['when', 'when', 'unless'] as const),
    body: expressions.of(wrongOneIn > 0 && random.oneIn(12) ? 'long' : 'bool', 1 + random.below(depth)),
  }));
}

function head(random: Random, variable: 'principal' | 'resource', schema: Schema, type: string): string {
  const above = random.pick([...(schema.entityTypes.get(type)?.ancestorTypes ?? []), type]);
  const other = random.pick([...TYPES, 'Nope']);

  return random.pick([
    ...Array.from({ length: 6 }, () => () => variable),
    () => `${variable} is ${type}`,
    () => `${variable} is ${type}`,
    () => `${variable} == ${anyUid(random, type)}`,
    () => `${variable} in ${anyUid(random, above)}`,
    () => `${variable} in ${anyUid(random, random.oneIn(4) ? other : above)}`,
    () => `${variable} is ${random.oneIn(6) ? other : type} in ${anyUid(random, above)}`,
  ])();
}

function slotted(random: Random, variable: 'principal' | 'resource', type: string): string {
  return `${variable} ${random.pick(['==', 'in', 'in', `is ${type} in`])} ?${variable}`;
}

function actionHead(random: Random, type: string, id: string): string {
  const own = uidLiteral(random, type, id);
  const groups = ['Action::"top"', 'Action::"group"', 'N::Action::"inner"', 'Action::"nope"', own];

  return random.pick([
    () => 'action',
    () => 'action',
    () => 'action',
    () => 'action',
    () => `action == ${own}`,
    () => `action in ${random.pick(groups)}`,
    () => `action in [${random.some(groups).join(', ')}]`,
  ])();
}

function slotValues(random: Random, { principal, resource }: FuzzPolicy): Readonly<Record<string, RawUid>> {
  const slots = [principal, resource].flatMap((text) => text.match(/\?\w+/g) ?? []);

  return Object.fromEntries(
    slots.map((slot) => {
      const type = random.pick(TYPES);

      return [slot, { type, id: random.pick(idsOf(type)) }];
    }),
  );
}

function anyUid(random: Random, type: string): string {
  return random.oneIn(15)
    ? `Nope::${textLiteral(random, '')}`
    : uidLiteral(random, type, random.pick(idsOf(type)));
}
