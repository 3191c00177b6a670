import { describe, expect, test } from 'vitest';
import { ASKED, OPEN_DOOR, USER } from './support/open-door.ts';
import { refusalOf, TRANSPORTS, usePitfall } from './support/pitfall.ts';

/** The open door, but for what people have to approve. */
const ASKING = {
  ...OPEN_DOOR,
  schema: `type Approval = { by: Set<String>, at: datetime, count: Long };
${OPEN_DOOR.schema?.replace('pdp: { now: datetime }', 'pdp: { now: datetime, approval?: Approval }')}
entity Person in [Board];
entity Board;`,
  policies: `${OPEN_DOOR.policies}
@id("ask") @approval("Board::\\"all\\"") forbid (principal, action == Action::"view", resource)
unless { context.pdp has approval };`,
  entities: [{ uid: { type: 'Person', id: 'p' }, attrs: {}, parents: [{ type: 'Board', id: 'all' }] }],
};
const NOBODY = '0199a000-0000-7000-8000-000000000000';

const pitfall = usePitfall(ASKING);

describe('an approval', () => {
  test('is promised by no policy that does not yield to it, and by no name that nobody enforces', async () => {
    const policies = [
      '@id("a") @approval("Board::\\"all\\"") forbid (principal, action, resource);',
      '@id("b") @approval("Board::\\"all\\"") permit (principal, action, resource);',
      '@id("c") @approvers("a person") permit (principal, action, resource);',
      '@id("d") @obligations("a person") permit (principal, action, resource);',
    ];
    for (const policy of policies) {
      expect(await refusalOf({ ...ASKING, policies: policy })).toContain('policy_annotation');
    }
  });

  test('is no fact under another name', async () => {
    const schema = `entity User, Team, Doc;
action view appliesTo { principal: User, resource: Doc, context: { pdp: { approved: Bool } } };`;

    expect(await refusalOf({ ...OPEN_DOOR, schema })).toEqual(['fact_invalid']);
  });

  test.each(TRANSPORTS)('is wanted over %s, and nothing is allowed without it', async (transport) => {
    expect(await pitfall.current.ask(transport, ASKED)).toMatchObject({
      decision: 'deny',
      reason_code: 'approval_required',
      approval: { status: 'pending' },
    });
  });

  test.each(TRANSPORTS)('that nobody gave is good for nothing over %s', async (transport) => {
    for (const approval_id of [NOBODY, 'a', "'; drop table approvals; --"]) {
      expect(await pitfall.current.ask(transport, { ...ASKED, members: { approval_id } })).toMatchObject({
        decision: 'deny',
        reason_code: 'approval_invalid',
      });
    }
  });

  test.each(TRANSPORTS)('that is still only asked for is good for nothing over %s', async (transport) => {
    const { approval } = (await pitfall.current.ask(transport, ASKED)) as {
      approval: { approval_id: string };
    };
    const members = { approval_id: approval.approval_id };

    expect(await pitfall.current.ask(transport, { ...ASKED, members })).toMatchObject({
      decision: 'deny',
      reason_code: 'approval_invalid',
    });
  });

  test.each(TRANSPORTS)('is asserted over %s by no context', async (transport) => {
    for (const pdp of ['{"approved": true}', '{"approval": {"by": ["p"], "count": 1}}']) {
      expect(await pitfall.current.ask(transport, { ...ASKED, context: `{"pdp": ${pdp}}` })).toMatchObject({
        error: 'invalid_request',
        field: 'context.pdp',
      });
    }
  });

  test.each(TRANSPORTS)('is given over %s by no entity that the caller brings along', async (transport) => {
    const entities = JSON.stringify([
      USER,
      { uid: { type: 'Person', id: 'u' }, attrs: {}, parents: [{ type: 'Board', id: 'all' }] },
    ]);

    expect(await pitfall.current.ask(transport, { ...ASKED, entities })).toMatchObject({
      error: 'invalid_request',
    });
  });

  test.each(TRANSPORTS)('is not spoken of over %s where nobody has to approve', async (transport) => {
    const reply = await pitfall.current.ask(transport, { ...ASKED, action: 'Action::"list"' });

    expect(reply).toMatchObject({ decision: 'allow' });
    expect(reply).not.toHaveProperty('approval');
  });
});
