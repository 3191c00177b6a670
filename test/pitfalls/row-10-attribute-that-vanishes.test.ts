import { describe, expect, test } from 'vitest';
import { TRANSPORTS, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall({
  schema: `
entity User, Doc;
action view appliesTo { principal: User, resource: Doc, context: { blocked?: Bool } };`,
  policies: `
@id("anyone") permit (principal, action, resource);
@id("not-blocked") forbid (principal, action, resource) when { context has blocked && context.blocked };`,
});
const ASKED = { principal: 'User::"u"', action: 'Action::"view"', resource: 'Doc::"d"' };
const REFUSED = { error: 'invalid_request', field: 'context.blocked' };

describe('an attribute without a value', () => {
  test.each(TRANSPORTS)('is refused over %s, and does not vanish', async (transport) => {
    expect(await pitfall.current.ask(transport, { ...ASKED, context: '{"blocked": null}' })).toMatchObject(
      REFUSED,
    );
  });

  test.each([
    ['no value', { name: 'blocked' }],
    ['a value of no kind', { name: 'blocked', value: {} }],
  ])('is refused as a typed field with %s', async (_what, field) => {
    expect(await pitfall.current.askTyped(ASKED, { context: { fields: [field] } })).toMatchObject(REFUSED);
  });

  test('is not what a typed false is, which protobuf writes all the same', async () => {
    const typed = (bool: boolean) =>
      pitfall.current.askTyped(ASKED, { context: { fields: [{ name: 'blocked', value: { bool } }] } });

    expect(await typed(false)).toMatchObject({ decision: 'allow' });
    expect(await typed(true)).toMatchObject({ decision: 'deny', reason_code: 'forbidden' });
  });

  test.each(TRANSPORTS)('is not what true is, over %s', async (transport) => {
    expect(await pitfall.current.ask(transport, { ...ASKED, context: '{"blocked": true}' })).toMatchObject({
      decision: 'deny',
      reason_code: 'forbidden',
    });
  });
});
