import { uuidv7 } from '../../../services/pdp/uuid.ts';
import { type RunState, readRuns, type WantedRun } from '../../../services/store/runs/read-runs.ts';
import { startRun } from '../../../services/store/runs/start-run.ts';
import type { OpenTestDatabase } from '../../support/postgres.ts';

export const BOT = '["e","Bot","b"]';
export const READ = '["e","Action","read"]';
export const POST = '["e","Action","post"]';
const STORE = 'default';
const SUBJECT = 'runtime';

/** Opens a run of the bot. */
export async function start(
  serving: OpenTestDatabase['serving'],
  parent?: string,
  subject = SUBJECT,
): Promise<{ readonly runId: string }> {
  const runId = uuidv7(Date.now());
  await startRun(serving, { runId, store: STORE, subject, principal: BOT, parent, conversationId: '' });

  return { runId };
}

/** A run as its owner asks for it. */
export function own({ runId }: { readonly runId: string }): WantedRun {
  return { runId, subject: SUBJECT, stores: [STORE] };
}

/** What is known of a run. */
export async function read(
  serving: OpenTestDatabase['serving'],
  run: { readonly runId: string },
): Promise<RunState> {
  const [state] = await readRuns(serving, [own(run)]);
  if (state === undefined) throw new Error('there is no such run');

  return state;
}

/** What `step_run` is told of an allow. */
export interface Step {
  readonly needed?: boolean;
  readonly steps?: number;
  readonly labels?: number;
  readonly takes?: readonly string[];
  readonly action?: string;
  readonly principal?: string;
  readonly subject?: string;
}

/** Counts an allow as `settle_decision` does; only the owner may by itself. */
export async function step(
  owner: OpenTestDatabase['owner'],
  runId: string,
  { subject = SUBJECT, ...told }: Step = {},
): Promise<string | null> {
  const run = { run_id: runId, principal: BOT, action: READ, needed: true, takes: [], ...told };
  const { rows } = await owner.query<{ outcome: string | null }>('select step_run($1) as outcome', [
    JSON.stringify({ store: STORE, subject, run }),
  ]);

  return rows[0]?.outcome ?? null;
}
