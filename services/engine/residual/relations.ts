import type { Est } from '../compiled/shape.ts';
import { closureBy } from '../reach.ts';
import { CedarSet, EntityUid } from '../value/value.ts';
import {
  declaredAttribute,
  entityTypeOf,
  mayBeWithin,
  presence,
  standsBelowType,
  typeOf,
} from './known-type.ts';
import { failing, known, never, type Partial, undecided, unknown } from './partial.ts';
import { operandOf, type Rule, type Walk } from './walk.ts';

/** Operators of which the schema, or what is known of one side, tells more than that they give a Bool. */
export const RELATIONS: readonly (readonly [string, Rule])[] = [
  ['==', (walk, node, body) => equality(walk, node, body, true)],
  ['!=', (walk, node, body) => equality(walk, node, body, false)],
  ['in', within],
  ['is', ofType],
  ['.', attribute],
  ['has', has],
  ['contains', contains],
];

/** Entities of two types are never equal; of other types the schema may let data differ. */
function equality({ partially, strict }: Walk, node: Est, body: Est, isEqual: boolean): Partial {
  const general = strict(node);
  if (general.kind !== 'residual') return general;
  const left = entityTypeOf(partially(operandOf(body, 'left')));
  const right = entityTypeOf(partially(operandOf(body, 'right')));
  const differ = left !== undefined && right !== undefined && left !== right;

  return differ ? never(general.node, isEqual) : general;
}

function within(walk: Walk, node: Est, body: Est): Partial {
  const general = walk.strict(node);
  if (general.kind !== 'residual') return general;
  const below = walk.partially(operandOf(body, 'left'));
  const above = walk.partially(operandOf(body, 'right'));

  return mayStandIn(walk, below, above) ? general : never(general.node, true);
}

function mayStandIn({ schema, view }: Walk, below: Partial, above: Partial): boolean {
  const type = entityTypeOf(below);
  if (type === undefined) return true;
  if (above.kind === 'known') {
    const targets = above.value instanceof CedarSet ? above.value.elements : [above.value];

    return targets.some((target) => !(target instanceof EntityUid) || mayBeWithin(schema, type, target.type));
  }

  const declared = typeOf(above);
  const group = declared?.kind === 'set' ? declared.element : declared;
  if (group?.kind !== 'entity') return true;
  if (below.kind !== 'known' || !(below.value instanceof EntityUid)) {
    return mayBeWithin(schema, type, group.name);
  }
  const { value } = below;
  // An action stands in groups that have no entities.
  if (schema.actions.has(value.key)) return true;
  const keys = view.attempt((environment) => closureBy(value, environment.entityOf(value)));

  return keys === undefined || standsBelowType(keys, group.name);
}

/** The type of the resource is known, and naming it cannot fail: that alone is settled, and not only bounded. */
function ofType(walk: Walk, node: Est, body: Est): Partial {
  const left = walk.partially(operandOf(body, 'left'));
  if (left.kind === 'failing') return failing(node);
  const type = entityTypeOf(left);
  const isIt = type === undefined ? undefined : type === body['entity_type'];
  const cannotFail = left.kind === 'known' || Object.hasOwn(left.node, 'Var');
  if (isIt === false && cannotFail) return known(false);

  const written = { ...body, left: walk.write(left, operandOf(body, 'left')) };
  if (body['in'] === undefined) {
    if (isIt === true && cannotFail) return known(true);

    return isIt === undefined ? undecided({ is: written }) : never({ is: written }, !isIt);
  }

  const above = walk.partially(operandOf(body, 'in'));
  if (isIt === true && above.kind === 'failing') return failing(node);
  const rebuilt = { is: { ...written, in: walk.write(above, operandOf(body, 'in')) } };

  return isIt !== false && mayStandIn(walk, left, above) ? undecided(rebuilt) : never(rebuilt, true);
}

function attribute({ schema, partially, strict }: Walk, node: Est, body: Est): Partial {
  const general = strict(node);
  if (general.kind !== 'residual') return general;
  const holder = typeOf(partially(operandOf(body, 'left')));
  const declared = declaredAttribute(schema, holder, String(body['attr']));

  return declared === 'absent' ? failing(node) : unknown(general.node, declared?.type);
}

function has({ schema, partially, strict }: Walk, node: Est, body: Est): Partial {
  const general = strict(node);
  if (general.kind !== 'residual') return general;
  const path = (typeof body['attr'] === 'string' ? [body['attr']] : body['attr']) as readonly string[];
  const there = presence(schema, typeOf(partially(operandOf(body, 'left'))), path);

  return there === undefined ? general : never(general.node, there === 'never');
}

function contains({ partially, strict }: Walk, node: Est, body: Est): Partial {
  const general = strict(node);
  if (general.kind !== 'residual') return general;
  const set = partially(operandOf(body, 'left'));
  const isEmpty = set.kind === 'known' && set.value instanceof CedarSet && set.value.elements.length === 0;

  return isEmpty ? never(general.node, true) : general;
}
