import { beforeAll, expect, test } from 'vitest';
import { parseExactJson } from '../../services/ledger/json.ts';
import { type Spending, spending } from '../pdp/outcomes/support.ts';
import { administer, createCredential } from '../support/shared-store.ts';
import { type SharedWorld, sharedWorld } from '../support/shared-world.ts';
import { type Ran, usePalisade } from './support/run.ts';

const palisade = usePalisade();
let world: SharedWorld;
let spent: Spending;

beforeAll(async () => {
  world = await sharedWorld();
  spent = await spending(world);

  return () => {
    spent.decisions.close();
    spent.outcomes.close();
  };
});

function report(args: readonly string[], changes: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return palisade(['outcome', 'report', ...args], {
    PALISADE_URL: `http://${world.addresses.rest}`,
    PALISADE_TOKEN: spent.token,
    ...changes,
  });
}

async function allowed(n: number): Promise<string> {
  const { decision, decision_id: id } = await spent.spend(n);
  expect(decision).toBe('allow');

  return String(id);
}

test('what a call came to is recorded, and corrects what limits count, once', async () => {
  const id = await allowed(20);
  const args = [
    id,
    ...['--outcome', 'success', '--cost', 'spent=7', '--input-tokens', '1850', '--output-tokens', '420'],
    ...['--duration-ms', '2300', '--output-digest', `sha256:${'a'.repeat(64)}`],
  ];
  const first = await report(args);

  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toMatch(/^The success is recorded\.\n\nLIMIT +RESERVED +CHARGED\nspent +20 +7\n$/);
  expect(await spent.used()).toEqual(['sent 1', 'spent 7']);
  expect(await report(args)).toEqual(first);
  expect(await report([id, '--outcome', 'failure'])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'palisade: conflict: another outcome of this decision was reported before\n',
  });

  await expect
    .poll(async () => {
      const { body } = await administer(world, 'GET', '/v1/decisions?reason_code=success&since=10m');
      const records = body['records'] as { readonly outcome?: { readonly of: string } }[];

      return records.filter(({ outcome }) => outcome?.of === id);
    })
    .toMatchObject([
      {
        outcome: { of: id, result: 'success', input_tokens: 1850n, output_tokens: 420n, duration_ms: 2300n },
      },
    ]);
});

test('a failure gives back what it did not use, and --json is what the server said', async () => {
  const id = await allowed(5);
  const { code, stdout } = await report([id, '--outcome', 'failure', '--json']);

  expect(code).toBe(0);
  expect(parseExactJson(stdout)).toEqual({
    decision_id: id,
    outcome: 'failure',
    limits: [{ name: 'spent', reserved: 5n, charged: 0n }],
  });
});

test('a decision of somebody else, and one that there is not, are not found', async () => {
  const other = { PALISADE_TOKEN: await createCredential(world, { stores: [spent.store] }) };
  const id = await allowed(0);

  expect(await report([id, '--outcome', 'success'], other)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^palisade: not_found: .*\n(Try again in \d+ ms\.\n)?$/),
  });
  expect((await report(['x', '--outcome', 'success'])).stderr).toContain('decision_id is no decision id');
});

test.each<[string, readonly string[], number, string]>([
  ['no decision', ['--outcome', 'success'], 2, "missing required argument 'decision-id'"],
  ['no outcome', ['x'], 2, "required option '--outcome <outcome>'"],
  ['an outcome that there is not', ['x', '--outcome', 'done'], 2, 'Allowed choices are success, failure'],
  ['a cost of no limit', ['x', '--outcome', 'success', '--cost', '7'], 2, 'such as spent_in_a_day=310'],
  ['a negative cost', ['x', '--outcome', 'success', '--cost', 'spent=-7'], 2, 'such as spent_in_a_day=310'],
  [
    'a cost twice',
    ['x', '--outcome', 'success', '--cost', 'spent=1', '--cost', 'spent=2'],
    2,
    'The limit spent is named twice.',
  ],
  ['tokens that are none', ['x', '--outcome', 'success', '--input-tokens', 'many'], 2, 'a whole number'],
])('%s is said with what to do', async (_what, args, code, message) => {
  expect(await report(args)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) });
});

test('a limit that did not count the decision is refused, and the report can be sent again', async () => {
  const id = await allowed(0);

  expect(await report([id, '--outcome', 'success', '--cost', 'other=7'])).toMatchObject({
    code: 1,
    stderr: 'palisade: invalid_request: no limit of this name counted the decision\n',
  });
  expect(await report([id, '--outcome', 'success', '--cost', '__proto__=7'])).toMatchObject({ code: 1 });
  expect(await report([id, '--outcome', 'success'])).toMatchObject({ code: 0 });
});

// The last one that is allowed anything.
test('what cost more than a number holds exactly is sent as it is', async () => {
  const id = await allowed(1);
  const { stdout } = await report([id, '--outcome', 'success', '--cost', 'spent=9007199254740993']);

  expect(stdout).toMatch(/^spent +1 +9007199254740993$/m);
});

test('--help teaches by an example', async () => {
  const { code, stdout } = await report(['--help']);

  expect(code).toBe(0);
  expect(stdout).toContain('palisade outcome report "$DECISION" --outcome success --cost');
  expect(stdout).toContain('Exit codes: 0');
});
