import type { Database } from '../database.ts';
import { query } from '../pool.ts';

/** Which run, and for whom: to everybody else it is not there. */
export interface WantedRun {
  readonly runId: string;
  /** Of the credential. */
  readonly subject: string;
  readonly stores: readonly string[];
}

/** What is known of a run at one moment. */
export interface RunState {
  readonly runId: string;
  readonly store: string;
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
  /** Milliseconds since the epoch, by PostgreSQL's clock as all these times. */
  readonly startedAt: number;
  /** When it ended, or will end by itself. */
  readonly endsAt: number;
  readonly isOpen: boolean;
  readonly readAt: number;
}

/** How often an action was allowed in a run, and when last, in milliseconds since the epoch. */
export interface ActionCount {
  readonly count: bigint;
  readonly last: number;
}

interface RunRow {
  readonly at: number;
  readonly run_id: string;
  readonly store: string;
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

/** All in one statement, so what is told of a run was true at one moment. */
const READ = {
  name: 'read_runs',
  text: `
  with clock as materialized (select limit_clock() as moment)
  select w.at::integer, r.run_id, r.store, r.principal, r.parent, r.root, r.conversation_id, t.labels, r.steps, r.started_at,
         least(r.ended_at, t.ends_at) as ends_at, r.ended_at is null and t.ends_at > moment as is_open, moment as read_at,
         (select jsonb_object_agg(a.action, jsonb_build_array(a.count::text, floor(extract(epoch from a.last_at) * 1000)))
            from run_actions a where a.run_id = r.run_id) as actions
    from clock, jsonb_to_recordset($1) as w (at integer, run_id uuid, subject text, stores jsonb)
    join runs r on r.run_id = w.run_id and r.subject = w.subject and w.stores ? r.store
    join runs t on t.run_id = r.root`,
};

/** @returns one for each that is wanted; `undefined` where there is no such run. @throws PdpError `unavailable`. */
export async function readRuns(
  database: Database,
  wanted: readonly WantedRun[],
): Promise<readonly (RunState | undefined)[]> {
  const asked = wanted.map(({ runId, subject, stores }, at) => ({ at, run_id: runId, subject, stores }));
  const rows = await query<RunRow>(database, READ, [JSON.stringify(asked)]);
  const found = new Map(rows.map((row) => [row.at, stateOf(row)]));

  return wanted.map((_, at) => found.get(at));
}

function stateOf(row: RunRow): RunState {
  const actions = Object.entries(row.actions ?? {}).map(
    ([action, [count, last]]) => [action, { count: BigInt(count), last }] as const,
  );

  return {
    runId: row.run_id,
    store: row.store,
    principal: row.principal,
    parent: row.parent ?? undefined,
    root: row.root,
    conversationId: row.conversation_id,
    labels: row.labels,
    steps: BigInt(row.steps),
    actions: new Map(actions),
    startedAt: row.started_at.getTime(),
    endsAt: row.ends_at.getTime(),
    isOpen: row.is_open,
    readAt: row.read_at.getTime(),
  };
}
