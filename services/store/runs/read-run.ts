import type { Database } from '../database.ts';
import { query } from '../pool.ts';
import type { RunOwner } from './start-run.ts';

/** What is known of a run at one moment. */
export interface RunState {
  readonly runId: string;
  /** Canonical text of the entity. */
  readonly principal: string;
  readonly parent: string | undefined;
  /** The run itself, where it was started in no other. */
  readonly root: string;
  readonly conversationId: string;
  /** Of its tree, sorted; with `steps` the version of all this, since both only grow. */
  readonly labels: readonly string[];
  readonly steps: bigint;
  /** By the canonical text of the action. */
  readonly actions: ReadonlyMap<string, ActionCount>;
  readonly startedAt: Date;
  /** When it ended, or will end by itself. */
  readonly endsAt: Date;
  readonly isOpen: boolean;
  /** By PostgreSQL's clock, as all these times. */
  readonly readAt: Date;
}

/** How often an action was allowed in a run. */
export interface ActionCount {
  readonly count: bigint;
  readonly last: Date;
}

interface RunRow {
  readonly principal: string;
  readonly parent: string | null;
  readonly root: string;
  readonly conversation_id: string;
  readonly labels: string[];
  readonly steps: string;
  readonly started_at: Date;
  readonly ends_at: Date;
  readonly is_open: boolean;
  readonly read_at: Date;
  /** Counts as text: JSON's numbers are not exact. */
  readonly actions: Readonly<Record<string, readonly [count: string, lastMs: number]>> | null;
}

/** @returns `undefined` where it is no run of this store and credential. @throws PdpError `unavailable`. */
export async function readRun(
  database: Database,
  { store, subject }: RunOwner,
  runId: string,
): Promise<RunState | undefined> {
  const [row] = await query<RunRow>(
    database,
    `with clock as materialized (select limit_clock() as moment)
     select r.principal, r.parent, r.root, r.conversation_id, t.labels, r.steps, r.started_at,
            least(r.ended_at, t.ends_at) as ends_at, r.ended_at is null and t.ends_at > moment as is_open, moment as read_at,
            (select jsonb_object_agg(a.action, jsonb_build_array(a.count::text, floor(extract(epoch from a.last_at) * 1000)))
               from run_actions a where a.run_id = r.run_id) as actions
       from clock, runs r join runs t on t.run_id = r.root
      where r.run_id = $1 and r.store = $2 and r.subject = $3`,
    [runId, store, subject],
  );
  if (row === undefined) return undefined;

  const actions = Object.entries(row.actions ?? {}).map(
    ([action, [count, lastMs]]) => [action, { count: BigInt(count), last: new Date(lastMs) }] as const,
  );

  return {
    runId,
    principal: row.principal,
    parent: row.parent ?? undefined,
    root: row.root,
    conversationId: row.conversation_id,
    labels: row.labels,
    steps: BigInt(row.steps),
    actions: new Map(actions),
    startedAt: row.started_at,
    endsAt: row.ends_at,
    isOpen: row.is_open,
    readAt: row.read_at,
  };
}
