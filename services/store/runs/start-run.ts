import { PdpError } from '../../engine/error.ts';
import { exceedsLimit, LIMITS } from '../../engine/limits.ts';
import type { Database } from '../database.ts';
import { columnText } from '../decisions.ts';
import { query } from '../pool.ts';

/** Whose a run is: nobody else may use, end or look at it. */
export interface RunOwner {
  readonly store: string;
  /** Of the credential. */
  readonly subject: string;
}

export interface NewRun extends RunOwner {
  /** UUIDv7. */
  readonly runId: string;
  /** Canonical text of the entity. */
  readonly principal: string;
  /** Absent: it is a root. */
  readonly parent: string | undefined;
  readonly conversationId: string;
}

export interface StartedRun {
  /** The run itself, where it was started in no other. */
  readonly root: string;
  /** Of its tree, sorted. */
  readonly labels: readonly string[];
  readonly startedAt: Date;
}

/**
 * Opens a run.
 * @throws PdpError `not_found` where its parent is not one of the same store and credential, `precondition_failed` where that has
 * ended, `too_large` over `run_depth`; `unavailable`.
 */
export async function startRun(database: Database, run: NewRun): Promise<StartedRun> {
  const wanted = JSON.stringify({
    run_id: run.runId,
    store: run.store,
    subject: run.subject,
    principal: run.principal,
    parent: run.parent,
    conversation_id: columnText(run.conversationId),
  });
  const [row] = await query<{ outcome: string; root: string; labels: string[]; started_at: Date }>(
    database,
    `select * from start_run($1, $2::float8 * interval '1 millisecond', $3)`,
    [wanted, LIMITS.run_ms, LIMITS.run_depth],
  );
  if (row?.outcome !== 'started') throw notStarted(row?.outcome);

  return { root: row.root, labels: row.labels, startedAt: row.started_at };
}

const FIELD = 'parent_run_id';

function notStarted(outcome: string | undefined): PdpError {
  switch (outcome) {
    case 'parent_unknown':
      return new PdpError('not_found', 'there is no such run', { field: FIELD });
    case 'parent_ended':
      return new PdpError('precondition_failed', 'the run has ended', { field: FIELD });
    case 'too_deep':
      return exceedsLimit('run_depth', FIELD);
    default:
      return new PdpError('internal', 'a run was not started, and nothing says why');
  }
}
