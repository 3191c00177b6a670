import { describe, expect, test } from 'vitest';
import { testBundle } from '../../../services/bundles/test-bundle.ts';
import { ASKING, LIMITED, type PayChanges, payBundle } from '../../pdp/approvals/support.ts';

/** What a test says of a payment beside what it wants. */
interface Paid {
  readonly amount?: number;
  readonly account?: string;
  readonly note?: string;
  readonly facts?: string;
}

const APPROVED = `approval: { by: ['User::"fay"'], at: "2026-11-29T10:00:00Z", count: 1 }`;
const REQUIRED = 'decision: deny, reason_code: approval_required';
const FINANCE = `{ group: 'Group::"finance"' }`;

/** How a test of the bundle in which people approve payments ends. */
async function ran(
  want: string,
  { amount = 500, account = 'a', note = 'secret', facts = '' }: Paid = {},
  changes?: PayChanges,
) {
  const files = new Map(payBundle(changes));
  const text = `- description: pays
  request: { principal: 'Bot::"bot"', action: 'Action::"pay"', resource: 'Account::"${account}"', context: { input: { amount: ${amount}, note: ${note} } } }
  facts: { ${facts} }
  want: { ${want} }
`;
  files.set('tests/pay.yaml', Buffer.from(text));
  const { problems, tests, coverage } = await testBundle(files);
  const [result] = tests?.results ?? [];

  return { problems, coverage, ...result };
}

const forbidAll = (when: string): string =>
  `@id("others") forbid (principal, action == Action::"pay", resource) when { ${when} };`;

describe('a test of a bundle', () => {
  test('is answered as a server answers: approval_required, with whose word it takes', async () => {
    expect(await ran(`${REQUIRED}, approval: { groups: [${FINANCE}], ttl: 10m }`)).toMatchObject({
      passed: true,
      got: {
        decision: 'deny',
        reason_code: 'approval_required',
        approval: { groups: [{ group: 'Group::"finance"', count: 1 }], ttl: '10m', severity: 'high' },
        determining: ['large-payments'],
      },
    });
    expect(await ran('decision: deny, reason_code: forbidden')).toMatchObject({
      passed: false,
      differences: ['reason_code is approval_required, wanted forbidden'],
    });
  });

  test.each<[string, string, readonly string[]]>([
    [
      'another group',
      `groups: [{ group: 'Group::"legal"', count: 2 }], ttl: 10m`,
      ['approval.groups is 1 of Group::"finance", wanted 2 of Group::"legal"'],
    ],
    [
      'more of them',
      `groups: [{ group: 'Group::"finance"', count: 2 }]`,
      ['approval.groups is 1 of Group::"finance", wanted 2 of Group::"finance"'],
    ],
    [
      'one group more',
      `groups: [${FINANCE}, { group: 'Group::"legal"' }]`,
      ['approval.groups is 1 of Group::"finance", wanted 1 of Group::"finance", 1 of Group::"legal"'],
    ],
    ['another time', `groups: [${FINANCE}], ttl: 15m`, ['approval.ttl is 10m, wanted 15m']],
  ])('fails where it wants %s', async (_what, approval, differences) => {
    expect(await ran(`${REQUIRED}, approval: { ${approval} }`)).toMatchObject({ passed: false, differences });
  });

  test('fails where it wants somebody asked and nobody is', async () => {
    const approval = `approval: { groups: [${FINANCE}], ttl: 10m }`;

    expect(await ran(`decision: allow, reason_code: permitted, ${approval}`, { amount: 5 })).toMatchObject({
      passed: false,
      differences: [
        'approval.groups is none, wanted 1 of Group::"finance"',
        'approval.ttl is none, wanted 10m',
      ],
    });
  });

  test('gives the fact, and is allowed by it', async () => {
    expect(await ran('decision: allow, reason_code: permitted', { facts: APPROVED })).toMatchObject({
      passed: true,
    });
  });

  test.each<[string, Paid, PayChanges]>([
    ['another forbid stands', { account: 'moon' }, {}],
    ['another forbid stands although people have approved', { account: 'moon', facts: APPROVED }, {}],
    [
      'their word is not enough',
      { facts: APPROVED },
      { asking: ASKING.replace('has approval }', 'has approval && context.pdp.approval.count > 1 }') },
    ],
    ['their word brings another forbid', {}, { policies: forbidAll('context.pdp has approval') }],
    [
      'no run could take the label',
      { note: 'unheard' },
      {
        schema: (text) => text.replace('note?:', 'note:'),
        manifest: (text) => `${text}labels: { takes: { 'Action::"pay"': [context.input.note] } }\n`,
      },
    ],
  ])('is forbidden where %s', async (_what, paid, changes) => {
    expect(await ran('decision: deny, reason_code: forbidden', paid, changes)).toMatchObject({
      passed: true,
      got: { reason_code: 'forbidden' },
    });
  });

  test('asks people before it says that a limit has no room, and says that once they have approved', async () => {
    const used = 'limits: { paid: { used: 1 } }';

    expect(await ran(REQUIRED, { facts: used }, LIMITED)).toMatchObject({ passed: true });
    expect(
      await ran('decision: deny, reason_code: limit_exceeded', { facts: `${used}, ${APPROVED}` }, LIMITED),
    ).toMatchObject({ passed: true });
  });

  test('has people approve at its own now, or long ago', async () => {
    const asking = ASKING.replace(
      'has approval }',
      'has approval && context.pdp.approval.at < datetime("2026-11-29T12:00:00Z") }',
    );
    const at = (now: string): Paid => ({ facts: `now: "${now}"` });

    expect(await ran(REQUIRED, {}, { asking })).toMatchObject({ passed: true });
    expect(await ran(REQUIRED, at('2026-11-29T11:59:59Z'), { asking })).toMatchObject({ passed: true });
    expect(await ran(REQUIRED, at('2026-11-29T12:00:00Z'), { asking })).toMatchObject({ passed: false });
  });

  test('covers nothing by what is only supposed', async () => {
    const { coverage } = await ran(REQUIRED);
    const [asking] = coverage?.policies.filter(({ policy_id }) => policy_id === 'large-payments') ?? [];
    const [permit] = coverage?.policies.filter(({ policy_id }) => policy_id === 'anyone') ?? [];

    expect(asking).toMatchObject({ matched: 1, held: 1, not_held: 0 });
    expect(permit).toMatchObject({ matched: 1, determined: 0 });
  });

  test.each([
    ['{}', 'has no groups'],
    ['{ groups: [] }', 'must name somebody'],
    ['{ groups: [{}] }', 'has no group'],
    ['{ groups: [{ group: finance }] }', 'must be an entity'],
    [`{ groups: [{ group: 'Group::"finance"', count: 0 }] }`, 'must be a whole number from 1'],
    [`{ groups: [{ group: 'Group::"finance"', count: two }] }`, 'must be a whole number from 1'],
    [`{ groups: [${FINANCE}], ttl: soon }`, 'must be a duration'],
    [`{ groups: [${FINANCE}], by: fay }`, 'unknown key'],
  ])('that wants %s of people is refused', async (approval, message) => {
    const { problems, passed } = await ran(`${REQUIRED}, approval: ${approval}`);

    expect(passed).toBeUndefined();
    expect(problems).toMatchObject([{ code: 'test_invalid', message: expect.stringContaining(message) }]);
  });
});
