import { PdpError } from '../../engine/error.ts';
import type { Database } from '../database.ts';
import { query } from '../pool.ts';
import type { RunOwner } from './start-run.ts';

export interface EndedRun {
  /** Whether this call ended it; otherwise it had ended before. */
  readonly isNew: boolean;
  /** Canonical text of the entity. */
  readonly principal: string;
  readonly parent: string | undefined;
  readonly root: string;
  readonly conversationId: string;
  /** Of its tree, sorted. */
  readonly labels: readonly string[];
  readonly steps: bigint;
  readonly endedAt: Date;
}

interface EndedRow {
  readonly is_new: boolean;
  readonly principal: string;
  readonly parent: string | null;
  readonly root: string;
  readonly conversation_id: string;
  readonly labels: string[];
  readonly steps: string;
  readonly ended_at: Date;
}

/**
 * Ends a run and all that were started in it, once.
 * @throws PdpError `not_found` where it is no run of this store and credential; `unavailable`.
 */
export async function endRun(
  database: Database,
  { store, subject }: RunOwner,
  runId: string,
): Promise<EndedRun> {
  const [row] = await query<EndedRow>(database, 'select * from end_run($1, $2, $3)', [runId, store, subject]);
  if (row === undefined) throw new PdpError('not_found', 'there is no such run', { field: 'run_id' });

  return {
    isNew: row.is_new,
    principal: row.principal,
    parent: row.parent ?? undefined,
    root: row.root,
    conversationId: row.conversation_id,
    labels: row.labels,
    steps: BigInt(row.steps),
    endedAt: row.ended_at,
  };
}
