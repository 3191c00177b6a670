import { describe, expect, test } from 'vitest';
import { TRANSPORTS, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall({
  schema: `
entity User, Doc;
action view appliesTo { principal: User, resource: Doc };`,
  policies: '@id("anyone") permit (principal, action, resource);',
});
const ASKED = { principal: 'User::"u"', action: 'Action::"view"', resource: 'Doc::"d"' };

describe('a request that the schema does not admit', () => {
  test.each(
    TRANSPORTS.flatMap((transport) => [
      [transport, 'principal', { principal: 'Doc::"x"' }] as const,
      [transport, 'principal', { principal: 'Ghost::"x"' }] as const,
      [transport, 'principal', { principal: 'Action::"view"' }] as const,
      [transport, 'resource', { resource: 'User::"x"' }] as const,
      [transport, 'action', { action: 'User::"view"' }] as const,
    ]),
  )('is refused over %s for its %s: %o', async (transport, field, other) => {
    expect(await pitfall.current.ask(transport, { ...ASKED, ...other })).toMatchObject({
      error: 'invalid_request',
      field,
    });
  });

  test.each(TRANSPORTS)('is not the one that it does admit, over %s', async (transport) => {
    expect(await pitfall.current.ask(transport, ASKED)).toMatchObject({ decision: 'allow' });
  });
});
