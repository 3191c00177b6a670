import { describe, expect, test } from 'vitest';
import { ASKED, OPEN_DOOR } from './support/open-door.ts';
import { refusalOf, TRANSPORTS, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall(OPEN_DOOR);

describe('an approval, which this version does not give,', () => {
  test('is refused as an annotation of a policy, and so is any other promise', async () => {
    const names = ['approval', 'approvers', 'obligations'];
    const policies = names.map(
      (name) => `@id("${name}") @${name}("a person") permit (principal, action, resource);`,
    );

    expect(await refusalOf({ ...OPEN_DOOR, policies: policies.join('\n') })).toEqual(
      names.map(() => 'policy_annotation'),
    );
  });

  test('is refused as a fact', async () => {
    const schema = `entity User, Team, Doc;
action view appliesTo { principal: User, resource: Doc, context: { pdp: { approved: Bool } } };`;

    expect(await refusalOf({ ...OPEN_DOOR, schema })).toEqual(['fact_invalid']);
  });

  test.each(TRANSPORTS)('is refused in a request over %s', async (transport) => {
    const members = { approval_id: '0199a000-0000-7000-8000-000000000000' };

    expect(await pitfall.current.ask(transport, { ...ASKED, members })).toMatchObject({
      error: 'invalid_request',
      field: 'approval_id',
    });
  });

  test.each(TRANSPORTS)('is asserted over %s by no context', async (transport) => {
    const context = '{"pdp": {"approved": true}}';

    expect(await pitfall.current.ask(transport, { ...ASKED, context })).toMatchObject({
      error: 'invalid_request',
      field: 'context.pdp',
    });
  });

  test.each(TRANSPORTS)('is not spoken of in a reply over %s', async (transport) => {
    expect(await pitfall.current.ask(transport, ASKED)).not.toHaveProperty('approval');
  });
});
