import { PdpError } from '../../engine/error.ts';
import { exceedsLimit, LIMITS } from '../../engine/limits.ts';
import { columnText } from '../column-text.ts';
import type { Database } from '../database.ts';
import { query } from '../pool.ts';

export interface NewRun {
  /** UUIDv7. */
  readonly runId: string;
  readonly store: string;
  /** Of the credential: nobody else may use, end or look at it. */
  readonly subject: string;
  /** Canonical text of the entity. */
  readonly principal: string;
  /** Absent: it is a root. */
  readonly parent: string | undefined;
  readonly conversationId: string;
}

/**
 * Opens a run; `readRuns` tells of it.
 * @throws PdpError `not_found` where its parent is not one of the same store and credential, `precondition_failed` where that has
 * ended, `too_large` over `run_depth` and `run_tree`; `unavailable`.
 */
export async function startRun(database: Database, run: NewRun): Promise<void> {
  const wanted = JSON.stringify({
    run_id: run.runId,
    store: run.store,
    subject: run.subject,
    principal: run.principal,
    parent: run.parent,
    conversation_id: columnText(run.conversationId),
  });
  const [row] = await query<{ refused: string | null }>(
    database,
    `select start_run($1, $2 * interval '1 hour', $3, $4) as refused`,
    [wanted, LIMITS.run_hours, LIMITS.run_depth, LIMITS.run_tree],
  );
  if (row?.refused !== null) throw notStarted(row?.refused);
}

const FIELD = 'parent_run_id';

function notStarted(refused: string | undefined): PdpError {
  switch (refused) {
    case 'parent_unknown':
      return new PdpError('not_found', 'there is no such run', { field: FIELD });
    case 'parent_ended':
      return new PdpError('precondition_failed', 'the run has ended', { field: FIELD });
    case 'too_deep':
      return exceedsLimit('run_depth', FIELD);
    case 'too_many':
      return exceedsLimit('run_tree', FIELD);
    default:
      return new PdpError('internal', 'a run was not started, and nothing says why');
  }
}
