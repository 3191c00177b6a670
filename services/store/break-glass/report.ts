import type { Database } from '../database.ts';
import { query } from '../pool.ts';

/** What was decided under a break-glass, as far as it is in the log. */
export interface GlassReport {
  readonly allowed: number;
  readonly denied: number;
  /** The 100 that were asked for most, first the one that was asked for most. */
  readonly actions: readonly {
    readonly type: string;
    readonly id: string;
    readonly allowed: number;
    readonly denied: number;
  }[];
  /** Ids of the first 20 decisions. */
  readonly examples: readonly string[];
}

const MOST_ACTIONS = 100;
const MOST_EXAMPLES = 20;

/** Sums up what the log holds now; decisions that are still on their way into it are missing. */
export async function reportGlass(database: Database, id: string): Promise<GlassReport> {
  const actions = await query<GlassReport['actions'][number]>(
    database,
    `select action_type as type, action_id as id, count(*) filter (where decision = 'allow')::float8 as allowed,
            count(*) filter (where decision = 'deny')::float8 as denied
     from decisions where break_glass = $1 group by 1, 2 order by count(*) desc, 1, 2`,
    [id],
  );
  const examples = await query<{ id: string }>(
    database,
    `select decision_id as id from decisions where break_glass = $1 order by decision_id limit ${MOST_EXAMPLES}`,
    [id],
  );
  const sum = (of: 'allowed' | 'denied') => actions.reduce((total, one) => total + one[of], 0);

  return {
    allowed: sum('allowed'),
    denied: sum('denied'),
    actions: actions.slice(0, MOST_ACTIONS),
    examples: examples.map((one) => one.id),
  };
}
