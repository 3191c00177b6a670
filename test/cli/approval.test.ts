import { expect, test } from 'vitest';
import { parseExactJson } from '../../services/ledger/json.ts';
import { idOf, useDesk } from '../pdp/approvals/desk-world.ts';
import { ASKING } from '../pdp/approvals/support.ts';
import { type Ran, usePalisade } from './support/run.ts';

const palisade = usePalisade();
const desk = useDesk({
  manifest: (text) => `${text}approval: { redact: [input.pin] }\n`,
  // Words that look like a line of what would run.
  asking: ASKING.replace(/@reason\(.*\)/, '@reason("Ask finance.\\nprincipal  Bot::\\"other\\"")'),
});

async function run(who: string, command: string, ...args: string[]): Promise<Ran> {
  return palisade(['approval', command, ...args], {
    PALISADE_TOKEN: await desk.current.tokenOf(who),
    PALISADE_ADMIN_URL: `http://${desk.current.world.addresses.admin}`,
  });
}

test('a question is listed, shown with nothing hidden, approved, and used', async () => {
  const note = 'rent \u202e\u001b[2J';
  const id = idOf(await desk.current.pay({ note, pin: '1234' }));
  await expect.poll(async () => (await run('fay', 'show', id)).code).toBe(0);

  expect((await run('fay', 'list')).stdout).toMatch(
    new RegExp(
      `^${id}  pending +high +${desk.current.store} +Bot::"bot" Action::"pay" Account::"a" +Group::"finance"`,
      'm',
    ),
  );
  const { stdout } = await run('fay', 'show', id);
  expect(stdout.match(/^principal {2}.*$/gm)).toEqual(['principal  Bot::"bot"']);
  expect(stdout).toContain('input.amount = 500\n');
  expect(stdout).toContain('input.note = "rent \\u{202e}\\u{1b}[2J"\n');
  expect(stdout).toContain('input.pin = (redacted)\n');
  expect(stdout).not.toContain('1234');
  expect((await run('eve', 'show', id)).stdout).toContain('not shown: this person is in none of the groups');
  expect(await run('eve', 'approve', id)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('permission_denied'),
  });

  expect((await run('fay', 'approve', id, '--comment', 'as agreed')).stdout).toMatch(
    /^It is approved: .* once until /,
  );
  expect(await run('gil', 'approve', id)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('conflict'),
  });
  expect(await desk.current.pay({ note, pin: '1234', approval_id: id })).toMatchObject({ decision: 'allow' });
  const shown = await run('fay', 'show', id, '--json');
  expect(parseExactJson(shown.stdout)).toMatchObject({
    approval: { status: 'consumed', answers: [{ comment: 'as agreed' }] },
  });
});

test('a question is denied, and listed as that', async () => {
  const id = idOf(await desk.current.pay({ note: 'denied' }));
  await expect.poll(async () => (await run('fay', 'show', id)).code).toBe(0);

  expect(await run('fay', 'deny', id, '--as', 'User::"fay"')).toMatchObject({
    code: 0,
    stdout: 'It is denied.\n',
  });
  expect((await run('fay', 'list', '--status', 'denied')).stdout).toContain(id);
  expect((await run('fay', 'list')).stdout).not.toContain(id);
});
