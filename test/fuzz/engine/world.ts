import type { RawUid } from '../../../services/engine/raw/raw.ts';
import type { ActionType, Schema } from '../../../services/engine/schema/schema.ts';
import type { Random } from '../../engine/data/random.ts';
import { idsOf, RandomData } from '../../engine/data/random-data.ts';
import { randomSchema, TYPES } from '../../engine/data/random-schema.ts';
import { schemaOf } from '../../engine/data/schemas.ts';
import { type FuzzPolicy, type Mood, policyText, randomPolicies } from './random-policy.ts';

/** A schema, and policies that need not fit it. */
export interface World {
  readonly schemaText: string;
  readonly schema: Schema;
  readonly policies: readonly FuzzPolicy[];
}

/** One request as it is sent; context and entities are JSON text. */
export interface Asked {
  readonly principal: RawUid;
  readonly action: RawUid;
  readonly resource: RawUid;
  readonly context: string;
}

/** Entities as they are sent, and requests over them. */
export interface Batch {
  readonly entities: string;
  readonly requests: readonly Asked[];
}

const MAX_POLICIES = 60;
/** Both evaluators bound the text that one request may select; the whole set stays below. */
const MAX_BYTES = 30_000;
const BATCHES = 5;
const REQUESTS = 9;
const TOWER = Array.from({ length: 5 }, (_, index) => `n${index}`);

export function randomWorld(random: Random): World {
  const { text } = randomSchema(random, 5);
  const schema = schemaOf(text);
  const mood: Mood = {
    forbidOneIn: random.pick([3, 8, 40]),
    wrongOneIn: random.pick([0, 60, 25, 8]),
    depth: random.pick([2, 3, 3, 4, 5]),
  };
  const policies: FuzzPolicy[] = [];
  const count = 1 + random.below(MAX_POLICIES);
  for (let bytes = 0, index = 0; index < count; index += 1) {
    const drawn = randomPolicies(random, schema, mood, `p${index}`);
    bytes += drawn.reduce((sum, policy) => sum + Buffer.byteLength(policyText(policy)), 0);
    if (bytes > MAX_BYTES) break;
    policies.push(...drawn);
  }

  return { schemaText: text, schema, policies };
}

/** Entities and requests, the same ones for the same seed. */
export function* randomBatches(random: Random, { schema }: World): Generator<Batch> {
  for (let index = 0; index < BATCHES; index += 1) {
    const wrongOneIn = random.pick([0, 0, 0, 0, 0, 60, 12]);
    const data = new RandomData(random, wrongOneIn);
    const ids = random.oneIn(4) ? [...TOWER, 'x'] : undefined;
    const entities = random.oneIn(5) ? data.entities(schema) : data.hierarchy(schema, ids);
    const count = wrongOneIn > 0 ? 2 : REQUESTS;

    yield { entities, requests: Array.from({ length: count }, () => randomRequest(random, schema, ids)) };
  }
}

function randomRequest(random: Random, schema: Schema, ids: readonly string[] | undefined): Asked {
  const actions = [...schema.actions.values()];
  const applicable = actions.filter(({ principalTypes }) => principalTypes.size > 0);
  const action = random.pick(random.oneIn(30) ? actions : applicable);
  const data = new RandomData(random, random.pick([0, 0, 0, 0, 30]));

  return {
    principal: subject(random, action.principalTypes, ids),
    action: random.oneIn(50) ? { type: 'Action', id: random.pick(['nope', '', 'do']) } : rawUid(action),
    resource: subject(random, action.resourceTypes, ids),
    context: data.record(action.context),
  };
}

/** Mostly of a type that fits and an id that is listed. */
function subject(random: Random, types: ReadonlySet<string>, ids: readonly string[] | undefined): RawUid {
  const known = types.size > 0 ? [...types] : TYPES;
  const type = random.oneIn(40)
    ? random.pick([...TYPES, 'Nope', 'Action', ' A', 'in', 'N::'])
    : random.pick(known);
  if (random.oneIn(40)) return { type, id: random.pick(['gone', 'é', '']) };

  return { type, id: random.pick(ids === undefined || type === 'Color' ? idsOf(type) : ids) };
}

function rawUid({ uid }: ActionType): RawUid {
  return { type: uid.type, id: uid.id };
}
