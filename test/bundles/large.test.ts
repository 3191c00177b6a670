import { expect, test } from 'vitest';
import { checkInWorker } from '../../services/bundles/worker/check.ts';
import { filesOf } from './files-of.ts';

const COUNT = 10_000;

test('checks 10,000 policies, and finds the few that are wrong', { timeout: 120_000 }, async () => {
  const lines = Array.from({ length: COUNT }, (_, at) => {
    const attribute = at % 2_500 === 7 ? 'nope' : 'level';

    return `// policy ${at}\n@id("p${at}")\npermit(principal == User::"${at % 3_000}", action in [Action::"view", Action::"edit"], resource)\nwhen { context.input.path like "dir${at}/*" && principal.${attribute} > ${at} };\n`;
  });
  const report = await checkInWorker(filesOf({ 'extra.cedar': lines.join('') }));
  const wrong = report.problems.filter(({ severity }) => severity === 'error');

  expect(report.policies).toBe(COUNT + 2);
  expect(wrong.map(({ code, policy_id }) => [code, policy_id])).toEqual(
    [7, 2_507, 5_007, 7_507].map((at) => ['policy_invalid', `p${at}`]),
  );
  expect(wrong.map(({ start }) => start?.line)).toEqual([7, 2_507, 5_007, 7_507].map((at) => 4 * at + 4));
});
