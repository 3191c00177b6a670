import { describe, expect, test } from 'vitest';
import type { Question } from '../support/question.ts';
import { TRANSPORTS, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall(
  {
    schema: `
entity Group in [Group];
entity User in [Group] { level: Long };
entity Team in [Team];
entity Agent in [Team, Group];
entity Doc in [Group] { secret: Bool };
action look;
action view in [look] appliesTo {
  principal: [User, Agent],
  resource: Doc,
  context: { owner?: User, pdp: { now: datetime } }
};
action plain in [look] appliesTo { principal: [User, Agent], resource: Doc };`,
    policies: `
@id("anyone") permit (principal, action, resource);
@id("no-night-shift") forbid (principal, action == Action::"view", resource)
when { context.pdp.now < datetime("2020-01-01") };
@id("no-interns") forbid (principal in Group::"interns", action, resource);
@id("no-guests") forbid (principal in Team::"guests", action, resource);`,
    sources: { Agent: 'request', Team: 'request' },
    entities: [
      { uid: { type: 'Group', id: 'interns' }, attrs: {}, parents: [] },
      { uid: { type: 'User', id: 'u' }, attrs: { level: 1 }, parents: [{ type: 'Group', id: 'interns' }] },
      { uid: { type: 'Doc', id: 'd' }, attrs: { secret: true }, parents: [] },
    ],
  },
  { principals: [{ type: 'Agent' }, { type: 'User', ids: ['u'] }] },
);

const ASKED = {
  principal: 'Agent::"a"',
  action: 'Action::"view"',
  resource: 'Doc::"d"',
  entities: JSON.stringify([{ uid: { type: 'Agent', id: 'a' }, attrs: {}, parents: [] }]),
};
const agent = (parents: object[], ...more: object[]) =>
  JSON.stringify([{ uid: { type: 'Agent', id: 'a' }, attrs: {}, parents }, ...more]);
const NOW = '{"__extn": {"fn": "datetime", "arg": "2026-01-01"}}';
const INTERNS = { type: 'Group', id: 'interns' };

const REFUSED: readonly (readonly [string, Partial<Question>, string, string])[] = [
  ['what time it is', { context: `{"pdp": {"now": ${NOW}}}` }, 'invalid_request', 'context.pdp'],
  ['facts of no name', { context: '{"pdp": {}}' }, 'invalid_request', 'context.pdp'],
  ['facts spelled with an escape', { context: '{"p\\u0064p": {}}' }, 'invalid_request', 'context.pdp'],
  [
    'facts where there are none',
    { action: 'Action::"plain"', context: `{"pdp": {"now": ${NOW}}}` },
    'invalid_request',
    'context.pdp',
  ],
  [
    'what an action is',
    { entities: agent([], { uid: { type: 'Action', id: 'view' }, attrs: {}, parents: [] }) },
    'invalid_request',
    'entities[1]',
  ],
  ['that it is somebody else', { principal: 'User::"boss"' }, 'permission_denied', 'principal'],
  [
    'that it is at home elsewhere',
    { members: { policy_store: 'default' } },
    'permission_denied',
    'policy_store',
  ],
  [
    "what the bundle's own entity is",
    { entities: agent([], { uid: { type: 'User', id: 'u' }, attrs: { level: 9 }, parents: [] }) },
    'invalid_request',
    'entities[1]',
  ],
  [
    'that the bundle has an entity that it has not',
    { entities: agent([], { uid: { type: 'User', id: 'new' }, attrs: { level: 9 }, parents: [] }) },
    'invalid_request',
    'entities[1]',
  ],
  [
    "what stands below the bundle's own group",
    { entities: agent([INTERNS]) },
    'invalid_request',
    'entities[0].parents[0]',
  ],
  [
    "what stands above the bundle's own group",
    { entities: agent([], { uid: INTERNS, attrs: {}, parents: [{ type: 'Group', id: 'all' }] }) },
    'invalid_request',
    'entities[1]',
  ],
  [
    'only half of its parents',
    { entities: agent([{ type: 'Team', id: 'half' }]) },
    'invalid_request',
    'entities[0].parents[0]',
  ],
  ['nothing of itself', { entities: '[]' }, 'invalid_request', 'principal'],
];

describe('a caller', () => {
  test.each(TRANSPORTS.flatMap((transport) => REFUSED.map((row) => [transport, ...row] as const)))(
    'does not say over %s %s',
    async (transport, _what, changes, error, field) => {
      expect(await pitfall.current.ask(transport, { ...ASKED, ...changes })).toMatchObject({ error, field });
    },
  );

  test('does not say in typed values what time it is', async () => {
    const { entities: _, ...asked } = ASKED;
    const extension = { fn: 'datetime', args: [{ string: '2026-01-01' }] };
    const now = { record: { fields: [{ name: 'now', value: { extension } }] } };

    expect(
      await pitfall.current.askTyped(asked, { context: { fields: [{ name: 'pdp', value: now }] } }),
    ).toMatchObject({ error: 'invalid_request', field: 'context.pdp' });
  });

  test.each(TRANSPORTS)('says over %s what is its to say, and is judged by it', async (transport) => {
    const guest = agent([{ type: 'Team', id: 'guests' }], {
      uid: { type: 'Team', id: 'guests' },
      attrs: {},
      parents: [],
    });

    expect(await pitfall.current.ask(transport, ASKED)).toMatchObject({ decision: 'allow' });
    expect(await pitfall.current.ask(transport, { ...ASKED, entities: guest })).toMatchObject({
      decision: 'deny',
      reason_code: 'forbidden',
    });
  });

  test.each(TRANSPORTS)('is over %s in the groups that the bundle says', async (transport) => {
    const { entities: _, ...asked } = ASKED;

    expect(await pitfall.current.ask(transport, { ...asked, principal: 'User::"u"' })).toMatchObject({
      decision: 'deny',
      reason_code: 'forbidden',
    });
  });
});
