import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { readRecord } from '../../services/ledger/record.ts';
import { createPool } from '../../services/store/pool.ts';
import type { ServerProcess, ServerWorld } from '../support/server.ts';
import type { Answer } from './ask.ts';

const CHUNK = 2_000;
/** A drain that moves nothing for so long hangs: it tries again every second. */
const DRAIN_MS = 60_000;
const POLL_MS = 100;

/** What is wrong between the answers that clients have and the log; an answer not in it after a minute is lost. */
export async function differencesFromLog(world: ServerWorld, answers: readonly Answer[]): Promise<string[]> {
  const pool = createPool({ connection: world.database.ownerUrl, max: 1 });
  const problems: string[] = repeatedIds(answers);
  try {
    for (let start = 0; start < answers.length; start += CHUNK) {
      const chunk = answers.slice(start, start + CHUNK);
      const found = await untilFound(pool, chunk);
      problems.push(...chunk.flatMap((answer) => differenceOf(answer, found.get(answer.decisionId) ?? [])));
    }
  } finally {
    await pool.end();
  }

  return problems;
}

/** Problems that `log verify` finds, and records that the log could not take as such. */
export async function verificationProblems(world: ServerWorld, server: ServerProcess): Promise<string[]> {
  const report = await verification(world, server);
  const refused = report.refused === 0 ? [] : [`${report.refused} spool lines were refused as records`];

  return [...report.findings.map((finding) => JSON.stringify(finding)), ...refused];
}

/** Waits until this server has moved all its records, and those that it took over, to the log. */
export async function spoolProblems(world: ServerWorld, server: ServerProcess): Promise<string[]> {
  const directory = join(world.home, 'spool');
  const deadline = performance.now() + DRAIN_MS;
  while (performance.now() < deadline) {
    const { waiting } = await verification(world, server);
    if (waiting === 0 && (await recordsIn(directory)).length <= 1) return [];
    await sleep(POLL_MS);
  }

  return [`the spool is not drained after ${DRAIN_MS} ms: ${(await recordsIn(directory)).join(', ')}`];
}

/** What lies in a spool but the snapshot and its mark, which are for the next start and may be being written. */
export async function recordsIn(spool: string): Promise<string[]> {
  return (await readdir(spool)).filter(
    (name) => name !== 'snapshots' && !/\.mark(\.\w+\.draft)?$/.test(name),
  );
}

interface Verification {
  readonly waiting: number;
  readonly refused: number;
  readonly findings: readonly object[];
}

async function verification(world: ServerWorld, { addresses }: ServerProcess): Promise<Verification> {
  const response = await fetch(`http://${addresses.admin}/v1/log/verification`, {
    headers: { authorization: `Bearer ${world.adminToken}` },
  });
  if (!response.ok) throw new Error(`the log cannot be verified: ${await response.text()}`);

  return (await response.json()) as Verification;
}

function repeatedIds(answers: readonly Answer[]): string[] {
  const ids = new Set(answers.map(({ decisionId }) => decisionId));

  return ids.size === answers.length ? [] : [`${answers.length - ids.size} replies share their decision id`];
}

type Found = ReadonlyMap<string, readonly string[]>;

async function untilFound(pool: pg.Pool, answers: readonly Answer[]): Promise<Found> {
  const deadline = performance.now() + DRAIN_MS;
  for (;;) {
    const found = await find(pool, answers);
    if (found.size === answers.length || performance.now() > deadline) return found;
    await sleep(POLL_MS);
  }
}

async function find(pool: pg.Pool, answers: readonly Answer[]): Promise<Found> {
  const { rows } = await pool.query<{ id: string; record: string }>(
    'select decision_id as id, record from decisions where decision_id = any($1)',
    [answers.map(({ decisionId }) => decisionId)],
  );
  const found = new Map<string, string[]>();
  for (const { id, record } of rows) found.set(id, [...(found.get(id) ?? []), record]);

  return found;
}

function differenceOf(answer: Answer, records: readonly string[]): string[] {
  const [text] = records;
  if (text === undefined || records.length > 1)
    return [`${answer.decisionId} is ${records.length} times in the log`];

  const record = readRecord(text);
  if (record.kind !== 'decision') return [`${answer.decisionId} is an error in the log`];

  const pairs: [string, unknown, unknown][] = [
    ['decision', answer.decision, record.decision],
    ['request_id', answer.requestId, record.request_id],
    ['bundle', answer.digest, record.bundle.digest],
    ['state_sequence', answer.sequence, record.state_sequence],
    ['determining', [...answer.determining].sort().join(), record.determining.join()],
  ];

  return pairs
    .filter(([, replied, recorded]) => replied !== recorded)
    .map(
      ([name, replied, recorded]) =>
        `${answer.decisionId}: ${name} ${replied} was replied, ${recorded} recorded`,
    );
}
