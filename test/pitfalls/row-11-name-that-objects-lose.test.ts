import { describe, expect, test } from 'vitest';
import { TRANSPORTS, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall({
  schema: `
entity User, Doc;
action view appliesTo {
  principal: User,
  resource: Doc,
  context: { "__proto__"?: Bool, inner?: { "__proto__"?: Bool } }
};`,
  policies: `
@id("anyone") permit (principal, action, resource);
@id("not-outside") forbid (principal, action, resource) when { context has "__proto__" };
@id("not-inside") forbid (principal, action, resource)
when { context has inner && context.inner has "__proto__" };`,
  manifest: 'record: { allow: [inner] }',
});
const ASKED = { principal: 'User::"u"', action: 'Action::"view"', resource: 'Doc::"d"' };
const FORBIDDEN = { decision: 'deny', reason_code: 'forbidden' };

describe('a name that an assignment to an object loses', () => {
  test.each(
    TRANSPORTS.flatMap((transport) =>
      ['{"__proto__": false}', '{"inner": {"__proto__": true}}', '{"inner": {"\\u005f_proto__": true}}'].map(
        (context) => [transport, context] as const,
      ),
    ),
  )('is seen over %s in %s', async (transport, context) => {
    expect(await pitfall.current.ask(transport, { ...ASKED, context })).toMatchObject(FORBIDDEN);
  });

  test('is seen in a typed record', async () => {
    const context = { fields: [{ name: '__proto__', value: { bool: false } }] };

    expect(await pitfall.current.askTyped(ASKED, { context })).toMatchObject(FORBIDDEN);
  });

  test.each(TRANSPORTS)('stands in the record too, over %s', async (transport) => {
    const context = '{"inner": {"__proto__": true}}';
    const record = await pitfall.current.record(await pitfall.current.ask(transport, { ...ASKED, context }));
    const { inner } = record['disclosed'] as { readonly inner: object };

    expect(Object.entries(inner)).toEqual([['__proto__', true]]);
  });

  test.each(TRANSPORTS)('is not in an object that does not have it, over %s', async (transport) => {
    expect(await pitfall.current.ask(transport, { ...ASKED, context: '{"inner": {}}' })).toMatchObject({
      decision: 'allow',
    });
  });
});
