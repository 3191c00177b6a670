import { describe, expect, test } from 'vitest';
import { TRANSPORTS, usePitfall } from './support/pitfall.ts';

const OVERFLOWS = 'context.n * 2 > 0';

const pitfall = usePitfall({
  schema: `
entity User, Doc;
action one, two, three, four, five appliesTo { principal: User, resource: Doc, context: { n: Long } };`,
  policies: `
@id("anyone") permit (principal, action, resource)
unless { action in [Action::"four", Action::"five"] };
@id("forbid") forbid (principal, action == Action::"one", resource) when { ${OVERFLOWS} };
@id("forbid-below") forbid (principal, action == Action::"two", resource)
when { if context.n == 0 then false else ${OVERFLOWS} };
@id("template") forbid (principal == ?principal, action == Action::"three", resource) when { ${OVERFLOWS} };
@id("failing-permit") permit (principal, action == Action::"four", resource) when { ${OVERFLOWS} };`,
  links: [{ id: 'linked', template_id: 'template', values: { '?principal': { type: 'User', id: 'u' } } }],
});
const ask = (transport: 'grpc' | 'rest', action: string, n: bigint, members = {}) =>
  pitfall.current.ask(transport, {
    principal: 'User::"u"',
    action: `Action::"${action}"`,
    resource: 'Doc::"d"',
    context: `{"n": ${n}}`,
    members: { detail: 'full', ...members },
  });
const LARGEST = 2n ** 63n - 1n;

describe('an enforced allow', () => {
  test.each(
    TRANSPORTS.flatMap((transport) => [
      [transport, 'one', 'forbid'] as const,
      [transport, 'two', 'forbid-below'] as const,
      [transport, 'three', 'linked'] as const,
    ]),
  )('over %s for %s has no forbid that failed: %s', async (transport, action, policy) => {
    const outcome = await ask(transport, action, LARGEST);

    expect(outcome).toMatchObject({
      decision: 'deny',
      reason_code: 'policy_error',
      explanation: { errors: [{ policy_id: policy }], cedar_decision: 'allow', policy_decision: 'deny' },
    });
    expect(await pitfall.current.record(outcome)).toMatchObject({
      decision: 'deny',
      reason_code: 'policy_error',
      cedar_decision: 'allow',
      determining: ['anyone'],
      policy_errors: [{ policy_id: policy }],
    });
  });

  test.each(TRANSPORTS)('over %s has a permit that determines it', async (transport) => {
    expect(await ask(transport, 'one', -1n)).toMatchObject({
      decision: 'allow',
      reason_code: 'permitted',
      explanation: {
        determining_policies: [{ policy_id: 'anyone', effect: 'permit' }],
        errors: [],
        cedar_decision: 'allow',
      },
    });
    expect(await ask(transport, 'five', 0n)).toMatchObject({
      decision: 'deny',
      reason_code: 'not_permitted',
    });
  });

  test.each(TRANSPORTS)('over %s is not what a permit that failed gives', async (transport) => {
    expect(await ask(transport, 'four', LARGEST)).toMatchObject({
      decision: 'deny',
      reason_code: 'policy_error',
      explanation: { errors: [{ policy_id: 'failing-permit' }], cedar_decision: 'deny' },
    });
  });

  test.each(TRANSPORTS)(
    'over %s cannot be had by asking for a check, or for less detail',
    async (transport) => {
      for (const members of [{ mode: 'check' }, { detail: 'basic' }]) {
        expect(await ask(transport, 'one', LARGEST, members)).toMatchObject({ decision: 'deny' });
      }
    },
  );
});
