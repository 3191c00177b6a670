import { describe, expect, test } from 'vitest';
import { TRANSPORTS, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall({
  schema: `
entity User, Shop;
action order appliesTo { principal: User, resource: Shop, context: { n: Long } };`,
  policies: `
@id("anyone") permit (principal, action, resource);
@id("no-large-orders") forbid (principal, action, resource) when { context.n * 2000 > 5 };`,
});
const ASKED = { principal: 'User::"u"', action: 'Action::"order"', resource: 'Shop::"s"' };

describe('a forbid whose arithmetic overflows, which validation cannot see', () => {
  test.each(TRANSPORTS)('denies over %s, and Cedar is quoted as having allowed', async (transport) => {
    const outcome = await pitfall.current.ask(transport, {
      ...ASKED,
      context: '{"n": 9007199254740991}',
      members: { detail: 'full' },
    });

    expect(outcome).toMatchObject({
      decision: 'deny',
      reason_code: 'policy_error',
      explanation: {
        determining_policies: [{ policy_id: 'anyone' }],
        errors: [{ policy_id: 'no-large-orders' }],
        cedar_decision: 'allow',
        policy_decision: 'deny',
      },
    });
    expect(await pitfall.current.record(outcome)).toMatchObject({
      decision: 'deny',
      cedar_decision: 'allow',
    });
  });

  test.each(TRANSPORTS)('does not deny over %s what it can compute', async (transport) => {
    expect(await pitfall.current.ask(transport, { ...ASKED, context: '{"n": 0}' })).toMatchObject({
      decision: 'allow',
    });
  });
});
