import { describe, expect, test } from 'vitest';
import { refusalOf, TRANSPORTS, usePitfall } from './support/pitfall.ts';

const schemaWith = (g: string) => `
entity Grp;
entity User in [Grp];
entity Doc;
action view appliesTo { principal: User, resource: Doc, context: { g: ${g} } };`;
const POLICIES = `
@id("anyone") permit (principal, action, resource);
@id("not-this-group") forbid (principal, action, resource) when { principal in context.g };`;

const pitfall = usePitfall({
  schema: schemaWith('Grp'),
  policies: POLICIES,
  sources: { User: 'request', Grp: 'request' },
});
const ASKED = {
  principal: 'User::"u"',
  action: 'Action::"view"',
  resource: 'Doc::"d"',
  entities: JSON.stringify([
    { uid: { type: 'User', id: 'u' }, attrs: {}, parents: [{ type: 'Grp', id: 'x' }] },
  ]),
};

describe('a group that the context names', () => {
  test('is no string in a bundle that passes its check', async () => {
    expect(await refusalOf({ schema: schemaWith('String'), policies: POLICIES })).toEqual(['policy_invalid']);
  });

  test.each(TRANSPORTS)('is not taken from a string over %s', async (transport) => {
    const context = JSON.stringify({ g: 'Grp::"x"' });

    expect(await pitfall.current.ask(transport, { ...ASKED, context })).toMatchObject({
      error: 'invalid_request',
      field: 'context.g',
    });
  });

  test.each(TRANSPORTS)('forbids over %s where it is one', async (transport) => {
    const answer = (id: string) =>
      pitfall.current.ask(transport, { ...ASKED, context: JSON.stringify({ g: { type: 'Grp', id } }) });

    expect(await answer('x')).toMatchObject({ decision: 'deny', reason_code: 'forbidden' });
    expect(await answer('y')).toMatchObject({ decision: 'allow' });
  });
});
