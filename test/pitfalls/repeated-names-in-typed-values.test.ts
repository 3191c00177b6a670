import { describe, expect, test } from 'vitest';
import type { Record } from '../../services/pdp/wire/generated/palisade/v1/Record.ts';
import { usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall({
  schema: `
entity User { level?: Long, inner?: { a?: Long } } tags Long;
entity Doc;
action view appliesTo {
  principal: User,
  resource: Doc,
  context: { a?: Long, inner?: { a?: Long }, list?: Set<{ a?: Long }> }
};`,
  policies: '@id("anyone") permit (principal, action, resource);',
  sources: { User: 'request' },
});
const ASKED = { principal: 'User::"u"', action: 'Action::"view"', resource: 'Doc::"d"' };
const USER = { type: 'User', id: 'u' };

const ONCE: Record = { fields: [{ name: 'a', value: { long: '1' } }] };
const TWICE: Record = { fields: [...(ONCE.fields ?? []), { name: 'a', value: { long: '2' } }] };

/** Where a record may stand, and what the field at fault is called there. */
const PLACES = [
  { field: 'context.a', context: (record: Record) => record },
  {
    field: 'context.inner.a',
    context: (record: Record) => ({ fields: [{ name: 'inner', value: { record } }] }),
  },
  {
    field: 'context.list[0].a',
    context: (record: Record) => ({ fields: [{ name: 'list', value: { set: { elements: [{ record }] } } }] }),
  },
  { field: 'entities[0].tags.a', entity: (record: Record) => ({ uid: USER, tags: record }) },
  {
    field: 'entities[0].attrs.inner.a',
    entity: (record: Record) => ({ uid: USER, attrs: { fields: [{ name: 'inner', value: { record } }] } }),
  },
];

describe('a typed record that says a name twice', () => {
  test.each(PLACES)('is refused at $field', async ({ field, context, entity }) => {
    const ask = (record: Record) =>
      pitfall.current.askTyped(ASKED, {
        context: context?.(record) ?? null,
        entities: { entities: [entity?.(record) ?? { uid: USER }] },
      });

    expect(await ask(ONCE)).toMatchObject({ decision: 'allow' });
    expect(await ask(TWICE)).toMatchObject({ error: 'invalid_request', field });
  });

  test('is refused where both say the same', async () => {
    const same: Record = { fields: [...(ONCE.fields ?? []), ...(ONCE.fields ?? [])] };
    const entities = { entities: [{ uid: USER }] };

    expect(await pitfall.current.askTyped(ASKED, { context: same, entities })).toMatchObject({
      error: 'invalid_request',
      field: 'context.a',
    });
  });
});
