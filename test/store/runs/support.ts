import { uuidv7 } from '../../../services/pdp/uuid.ts';
import { type StartedRun, startRun } from '../../../services/store/runs/start-run.ts';
import type { OpenTestDatabase } from '../../support/postgres.ts';

export const BOT = '["e","Bot","b"]';
export const READ = '["e","Action","read"]';
export const POST = '["e","Action","post"]';
export const OWNER = { store: 'default', subject: 'runtime' };

/** Opens a run of the bot, and gives its id with it. */
export async function start(
  serving: OpenTestDatabase['serving'],
  parent?: string,
  changes: Partial<typeof OWNER> = {},
): Promise<StartedRun & { readonly runId: string }> {
  const runId = uuidv7(Date.now());
  const started = await startRun(serving, {
    runId,
    ...OWNER,
    ...changes,
    principal: BOT,
    parent,
    conversationId: '',
  });

  return { runId, ...started };
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
  { subject = OWNER.subject, ...told }: Step = {},
): Promise<string | null> {
  const run = { run_id: runId, principal: BOT, action: READ, needed: true, takes: [], ...told };
  const { rows } = await owner.query<{ outcome: string | null }>('select step_run($1) as outcome', [
    JSON.stringify({ store: OWNER.store, subject, run }),
  ]);

  return rows[0]?.outcome ?? null;
}
