import { describe, expect, test } from 'vitest';
import { checkBundle } from '../../../services/bundles/check.ts';
import type { ProblemCode } from '../../../services/bundles/problem.ts';
import { ASKING, type PayChanges, payBundle } from '../../pdp/approvals/support.ts';

const asking = (change: (text: string) => string): PayChanges => ({ asking: change(ASKING) });
const ending = (text: string): PayChanges =>
  asking((policy) => policy.replace('unless { context.pdp has approval }', text));

const errorsOf = async (changes: PayChanges) => {
  const { problems } = await checkBundle(payBundle(changes));

  return problems.filter(({ severity }) => severity === 'error');
};

describe('check accepts', () => {
  test.each<[string, PayChanges]>([
    ['a forbid that yields to an approval', {}],
    [
      'one that yields to nothing but a young one',
      ending('unless { context.pdp has approval && context.pdp.approval.count > 1 }'),
    ],
    [
      'one without a time, a number and a severity',
      asking((text) => text.replace(/@(approval_ttl|severity).*\n/g, '')),
    ],
    [
      'one of ten people within a day',
      asking((text) => text.replace('10m")', '24h")\n@approval_count("10")')),
    ],
    [
      'paths that an approver is not shown',
      { manifest: (text) => `${text}approval: { redact: [input.pin] }\n` },
    ],
  ])('%s', async (_what, changes) => {
    expect(await errorsOf(changes)).toEqual([]);
  });
});

describe('check refuses', () => {
  test.each<[string, PayChanges, ProblemCode, RegExp]>([
    [
      'an approval of a permit',
      asking((text) => text.replace('forbid (', 'permit (')),
      'policy_annotation',
      /on a forbid alone/,
    ],
    [
      'an approval of nobody',
      asking((text) => text.replace('Group::\\"finance\\"', 'finance')),
      'policy_annotation',
      /must name who approves/,
    ],
    [
      'a time that is too short',
      asking((text) => text.replace('10m', '999ms')),
      'policy_annotation',
      /from 1s to 24h/,
    ],
    [
      'a time that is too long',
      asking((text) => text.replace('10m', '24h1ms')),
      'policy_annotation',
      /from 1s to 24h/,
    ],
    [
      'a time that is none',
      asking((text) => text.replace('10m', '10 min')),
      'policy_annotation',
      /from 1s to 24h/,
    ],
    [
      'nobody at all',
      asking((text) => text.replace('10m")', '10m")\n@approval_count("0")')),
      'policy_annotation',
      /from 1 to 10/,
    ],
    [
      'eleven people',
      asking((text) => text.replace('10m")', '10m")\n@approval_count("11")')),
      'policy_annotation',
      /from 1 to 10/,
    ],
    [
      'a severity that there is not',
      asking((text) => text.replace('"high"', '"huge"')),
      'policy_annotation',
      /low, medium, high, critical/,
    ],
    [
      'a time for no approval',
      asking((text) => text.replace(/@approval\(.*\n/, '')),
      'policy_annotation',
      /says nothing without/,
    ],
    [
      'another promise of that kind',
      asking((text) => text.replace('@severity', '@approvers')),
      'policy_annotation',
      /not enforced/,
    ],
    ['a forbid that does not yield', ending(''), 'policy_annotation', /must end in unless/],
    [
      'one that yields to its absence',
      ending('when { context.pdp has approval }'),
      'policy_annotation',
      /must end in unless/,
    ],
    [
      'one that has more behind it',
      ending('unless { context.pdp has approval } when { true }'),
      'policy_annotation',
      /must end in unless/,
    ],
    [
      'one that yields to something else too',
      ending('unless { context.pdp has approval || context.input.amount < 200 }'),
      'policy_annotation',
      /must end in unless/,
    ],
    [
      'one that looks at a fact of the caller',
      ending('unless { context.input has note }'),
      'policy_annotation',
      /must end in unless/,
    ],
    [
      'an action that cannot have the fact',
      asking((text) => text.replace('action == Action::"pay"', 'action in [Action::"pay", Action::"look"]')),
      'policy_annotation',
      /Action::"look", which does not declare pdp.approval/,
    ],
    [
      'a group that the schema does not know',
      asking((text) => text.replace('Group::', 'Team::')),
      'policy_annotation',
      /does not declare/,
    ],
    [
      'people whom requests bring along',
      { manifest: (text) => text.replace('User: bundle, Group: bundle', 'User: request, Group: request') },
      'policy_annotation',
      /never taken from a request/,
    ],
    [
      'a hidden path that is none',
      { manifest: (text) => `${text}approval: { redact: [input.pni] }\n` },
      'unknown_path',
      /input.pni/,
    ],
  ])('%s', async (_what, changes, code, message) => {
    expect(await errorsOf(changes)).toContainEqual(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});
