import { describe, expect, test } from 'vitest';
import { refusalOf, TRANSPORTS, usePitfall } from './support/pitfall.ts';

const SCHEMA = `
entity User { risk: String, notes?: { text?: String }, call?: { "__extn"?: { fn: String, arg: String } } } tags String;
entity Doc;
action view appliesTo { principal: User, resource: Doc };`;
const POLICIES = `
@id("anyone") permit (principal, action, resource);
@id("not-high") forbid (principal, action, resource) when { principal.risk == "high" };`;

const pitfall = usePitfall({ schema: SCHEMA, policies: POLICIES, sources: { User: 'request' } });
const ASKED = { principal: 'User::"u"', action: 'Action::"view"', resource: 'Doc::"d"' };
const UNKNOWN = { __extn: { fn: 'unknown', arg: 'x' } };
const user = (parts: object) => ({
  uid: { type: 'User', id: 'u' },
  attrs: { risk: 'low' },
  parents: [],
  ...parts,
});

describe("partial evaluation's unknown value, which the schema itself does not stop,", () => {
  test.each(
    TRANSPORTS.flatMap((transport) =>
      [
        { attrs: { risk: UNKNOWN } },
        { attrs: { risk: 'low', notes: UNKNOWN } },
        { attrs: { risk: 'low', notes: { text: UNKNOWN } } },
        { attrs: UNKNOWN },
        // The schema admits it as a record, and Cedar would take it for the escape all the same.
        { attrs: { risk: 'low', call: UNKNOWN } },
        { tags: { a: UNKNOWN } },
        { tags: UNKNOWN },
      ].map((parts) => [transport, JSON.stringify(parts), parts] as const),
    ),
  )('is refused over %s as %s', async (transport, _text, parts) => {
    const entities = JSON.stringify([user(parts)]);

    expect(await pitfall.current.ask(transport, { ...ASKED, entities })).toMatchObject({
      error: 'invalid_request',
      field: expect.stringContaining('entities[0].'),
    });
  });

  test('is refused as a typed attribute', async () => {
    const value = { extension: { fn: 'unknown', args: [{ string: 'x' }] } };
    const entity = { uid: { type: 'User', id: 'u' }, attrs: { fields: [{ name: 'risk', value }] } };

    expect(await pitfall.current.askTyped(ASKED, { entities: { entities: [entity] } })).toMatchObject({
      error: 'invalid_request',
    });
  });

  test("is refused among a bundle's own entities", async () => {
    const entities = [user({ attrs: { risk: UNKNOWN } })];

    expect(await refusalOf({ schema: SCHEMA, policies: POLICIES, entities })).toEqual(['entity_invalid']);
  });

  test.each(TRANSPORTS)('is needed by nobody: plain values are judged over %s', async (transport) => {
    const answer = (risk: string) =>
      pitfall.current.ask(transport, { ...ASKED, entities: JSON.stringify([user({ attrs: { risk } })]) });

    expect(await answer('high')).toMatchObject({ decision: 'deny', reason_code: 'forbidden' });
    expect(await answer('low')).toMatchObject({ decision: 'allow' });
  });
});
