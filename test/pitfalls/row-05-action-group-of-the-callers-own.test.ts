import { describe, expect, test } from 'vitest';
import { TRANSPORTS, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall({
  schema: `
entity User, Doc;
action adminGroup;
action purge in [adminGroup] appliesTo { principal: User, resource: Doc };
action view appliesTo { principal: User, resource: Doc };`,
  policies: '@id("admins") permit (principal, action in Action::"adminGroup", resource);',
  sources: { User: 'request', Doc: 'request' },
});
const ASKED = { principal: 'User::"u"', action: 'Action::"view"', resource: 'Doc::"d"' };
const VIEW = { type: 'Action', id: 'view' };
const ADMIN_GROUP = { type: 'Action', id: 'adminGroup' };

describe('an action that the caller puts into a group', () => {
  test.each(TRANSPORTS)('is refused over %s', async (transport) => {
    const entities = JSON.stringify([{ uid: VIEW, attrs: {}, parents: [ADMIN_GROUP] }]);

    expect(await pitfall.current.ask(transport, { ...ASKED, entities })).toMatchObject({
      error: 'invalid_request',
      field: 'entities[0]',
    });
  });

  test('is refused as a typed entity too', async () => {
    const entities = { entities: [{ uid: VIEW, parents: [ADMIN_GROUP] }] };

    expect(await pitfall.current.askTyped(ASKED, { entities })).toMatchObject({
      error: 'invalid_request',
      field: 'entities[0]',
    });
  });

  test.each(TRANSPORTS)('is in the groups that the schema says, over %s', async (transport) => {
    expect(await pitfall.current.ask(transport, ASKED)).toMatchObject({ reason_code: 'not_permitted' });
    expect(await pitfall.current.ask(transport, { ...ASKED, action: 'Action::"purge"' })).toMatchObject({
      decision: 'allow',
    });
  });
});
