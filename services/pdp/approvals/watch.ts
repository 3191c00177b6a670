import { setTimeout as sleep } from 'node:timers/promises';
import { type Approval, listApprovals } from '../../store/approvals/read.ts';
import type { Database } from '../../store/database.ts';
import type { StoreScope } from '../../store/decisions.ts';

const POLL_MS = 500;
/** How many of the newest are looked at; of more open ones at once the oldest are told when they are listed. */
const NEWEST = 200;

/**
 * Tells of questions as they are asked, answered, used and expire: first those that are open. It looks again and again, so that nothing is
 * missed where changes are committed in another order than they were begun.
 * @param signal ends it.
 * @throws what looking throws.
 */
export async function* watchApprovals(
  database: Database,
  stores: StoreScope,
  signal: AbortSignal,
): AsyncGenerator<Approval> {
  let seen: ReadonlyMap<string, string> | undefined;
  while (!signal.aborted) {
    const now = await listApprovals(database, stores, { limit: NEWEST });
    for (const approval of now.toReversed()) {
      const before = seen?.get(approval.approval_id);
      const isNews = seen === undefined ? approval.status === 'pending' : before !== stateOf(approval);
      if (isNews) yield approval;
    }
    seen = new Map(now.map((approval) => [approval.approval_id, stateOf(approval)]));
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

function stateOf({ status, answers }: Approval): string {
  return `${status} ${answers.length}`;
}
