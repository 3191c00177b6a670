import { describe, expect, test } from 'vitest';
import type { Question } from '../support/question.ts';
import { restRuns } from '../support/run-client.ts';
import { ASKED, OPEN_DOOR } from './support/open-door.ts';
import { refusalOf, TRANSPORTS, usePitfall } from './support/pitfall.ts';

const LIMIT = `{ name: views, actions: ['Action::"view"'], key: [], window: 366d, max: 3 }`;
const pitfall = usePitfall({ ...OPEN_DOOR, manifest: `limits: [${LIMIT}]` });

const byRun = usePitfall({
  ...OPEN_DOOR,
  manifest: `limits: [${LIMIT.replace('window: 366d', 'lifetime: run')}]`,
});

test('a limit holds however often and over whatever it is asked, and nobody gets round it by what it says', async () => {
  const ask = (at: number, more: Question['members'] = {}) =>
    pitfall.current.ask(TRANSPORTS[at % TRANSPORTS.length] ?? 'rest', {
      ...ASKED,
      members: more,
    });
  const outcomes = await Promise.all(
    Array.from({ length: 12 }, (_, at) => ask(at, { run: { run_id: `run-${at}` } })),
  );

  expect(outcomes.filter(({ decision }) => decision === 'allow')).toHaveLength(3);
  expect(new Set(outcomes.map((outcome) => outcome['reason_code']))).toEqual(
    new Set(['permitted', 'limit_exceeded']),
  );
  expect(await ask(0, { mode: 'check' })).toMatchObject({ decision: 'deny', reason_code: 'limit_exceeded' });
});

test('a budget of each run cannot be begun anew by runs that a caller makes up', async () => {
  const ask = (run: Question['members']) =>
    byRun.current.ask('rest', { ...ASKED, ...(run && { members: run }) });
  for (const run_id of ['', 'run-1', '01a22687-4df3-7000-8000-000000000000']) {
    expect(await ask({ run: { run_id } })).toMatchObject({ decision: 'deny', reason_code: 'not_permitted' });
  }
  expect(await ask(undefined)).toMatchObject({ decision: 'deny', reason_code: 'not_permitted' });

  const { world, token } = byRun.current;
  const run = await restRuns(world.addresses, `Bearer ${token}`).start({
    principal: { type: 'User', id: 'u' },
  });
  const asked = { run: { run_id: String(run['run_id']) } };
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => ask(asked)));
  expect(outcomes.filter(({ decision }) => decision === 'allow')).toHaveLength(3);
});

describe('a limit that could not be enforced is refused:', () => {
  test('one without a maximum, and one without an end', async () => {
    const manifest = (limit: string) => ({ ...OPEN_DOOR, manifest: `limits: [${limit}]` });

    expect(await refusalOf(manifest('{ name: pushes }'))).toEqual([
      'manifest_invalid',
      'manifest_invalid',
      'manifest_invalid',
    ]);
    expect(await refusalOf(manifest(LIMIT.replace('window: 366d,', '')))).toEqual(['limit_invalid']);
  });

  test('an annotation of a policy, whatever it is called', async () => {
    const names = ['limit', 'limits', 'rate_limit', 'quota', 'budget'];
    const policies = names.map(
      (name) => `@id("${name}") @${name}("1/h") permit (principal, action, resource);`,
    );

    expect(await refusalOf({ ...OPEN_DOOR, policies: policies.join('\n') })).toEqual(
      names.map(() => 'policy_annotation'),
    );
  });

  test('a fact of another type, or about no limit', async () => {
    const schema = (pdp: string) => `entity User, Team, Doc;
action view appliesTo { principal: User, resource: Doc, context: { pdp: { ${pdp} } } };`;
    const state = '{ used: Long, remaining: Long, exhausted: Bool }';

    expect(await refusalOf({ ...OPEN_DOOR, schema: schema('limits: Long, used: Long') })).toEqual([
      'fact_invalid',
      'fact_invalid',
    ]);
    expect(await refusalOf({ ...OPEN_DOOR, schema: schema(`limits: { views: ${state} }`) })).toEqual([
      'fact_invalid',
    ]);
  });
});
