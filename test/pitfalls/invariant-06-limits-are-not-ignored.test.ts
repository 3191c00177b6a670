import { describe, expect, test } from 'vitest';
import { ASKED, OPEN_DOOR } from './support/open-door.ts';
import { refusalOf, TRANSPORTS, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall(OPEN_DOOR);

describe('a limit, which this version does not enforce,', () => {
  test('is refused in a manifest', async () => {
    const manifest = 'limits: [{ name: pushes, max: 1 }]';

    expect(await refusalOf({ ...OPEN_DOOR, manifest })).toEqual(['manifest_invalid']);
  });

  test('is refused as an annotation of a policy, whatever it is called', async () => {
    const names = ['limit', 'limits', 'rate_limit', 'quota', 'budget'];
    const policies = names.map(
      (name) => `@id("${name}") @${name}("1/h") permit (principal, action, resource);`,
    );

    expect(await refusalOf({ ...OPEN_DOOR, policies: policies.join('\n') })).toEqual(
      names.map(() => 'policy_annotation'),
    );
  });

  test('is refused as a fact', async () => {
    const schema = `entity User, Team, Doc;
action view appliesTo { principal: User, resource: Doc, context: { pdp: { limits: Long, used: Long } } };`;

    expect(await refusalOf({ ...OPEN_DOOR, schema })).toEqual(['fact_invalid', 'fact_invalid']);
  });

  test.each(TRANSPORTS)('is not spoken of in a reply over %s', async (transport) => {
    expect(await pitfall.current.ask(transport, ASKED)).not.toHaveProperty('limits');
  });
});
