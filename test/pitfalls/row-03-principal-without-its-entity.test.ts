import { describe, expect, test } from 'vitest';
import { TRANSPORTS, usePitfall } from './support/pitfall.ts';

const SCHEMA = `
entity User { lvl: Long };
entity Doc;
action view appliesTo { principal: User, resource: Doc };`;
const POLICIES = `
@id("anyone") permit (principal, action, resource);
@id("not-above-three") forbid (principal, action, resource) when { principal.lvl > 3 };`;
const ASKED = { principal: 'User::"u"', action: 'Action::"view"', resource: 'Doc::"d"' };

const ofTheRequest = usePitfall({ schema: SCHEMA, policies: POLICIES, sources: { User: 'request' } });
const ofTheBundle = usePitfall({ schema: SCHEMA, policies: POLICIES });

describe('a principal whose attributes a forbid reads', () => {
  test.each(TRANSPORTS)('is not left out of the request over %s', async (transport) => {
    for (const entities of [undefined, '[]']) {
      expect(await ofTheRequest.current.ask(transport, { ...ASKED, entities })).toMatchObject({
        error: 'invalid_request',
        field: 'principal',
      });
    }
  });

  test.each(TRANSPORTS)('is not one that the bundle does not know, over %s', async (transport) => {
    expect(await ofTheBundle.current.ask(transport, ASKED)).toMatchObject({
      error: 'invalid_request',
      field: 'principal',
    });
  });

  test.each(TRANSPORTS)('is judged by them over %s', async (transport) => {
    const answer = (lvl: number) =>
      ofTheRequest.current.ask(transport, {
        ...ASKED,
        entities: JSON.stringify([{ uid: { type: 'User', id: 'u' }, attrs: { lvl }, parents: [] }]),
      });

    expect(await answer(4)).toMatchObject({ decision: 'deny', reason_code: 'forbidden' });
    expect(await answer(3)).toMatchObject({ decision: 'allow' });
  });
});
