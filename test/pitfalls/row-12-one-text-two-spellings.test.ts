import { describe, expect, test } from 'vitest';
import { refusalOf, TRANSPORTS, usePitfall } from './support/pitfall.ts';

const COMPOSED = 'Jos\u00e9';
const DECOMPOSED = 'Jose\u0301';
const SCHEMA = `
entity Team;
entity User in [Team];
entity Doc;
action view appliesTo { principal: User, resource: Doc };`;
const forbidding = (id: string) => `
@id("anyone") permit (principal, action, resource);
@id("not-him") forbid (principal == User::"${id}", action, resource);
@id("not-his-team") forbid (principal in Team::"${id}", action, resource);
@id("not-his-doc") forbid (principal, action, resource == Doc::"${id}");`;
const SOURCES = { User: 'request', Team: 'request' } as const;

const pitfall = usePitfall({ schema: SCHEMA, policies: forbidding(COMPOSED), sources: SOURCES });

/** The request with one name in it, in four places. */
const askedAs = {
  principal: (id: string) => asked({ principal: id }),
  resource: (id: string) => asked({ resource: id }),
  'entities[0].parents[0]': (id: string) => asked({ team: id }),
};

function asked({ principal = 'u', resource = 'd', team = 'x' }) {
  return {
    principal: `User::"${principal}"`,
    action: 'Action::"view"',
    resource: `Doc::"${resource}"`,
    entities: JSON.stringify([
      { uid: { type: 'User', id: principal }, attrs: {}, parents: [{ type: 'Team', id: team }] },
    ]),
  };
}

describe('one text in two spellings of Unicode', () => {
  test.each(
    TRANSPORTS.flatMap((transport) =>
      Object.entries(askedAs).map(([field, askAs]) => [transport, field, askAs] as const),
    ),
  )('is over %s as %s forbidden in one, and refused in the other', async (transport, field, askAs) => {
    expect(await pitfall.current.ask(transport, askAs(COMPOSED))).toMatchObject({ reason_code: 'forbidden' });
    expect(await pitfall.current.ask(transport, askAs(DECOMPOSED))).toMatchObject({
      error: 'invalid_request',
      field,
    });
  });

  test.each(TRANSPORTS)('is recorded over %s as it came, not silently changed', async (transport) => {
    const outcome = await pitfall.current.ask(transport, askedAs.principal(DECOMPOSED));

    expect(await pitfall.current.record(outcome)).toMatchObject({
      principal: { type: 'User', id: DECOMPOSED },
    });
  });

  test.each(TRANSPORTS)('costs over %s no more than its length', async (transport) => {
    const marks = 'a\u0301\u0323'.padEnd(20_000, '\u0301\u0323');

    expect(await pitfall.current.ask(transport, askedAs.principal(marks))).toMatchObject({
      error: 'invalid_request',
      field: 'principal',
    });
  });

  test('is one in a bundle', async () => {
    const template = '@id("t") forbid (principal == ?principal, action, resource);';
    const link = { id: 'l', template_id: 't', values: { '?principal': { type: 'User', id: DECOMPOSED } } };
    const entities = [{ uid: { type: 'Doc', id: DECOMPOSED }, attrs: {}, parents: [] }];

    expect(await refusalOf({ schema: SCHEMA, policies: forbidding(DECOMPOSED), sources: SOURCES })).toEqual([
      'policy_construct',
      'policy_construct',
      'policy_construct',
    ]);
    expect(await refusalOf({ schema: SCHEMA, policies: template, sources: SOURCES, links: [link] })).toEqual([
      'link_invalid',
    ]);
    expect(
      await refusalOf({ schema: SCHEMA, policies: forbidding('x'), sources: SOURCES, entities }),
    ).toEqual(['entity_invalid']);
  });
});
