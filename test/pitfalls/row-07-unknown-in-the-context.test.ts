import { describe, expect, test } from 'vitest';
import { TRANSPORTS, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall({
  schema: `
entity User, Doc;
action view appliesTo {
  principal: User,
  resource: Doc,
  context: { risk?: String, address?: ipaddr, owner?: User, parts?: Set<String>, inner?: { risk?: String }, call?: { "__extn"?: { fn: String, arg: String } } }
};`,
  policies: `
@id("anyone") permit (principal, action, resource);
@id("not-high") forbid (principal, action, resource) when { context has risk && context.risk == "high" };`,
});
const ASKED = { principal: 'User::"u"', action: 'Action::"view"', resource: 'Doc::"d"' };
const UNKNOWN = { __extn: { fn: 'unknown', arg: 'x' } };

describe("partial evaluation's unknown value", () => {
  test.each(
    TRANSPORTS.flatMap((transport) =>
      [
        { risk: UNKNOWN },
        { address: UNKNOWN },
        { address: { fn: 'unknown', arg: 'x' } },
        { address: { __extn: { fn: 'ip', arg: UNKNOWN } } },
        { owner: UNKNOWN },
        { parts: ['a', UNKNOWN] },
        { parts: UNKNOWN },
        { inner: UNKNOWN },
        { inner: { risk: UNKNOWN } },
        // The schema admits it as a record, and Cedar would take it for the escape all the same.
        { call: UNKNOWN },
        UNKNOWN,
      ].map((context) => [transport, JSON.stringify(context)] as const),
    ),
  )('is refused over %s as %s', async (transport, context) => {
    expect(await pitfall.current.ask(transport, { ...ASKED, context })).toMatchObject({
      error: 'invalid_request',
    });
  });

  test.each(['risk', 'address', 'owner', 'parts', 'inner'])(
    'is refused as a typed value of %s',
    async (name) => {
      const extension = { fn: 'unknown', args: [{ string: 'x' }] };
      const context = { fields: [{ name, value: { extension } }] };

      expect(await pitfall.current.askTyped(ASKED, { context })).toMatchObject({
        error: 'invalid_request',
        field: expect.stringContaining(`context.${name}`),
      });
    },
  );

  test.each(TRANSPORTS)('is not what an allow over %s rests on: it names its permit', async (transport) => {
    const outcome = await pitfall.current.ask(transport, { ...ASKED, members: { detail: 'full' } });

    expect(outcome).toMatchObject({
      decision: 'allow',
      explanation: { determining_policies: [{ policy_id: 'anyone', effect: 'permit' }] },
    });
  });
});
