import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { agreedBundles } from '../../services/bundles/worker/agreed.ts';
import type { JsonValue } from '../../services/ledger/json.ts';
import { readKeyring } from '../../services/ledger/keyring.ts';
import type { ReplayReport } from '../../services/pdp/replay/report.ts';
import { replay } from '../../services/pdp/replay/work.ts';
import { createPool } from '../../services/store/pool.ts';
import { sharedWorld } from '../support/shared-world.ts';
import {
  type Answer,
  type Answers,
  answersTo,
  goesOver,
  TRANSPORTS,
  type Transport,
} from './support/answers.ts';
import { type GoldenCase, readCases } from './support/read-cases.ts';

/** Members of a record that hold exactly what a case wants: here it matters what is not there. */
const WHOLE = ['disclosed', 'facts'];
/** Members of a reply that each call has for itself; people are asked anew by each, and their approval is told apart. */
const OF_ONE_CALL = ['decision_id', 'trace_id', 'evaluated_at', 'approval'];

/** The service without a transport loads what every store of the shared world runs, those of other files too. */
const SETUP_MS = 120_000;

const folder = import.meta.dirname;
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const cases = files.flatMap((file) => readCases(folder, file));
const bundles = [...new Set(cases.map(({ bundle }) => bundle))];
let answers: Answers;

beforeAll(async () => {
  answers = await answersTo(cases);
}, SETUP_MS);

describe.each(TRANSPORTS)('over %s', (transport) => {
  const going = cases.filter((one) => goesOver(transport, one));

  test.each(going)('$file: $description', (one) => {
    const { want } = one;
    const { outcome, record } = answerTo(one, transport);

    expect(outcome).toMatchObject(present(want.reply));
    for (const name of absent(want.reply)) expect(outcome).not.toHaveProperty([name]);
    expectApproval(one, answerTo(one, transport));
    if ('error' in want) expectError(want.error, outcome, record);
    else expectDecision(want, outcome, record);
    expect(record).toMatchObject({
      ...(want.record as object),
      transport: transport.split('_typed')[0],
      trace: { trace_id: outcome['trace_id'] },
    });
    for (const [name, value] of Object.entries(want.record ?? {})) {
      if (WHOLE.includes(name)) expect(record[name]).toEqual(value);
    }
  });
});

describe('every transport', () => {
  test.each(cases.filter(({ now }) => now === undefined))('says the same: $file: $description', (one) => {
    const shown = [...(answers.get(one)?.values() ?? [])].map(({ outcome }) => ({
      ...Object.fromEntries(Object.entries(outcome).filter(([name]) => !OF_ONE_CALL.includes(name))),
      approval: one.approval === undefined ? outcome['approval'] : statusOf(outcome),
    }));

    expect(shown.length).toBeGreaterThan(2);
    for (const other of shown) expect(other).toEqual(shown[0]);
  });
});

describe('replaying the log', () => {
  test.each(bundles)('gives every decision by %s as it was, over whatever it came', async (bundle) => {
    const { read, replayed, unreplayed, ...report } = await verifyStore(bundle);
    const recorded = recordsOfStore(bundle);
    const decided = recorded.filter(({ kind }) => kind === 'decision');

    expect(report).toMatchObject({ kind: 'verification', differing: 0, differences: [] });
    expect(read).toBe(recorded.length);
    expect(replayed).toBe(decided.length);
    expect(unreplayed.not_decided).toBe(recorded.length - decided.length);
  });
});

async function verifyStore(store: string): Promise<ReplayReport> {
  const { databaseUrl, keyringFile } = await sharedWorld();
  const database = createPool({ connection: databaseUrl });
  try {
    return await replay(
      {
        range: {
          store,
          from: '00000000-0000-0000-0000-000000000000',
          before: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
        },
        subject: { kind: 'verification' },
      },
      {
        database,
        keyring: await readKeyring(keyringFile),
        agreed: agreedBundles(),
        onProgress: () => undefined,
      },
    );
  } finally {
    await database.end();
  }
}

function recordsOfStore(store: string): readonly Answer['record'][] {
  return [...answers.values()]
    .flatMap((all) => [...all.values()].flatMap(({ record, recordsBefore }) => [record, ...recordsBefore]))
    .filter((record) => record['store'] === store);
}

function answerTo(one: GoldenCase, transport: Transport): Answer {
  const answer = answers.get(one)?.get(transport);
  if (answer === undefined) throw new Error(`no answer over ${transport}`);

  return answer;
}

function expectDecision(
  want: Extract<GoldenCase['want'], { decision: string }>,
  outcome: Answer['outcome'],
  record: Answer['record'],
): void {
  const { decision, reason_code, determining, errors } = want;

  expect(outcome).toMatchObject({ decision, reason_code });
  expect(record).toMatchObject({
    kind: 'decision',
    decision,
    reason_code,
    determining,
    policy_errors: errors.map((policy_id) => ({ policy_id })),
    // What the reply says, the record says too.
    decision_id: outcome['decision_id'],
    request_digest: outcome['request_digest'],
    bundle: outcome['bundle'],
    state_sequence: outcome['state_sequence'],
    message: outcome['message'] ?? '',
    enforcement: outcome['enforcement'],
    time: outcome['evaluated_at'],
  });
}

/** Whatever approval a reply tells is the one by which people were asked before, unless that was used up and is not named. */
function expectApproval({ approval, question }: GoldenCase, { outcome, approvalId }: Answer): void {
  const told = outcome['approval'] as { readonly approval_id: string } | undefined;
  if (approval === undefined || told === undefined) return;
  const isNew = approval === 'consumed' && question.members?.['approval_id'] === undefined;
  if (isNew) expect(told.approval_id).not.toBe(approvalId);
  else expect(told.approval_id).toBe(approvalId);
}

function statusOf({ approval }: Answer['outcome']): unknown {
  return (approval as { readonly status: string } | undefined)?.status;
}

function expectError(
  { code, field }: { readonly code: string; readonly field: string | undefined },
  outcome: Answer['outcome'],
  record: Answer['record'],
): void {
  expect(outcome).toMatchObject({ error: code, ...(field === undefined ? {} : { field }) });
  expect(outcome).not.toHaveProperty('decision');
  expect(record).toMatchObject({ kind: 'error', error: { code, field: field ?? null } });
  expect(record).not.toHaveProperty('decision');
}

function present(wanted: JsonValue): Readonly<Record<string, JsonValue>> {
  return Object.fromEntries(Object.entries(wanted ?? {}).filter(([, value]) => value !== null));
}

function absent(wanted: JsonValue): readonly string[] {
  return Object.entries(wanted ?? {}).flatMap(([name, value]) => (value === null ? [name] : []));
}
