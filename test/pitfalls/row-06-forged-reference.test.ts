import { describe, expect, test } from 'vitest';
import { refusalOf, TRANSPORTS, usePitfall } from './support/pitfall.ts';

const schemaWith = (u: string) => `
entity User, Doc, Role;
action view appliesTo { principal: User, resource: Doc, context: { u: ${u} } };`;
const ASKED = { principal: 'User::"u"', action: 'Action::"view"', resource: 'Doc::"d"' };

const aString = usePitfall({
  schema: schemaWith('String'),
  policies: '@id("admin") permit (principal, action, resource) when { context.u == "admin" };',
});
const aRecord = usePitfall({
  schema: schemaWith('{ type: String, id: String }'),
  policies: '@id("admin") permit (principal, action, resource) when { context.u.type == "never" };',
});
const ESCAPE = JSON.stringify({ u: { __entity: { type: 'Role', id: 'admin' } } });

describe('a reference in the place of a tool argument', () => {
  test.each(['String', '{ type: String, id: String }'])(
    'is not what a policy can compare %s with',
    async (type) => {
      const policies =
        '@id("admin") permit (principal, action, resource) when { context.u == Role::"admin" };';

      expect(await refusalOf({ schema: schemaWith(type), policies })).toEqual(['policy_invalid']);
    },
  );

  test.each(TRANSPORTS)('is refused over %s where the schema says String', async (transport) => {
    expect(await aString.current.ask(transport, { ...ASKED, context: ESCAPE })).toMatchObject({
      error: 'invalid_request',
      field: 'context.u',
    });
  });

  test.each(TRANSPORTS)('is refused over %s where the schema says a record', async (transport) => {
    expect(await aRecord.current.ask(transport, { ...ASKED, context: ESCAPE })).toMatchObject({
      error: 'invalid_request',
      field: 'context.u.__entity',
    });
  });

  test('is refused as a typed value', async () => {
    const entity = { type: 'Role', id: 'admin' };
    const context = { fields: [{ name: 'u', value: { entity } }] };

    expect(await aString.current.askTyped(ASKED, { context })).toMatchObject({ error: 'invalid_request' });
    expect(await aRecord.current.askTyped(ASKED, { context })).toMatchObject({ error: 'invalid_request' });
  });

  test.each(TRANSPORTS)('is only a record over %s where it has the form of one', async (transport) => {
    const context = JSON.stringify({ u: { type: 'Role', id: 'admin' } });

    expect(await aRecord.current.ask(transport, { ...ASKED, context })).toMatchObject({
      reason_code: 'not_permitted',
    });
  });
});
