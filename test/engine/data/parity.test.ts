import { describe, expect, test } from 'vitest';
import { CedarText, createCedarInstance } from '../../../services/engine/cedar/instance.ts';
import { readContext } from '../../../services/engine/data/context.ts';
import { type Entity, readEntities } from '../../../services/engine/data/entities.ts';
import { PdpError } from '../../../services/engine/error.ts';
import { parseJson } from '../../../services/engine/raw/json.ts';
import { readSchema } from '../../../services/engine/schema/read.ts';
import type { ActionType, Schema } from '../../../services/engine/schema/schema.ts';
import { writeFields, writeValue } from '../../../services/engine/value/cedar-json.ts';
import { expressionOf } from './cedar-text.ts';
import { Random } from './random.ts';
import { RandomData } from './random-data.ts';
import { cedarString, randomSchema } from './random-schema.ts';

/** Contexts and entity lists that are compared, half of each; more by hand after a change to the readers. */
const CASES = Number(process.env['PALISADE_PARITY_CASES'] ?? 960);
const SEED = Number(process.env['PALISADE_PARITY_SEED'] ?? 20_261_122);
const CASES_PER_SCHEMA = 24;

const cedar = createCedarInstance();

describe('data under a random schema', () => {
  test('is accepted where Cedar accepts it, and means the same', { timeout: CASES * 20 + 10_000 }, () => {
    const seen = { accepted: 0, refused: 0 };
    for (let start = 0; start < CASES; start += CASES_PER_SCHEMA) {
      const random = new Random(SEED + start);
      const { text } = randomSchema(random);
      const schema = schemaOf(text);
      for (let index = 0; index < CASES_PER_SCHEMA; index += 1) {
        const data = new RandomData(random, random.pick([0, 12, 40]));
        const accepted =
          index % 2 === 0
            ? compareContext(text, schema, data, random)
            : compareEntities(text, schema, data, random);
        seen[accepted ? 'accepted' : 'refused'] += 1;
      }
    }

    // A generator that has drifted to one verdict compares nothing.
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(CASES / 5);
  });
});

function compareContext(text: string, schema: Schema, data: RandomData, random: Random): boolean {
  const action = actionOf(schema, 'act');
  const raw = data.record(action.context);
  const context = attempt(() => readContext(schema, action, parseJson(raw, 'context')));
  const call = `{"schema":${JSON.stringify(text)},"action":{"type":"Action","id":"act"},"context":${raw}}`;
  expect(context !== undefined, `${text}\n${raw}`).toBe(succeeds('checkParseContext', call));
  if (context === undefined) return false;

  const same = `context == ${expressionOf(context)}`;
  const principal = random.pick(['A', 'B', 'N::C']);
  const request = (json: string): string =>
    requestText(text, same, { principal, action: 'act', context: json, entities: '[]' });
  expect(isAllowed(request(raw)), `${text}\n${raw}\n${same}`).toBe(true);
  expect(isAllowed(request(writeValue(context))), `${text}\n${raw}\n${writeValue(context)}`).toBe(true);

  return true;
}

function compareEntities(text: string, schema: Schema, data: RandomData, random: Random): boolean {
  const raw = data.entities(schema);
  const entities = attempt(() => readEntities(schema, parseJson(raw, 'entities'), { allowActions: true }));
  const call = `{"schema":${JSON.stringify(text)},"entities":${raw}}`;
  expect(entities !== undefined, `${text}\n${raw}`).toBe(succeeds('checkParseEntities', call));
  if (entities === undefined || entities.length === 0) return entities !== undefined;

  const entity = random.pick(entities);
  const same = sameAs(entity);
  const { type, id } = entity.uid;
  const written = `[${entities.map(writeEntity).join()}]`;
  const request = (json: string): string =>
    requestText(text, same, { principal: type, id, action: 'probe', context: '{}', entities: json });
  expect(isAllowed(request(raw)), `${text}\n${raw}\n${same}`).toBe(true);
  expect(isAllowed(request(written)), `${text}\n${raw}\n${written}`).toBe(true);

  return true;
}

function schemaOf(text: string): Schema {
  expect(cedar.call('checkParseSchema', text), text).toEqual({ type: 'success' });
  const { json } = cedar.call('schemaToJsonWithResolvedTypes', text) as { readonly json: unknown };

  return readSchema(json);
}

function actionOf(schema: Schema, id: string): ActionType {
  const action = schema.actions.get(`Action::"${id}"`);
  if (action === undefined) throw new Error(`no action ${id}`);

  return action;
}

/** `undefined` where the data is refused. Any other error fails the test. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof PdpError && error.code === 'invalid_request') return undefined;
    throw error;
  }
}

function succeeds(check: 'checkParseContext' | 'checkParseEntities', call: string): boolean {
  return (cedar.call(check, new CedarText(call)) as { readonly type: string }).type === 'success';
}

interface Asked {
  readonly principal: string;
  readonly id?: string;
  readonly action: string;
  readonly context: string;
  readonly entities: string;
}

function requestText(schema: string, condition: string, asked: Asked): string {
  const policy = `permit(principal, action, resource) when { ${condition} };`;
  const id = asked.id ?? (asked.principal === 'Color' ? 'red' : 'x');

  return `{"principal":${JSON.stringify({ type: asked.principal, id })},"action":{"type":"Action","id":"${asked.action}"},
    "resource":{"type":"A","id":"r"},"context":${asked.context},"entities":${asked.entities},
    "schema":${JSON.stringify(schema)},"validateRequest":true,"policies":{"staticPolicies":${JSON.stringify(policy)}}}`;
}

function isAllowed(request: string): boolean {
  const answer = cedar.call('isAuthorized', new CedarText(request)) as {
    readonly response?: { readonly decision: string };
  };

  return answer.response?.decision === 'allow';
}

/** True of the principal alone that is this entity, in every part. */
function sameAs({ attributes, tags, parents }: Entity): string {
  return [
    'true',
    ...[...attributes].map(([name, value]) => `principal[${cedarString(name)}] == ${expressionOf(value)}`),
    ...[...tags].map(([name, value]) => `principal.getTag(${cedarString(name)}) == ${expressionOf(value)}`),
    ...parents.map((parent) => `principal in ${expressionOf(parent)}`),
    ...['a', 'b', '__entity', '__extn', 'é😀']
      .filter((name) => !attributes.has(name))
      .map((name) => `!(principal has ${cedarString(name)})`),
  ].join(' && ');
}

function writeEntity({ uid, attributes, tags, parents }: Entity): string {
  return `{"uid":${writeValue(uid)},"attrs":${writeFields(attributes)},"parents":[${parents
    .map(writeValue)
    .join()}],"tags":${writeFields(tags)}}`;
}
