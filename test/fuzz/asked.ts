import { callerContext } from '../../services/engine/facts/assert.ts';
import type { ActionType, EntityType } from '../../services/engine/schema/schema.ts';
import type { Random } from '../engine/data/random.ts';
import { RandomData } from '../engine/data/random-data.ts';
import type { FuzzBundle } from './fuzz-bundle.ts';

export interface Uid {
  readonly type: string;
  readonly id: string;
}

/** A request in parts; context and entities are Cedar JSON text. */
export interface Asked {
  readonly bundle: FuzzBundle;
  readonly principal: Uid;
  readonly action: Uid;
  readonly resource: Uid;
  readonly context: string;
  readonly entities: string;
  readonly requestId: string;
  readonly detail: 'basic' | 'full';
  readonly mode: 'enforce' | 'check';
}

/** Ids that requests make up, those that `RandomData` refers to. */
const IDS = ['x', 'y', '', 'é😀'];
/** One value in so many is wrong; most requests have none. */
const WRONG_ONE_IN = [0, 0, 0, 0, 60, 12];

/** A random request that fits its bundle, but for the values that are wrong on purpose. */
export function randomAsked(random: Random, bundle: FuzzBundle, requestId: string): Asked {
  const data = new RandomData(random, random.pick(WRONG_ONE_IN));
  const action = random.pick([...bundle.schema.actions.values()].filter(isRequestable));
  const principal = randomUid(random, bundle, random.pick([...action.principalTypes]));
  const resource = randomUid(random, bundle, random.pick([...action.resourceTypes]));

  return {
    bundle,
    principal,
    action: random.oneIn(80) ? { type: 'Action', id: 'nope' } : { type: action.uid.type, id: action.uid.id },
    resource,
    context: data.record(callerContext(action)),
    entities: randomEntities(random, data, bundle, [principal, resource]),
    requestId,
    detail: random.oneIn(6) ? 'basic' : 'full',
    mode: random.oneIn(12) ? 'check' : 'enforce',
  };
}

function isRequestable({ principalTypes, resourceTypes }: ActionType): boolean {
  return principalTypes.size > 0 && resourceTypes.size > 0;
}

function randomUid(random: Random, bundle: FuzzBundle, type: string): Uid {
  const known = bundle.ids.get(type) ?? IDS;

  return { type, id: random.oneIn(60) ? 'nobody' : random.pick(known) };
}

/** The entities that the request must bring, and a few others, under each other without a cycle. */
function randomEntities(random: Random, data: RandomData, bundle: FuzzBundle, named: readonly Uid[]): string {
  // Now and then also entities that are the bundle's to say.
  const foreign = random.oneIn(25);
  const types = [...bundle.schema.entityTypes.values()].filter(
    ({ name }) => foreign || bundle.requestTypes.has(name),
  );
  if (types.length === 0) return '[]';

  const wanted = named.filter(({ type }) => bundle.requestTypes.has(type) && !random.oneIn(60));
  const more = random.list(4, () => randomUid(random, bundle, random.pick(types).name));
  const uids = [...new Map([...wanted, ...more].map((uid) => [JSON.stringify(uid), uid])).values()];
  const texts = uids.map((uid, index) => {
    const type = bundle.schema.entityTypes.get(uid.type);

    return type === undefined ? '{}' : entityText(random, data, bundle, type, uid, uids.slice(index + 1));
  });
  if (texts.length > 0 && random.oneIn(10)) texts.push(random.pick(texts));

  return `[${random.shuffle(texts).join()}]`;
}

function entityText(
  random: Random,
  data: RandomData,
  bundle: FuzzBundle,
  type: EntityType,
  uid: Uid,
  above: readonly Uid[],
): string {
  const open = [...type.ancestorTypes].filter(
    (name) => bundle.requestTypes.has(name) && isBare(bundle.schema.entityTypes.get(name)),
  );
  const bare = open.map((name) => randomUid(random, bundle, name));
  const parents = random.some([...above.filter((parent) => type.ancestorTypes.has(parent.type)), ...bare]);
  if (random.oneIn(60)) parents.push({ type: 'Folder', id: 'root' });
  const { tags } = type;
  const tagTexts =
    tags === undefined ? [] : random.some(['', 'k', '__extn']).map((name) => `"${name}":${data.value(tags)}`);
  const attrs = data.record({ kind: 'record', attributes: type.attributes });

  return `{"uid":${JSON.stringify(uid)},"attrs":${attrs},"parents":${JSON.stringify(parents)},"tags":{${tagTexts.join()}}}`;
}

/** A parent of a type without attributes and parents need not be listed. */
function isBare(type: EntityType | undefined): boolean {
  return (
    type !== undefined &&
    type.attributes.size === 0 &&
    type.memberOfTypes.size === 0 &&
    type.tags === undefined
  );
}
