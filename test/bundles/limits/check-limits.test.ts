import { describe, expect, test } from 'vitest';
import { type Changes, manifest } from '../bundle-changes.ts';
import { check, expectRefused, type Refusal } from '../check-bundle.ts';
import { limited, SENT, sendTest } from './limited-bundle.ts';

const sent = (change: (text: string) => string) => limited(change(SENT));

test('check accepts a limit, a policy that looks at it, and limits that count by the calendar and by run', async () => {
  const weekly = SENT.replace('sent', 'sent_weekly')
    .replace('24h', '{ calendar: week, time_zone: Europe/Berlin }')
    .replace('[principal, resource.owner]', '[]');

  const byRun = SENT.replace('sent', 'sent_by_run')
    .replace('window: 24h', 'lifetime: run')
    .replace('[principal,', '[run,');

  expect(await errorsOf(limited(`${SENT}, ${weekly}, ${byRun}`))).toEqual([]);
});

describe('check refuses', () => {
  test.each<Refusal>([
    [
      'a limit without a maximum',
      manifest((text) => `${text}limits: [{ name: a }]\n`),
      'manifest_invalid',
      /max/,
    ],
    [
      'a name that Cedar cannot name',
      sent((text) => text.replace('sent', 'sent-daily')),
      'manifest_invalid',
      /underscores/,
    ],
    ['a maximum of nothing', sent((text) => text.replace('max: 10', 'max: 0')), 'manifest_invalid', /max/],
    [
      'a maximum that JSON would round',
      sent((text) => text.replace('max: 10', 'max: 9007199254740993')),
      'manifest_invalid',
      /max/,
    ],
    [
      'a key that is none',
      sent((text) => text.replace('[principal,', '[context.ip,')),
      'manifest_invalid',
      /must be principal/,
    ],
    [
      'a window that is none',
      sent((text) => text.replace('24h', '[1]')),
      'manifest_invalid',
      /must be a duration/,
    ],
    ['two limits of one name', limited(`${SENT}, ${SENT}`), 'limit_invalid', /another limit has this name/],
    [
      'no window',
      sent((text) => text.replace('window: 24h, ', '')),
      'limit_invalid',
      /needs a window, or lifetime: run/,
    ],
    [
      'a duration that is none',
      sent((text) => text.replace('24h', '1 day')),
      'limit_invalid',
      /no duration "1 day"/,
    ],
    ['a window too short', sent((text) => text.replace('24h', '999ms')), 'limit_invalid', /from 1s to 366d/],
    [
      'an unknown time zone',
      sent((text) => text.replace('24h', '{ calendar: day, time_zone: Europe/Berlln }')),
      'limit_invalid',
      /no time zone/,
    ],
    [
      'an offset for a time zone',
      sent((text) => text.replace('24h', '{ calendar: day, time_zone: "+01:00" }')),
      'limit_invalid',
      /no time zone/,
    ],
    [
      'the lifetime of a run beside a window',
      sent((text) => text.replace('window: 24h', 'window: 24h, lifetime: run')),
      'limit_invalid',
      /lifetime of a run already/,
    ],
    [
      'an unknown action',
      sent((text) => text.replace('"send"', '"sned"')),
      'limit_invalid',
      /no action of the schema/,
    ],
    [
      'a group of actions',
      sent((text) => text.replace('"send"', '"banking"')),
      'limit_invalid',
      /is a group/,
    ],
    [
      'an action twice',
      sent((text) => text.replace(`['Action::"send"']`, `['Action::"send"', 'Action::"send"']`)),
      'limit_invalid',
      /twice/,
    ],
    [
      'a part of the key twice',
      sent((text) => text.replace('resource.owner', 'principal')),
      'limit_invalid',
      /names principal twice/,
    ],
    [
      'a key by what there is not',
      sent((text) => text.replace('.owner', '.boss')),
      'limit_invalid',
      /boss of Account.*not in the schema/,
    ],
    [
      'a key by what may be absent',
      sent((text) => text.replace('.owner', '.nick')),
      'limit_invalid',
      /optional/,
    ],
    [
      'a key by a set',
      sent((text) => text.replace('.owner', '.labels')),
      'limit_invalid',
      /String, a Long or an entity/,
    ],
    [
      'a cost that may be absent',
      sent((text) => text.replace('input.amount', 'input.fee')),
      'limit_invalid',
      /no required Long/,
    ],
    [
      'a cost that is a text',
      sent((text) => text.replace('input.amount', 'input.note')),
      'limit_invalid',
      /no required Long/,
    ],
    [
      'a cost that the server asserts',
      sent((text) => text.replace('input.amount', 'pdp.limits.sent.used')),
      'limit_invalid',
      /no required Long/,
    ],
    [
      'a fact about no limit',
      sent((text) => text.replace('name: sent', 'name: other')),
      'fact_invalid',
      /limits\.sent, and no limit/,
    ],
    [
      'more limits of one action than a decision may count',
      limited(
        Array.from({ length: 9 }, (_, at) => SENT.replace('sent', at === 0 ? 'sent' : `sent${at}`)).join(),
      ),
      'limit_exceeded',
      /action_limits/,
    ],
    [
      'a state of a limit with other members',
      {
        ...limited(),
        'schema.cedarschema': `${limited()?.['schema.cedarschema']}`.replace('used: Long, ', ''),
      },
      'fact_invalid',
      /limits with another type/,
    ],
    [
      'a test that does not say what is used',
      { ...limited(), ...sendTest('{}', '1', '{ decision: allow, reason_code: permitted }') },
      'test_failed',
      /pdp\.limits\.sent, and the test does not give it/,
    ],
    [
      'a test of a negative cost that wants an answer',
      {
        ...limited(),
        ...sendTest('{ limits: { sent: { used: 1 } } }', '-1', '{ decision: allow, reason_code: permitted }'),
      },
      'test_failed',
      /cannot be negative/,
    ],
  ])('%s', expectRefused);
});

describe('a test of a bundle', () => {
  test.each([
    ['within the limit', '8', '2', '{ decision: allow, reason_code: permitted, determining: [send] }'],
    [
      'over the limit though policies permit',
      '8',
      '3',
      '{ decision: deny, reason_code: limit_exceeded, determining: [send] }',
    ],
    [
      'denied by a policy that looks at the limit',
      '9',
      '1',
      '{ decision: deny, reason_code: not_permitted }',
    ],
    [
      'where more is used than a lower limit admits',
      '11',
      '0',
      '{ decision: deny, reason_code: not_permitted }',
    ],
  ])('says what is used: %s', async (_what, used, amount, want) => {
    const changes = { ...limited(), ...sendTest(`{ limits: { sent: { used: ${used} } } }`, amount, want) };

    expect(await errorsOf(changes)).toEqual([]);
  });
});

async function errorsOf(changes: Changes) {
  return (await check(changes)).problems.filter(({ severity }) => severity === 'error');
}
