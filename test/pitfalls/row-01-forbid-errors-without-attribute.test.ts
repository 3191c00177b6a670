import { describe, expect, test } from 'vitest';
import { refusalOf, TRANSPORTS, usePitfall } from './support/pitfall.ts';

const POLICIES = `
@id("anyone") permit (principal, action, resource);
@id("not-blocked") forbid (principal, action, resource) when { context.blocked == true };`;
const schemaWith = (blocked: string) => `
entity User, Doc;
action view appliesTo { principal: User, resource: Doc, context: { ${blocked} } };`;

const ASKED = { principal: 'User::"u"', action: 'Action::"view"', resource: 'Doc::"d"' };

describe('a forbid on an attribute that the context does not have', () => {
  test('is no part of a bundle without a schema, which is refused', async () => {
    expect(await refusalOf({ policies: POLICIES })).toContain('file_missing');
  });

  test('does not pass validation where the attribute is optional', async () => {
    expect(await refusalOf({ schema: schemaWith('blocked?: Bool'), policies: POLICIES })).toEqual([
      'policy_invalid',
    ]);
  });

  const pitfall = usePitfall({ schema: schemaWith('blocked: Bool'), policies: POLICIES });

  test.each(TRANSPORTS)('never comes to be evaluated over %s where it is required', async (transport) => {
    expect(await pitfall.current.ask(transport, { ...ASKED, context: '{}' })).toMatchObject({
      error: 'invalid_request',
      field: 'context.blocked',
    });
  });

  test.each(TRANSPORTS)('forbids over %s where it is there', async (transport) => {
    const answer = (blocked: boolean) =>
      pitfall.current.ask(transport, { ...ASKED, context: JSON.stringify({ blocked }) });

    expect(await answer(true)).toMatchObject({ decision: 'deny', reason_code: 'forbidden' });
    expect(await answer(false)).toMatchObject({ decision: 'allow' });
  });
});
