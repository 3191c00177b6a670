import { uidKey } from '../../engine/value/value.ts';
import type { Client } from '../database.ts';
import { query } from '../pool.ts';

interface ActionCounts {
  readonly type: string;
  readonly id: string;
  readonly allowed: number;
  readonly denied: number;
}

/** What was decided under a break-glass, as far as it is in the log. */
export interface GlassReport {
  readonly allowed: number;
  readonly denied: number;
  /** The 100 that were asked for most, first the one that was asked for most. */
  readonly actions: readonly ActionCounts[];
  /** Ids of the first 20 decisions. */
  readonly examples: readonly string[];
}

const MOST_ACTIONS = 100;
const MOST_EXAMPLES = 20;
/** Bounds one statement, which is cut off after its time: a busy agent makes millions of decisions in four hours. */
const PAGE_ROWS = 10_000;
const FIRST = '00000000-0000-0000-0000-000000000000';

/** Along the index, whatever PostgreSQL expects of a partition that it has not analyzed: see `REPLAY_SETTINGS`. */
const ALONG_THE_INDEX = 'set local enable_bitmapscan = off; set local enable_sort = off';
const PAGE = `
  with page as materialized (
    select decision_id, action_type, action_id, decision from decisions
     where break_glass = $1 and decision_id > $2 order by decision_id limit $3)
  select action_type as type, action_id as id, count(*) filter (where decision = 'allow')::float8 as allowed,
         count(*) filter (where decision = 'deny')::float8 as denied, count(*)::float8 as decisions,
         max(decision_id::text collate "C") as last
    from page group by 1, 2`;

interface Counted extends ActionCounts {
  readonly decisions: number;
  readonly last: string;
}

/**
 * Sums up what the log holds now, within a transaction; decisions that are still on their way into it are missing.
 * @param pageRows how many decisions one statement counts.
 */
export async function reportGlass(
  client: Client,
  id: string,
  pageRows: number = PAGE_ROWS,
): Promise<GlassReport> {
  await query(client, ALONG_THE_INDEX);
  const byAction = new Map<string, ActionCounts>();
  for (let last = FIRST, isMore = true; isMore; ) {
    const page = await query<Counted>(client, PAGE, [id, last, pageRows]);
    for (const counted of page) {
      addTo(byAction, counted);
      if (counted.last > last) last = counted.last;
    }
    isMore = page.reduce((sum, { decisions }) => sum + decisions, 0) === pageRows;
  }
  const examples = await query<{ id: string }>(
    client,
    `select decision_id as id from decisions where break_glass = $1 order by decision_id limit ${MOST_EXAMPLES}`,
    [id],
  );
  const actions = [...byAction.values()].sort(byCount);
  const sum = (of: 'allowed' | 'denied') => actions.reduce((total, one) => total + one[of], 0);

  return {
    allowed: sum('allowed'),
    denied: sum('denied'),
    actions: actions.slice(0, MOST_ACTIONS),
    examples: examples.map((one) => one.id),
  };
}

function addTo(byAction: Map<string, ActionCounts>, { type, id, allowed, denied }: Counted): void {
  const key = uidKey(type, id);
  const before = byAction.get(key);
  byAction.set(key, {
    ...{ type, id },
    allowed: allowed + (before?.allowed ?? 0),
    denied: denied + (before?.denied ?? 0),
  });
}

function byCount(one: ActionCounts, other: ActionCounts): number {
  const more = other.allowed + other.denied - one.allowed - one.denied;

  return more === 0 ? compareKeys(uidKey(one.type, one.id), uidKey(other.type, other.id)) : more;
}

function compareKeys(one: string, other: string): number {
  return one < other ? -1 : 1;
}
