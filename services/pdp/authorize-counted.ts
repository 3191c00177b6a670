import type { LimitCount, LimitUse } from '../store/limits/uses.ts';
import type { DecisionPath, Outcome } from './authorize.ts';
import { type CountedRequest, countedRequest } from './counted-request.ts';
import { type Begun, commit, conclude, fail, refuseLate, reserve, withLimits } from './deciding.ts';
import type { Judged } from './judge.ts';
import { overLimit } from './settle.ts';

/**
 * The decision path of an action that limits count: read what is used where the bundle wants it as a fact, judge, count what is allowed,
 * record. Bundle and state are those of the beginning throughout. The caller's deadline is looked at until the decision is counted;
 * from then on it is recorded whatever the caller does, so that what is used and what is in the log agree.
 * @param settled as `authorize` has it.
 * @returns resolves once nothing more of it depends on limits.
 */
export async function authorizeCounted(
  path: DecisionPath,
  begun: Begun,
  settled: (outcome: Outcome) => void,
): Promise<void> {
  try {
    await walk(path, begun, settled);
  } catch (thrown) {
    settled(fail(path, begun.call, begun.scope, thrown));
  }
}

async function walk(path: DecisionPath, begun: Begun, settled: (outcome: Outcome) => void): Promise<void> {
  const { call, scope, store } = begun;
  const counted = countedRequest(path, begun);
  const isRead = counted.looksFirst || call.mode === 'check';
  const before = isRead ? await counted.read() : [];
  refuseLate(scope);

  const judged = counted.judge(before);
  if (judged.settled.decision === 'deny') return reply(judged, before);
  if (call.mode === 'check') return counted.isOver(before) ? deny(judged, before) : reply(judged, before);

  const counts = await countAllowed(path, begun, counted, judged, settled);
  if (counts === undefined) return;
  if (!counted.looksFirst) return deny(judged, counts);

  // Somebody was faster: what the policies say of the true state comes before that there is no room.
  path.observer.counted('lost_race', store);
  const again = counted.judge(counts);

  return again.settled.decision === 'deny' ? reply(again, counts) : deny(again, counts);

  function reply(said: Judged, counts: readonly LimitCount[]): void {
    const deciding = withLimits(conclude(path, begun, said, counted.decisionId), counted.tell(counts));
    commit(path, deciding, reserve(path, deciding), begun, settled);
  }

  function deny(said: Judged, counts: readonly LimitCount[]): void {
    path.observer.counted('exceeded', store);
    const { bundle } = begun.selected;
    reply({ ...said, settled: overLimit(bundle, said.settled, counted.over(counts)) }, counts);
  }
}

/**
 * Counts an allow and records it. There is room for the record first: what cannot be recorded must not be counted.
 * @returns what is used where there was no room for it, and it was not counted; `undefined`: it is being recorded.
 */
async function countAllowed(
  path: DecisionPath,
  begun: Begun,
  counted: CountedRequest,
  judged: Judged,
  settled: (outcome: Outcome) => void,
): Promise<readonly LimitCount[] | undefined> {
  const { counting, observer } = path;
  const { decisionId } = counted;
  const allowed = conclude(path, begun, judged, decisionId);
  const space = reserve(path, withLimits(allowed, counted.tell(counted.uses.map(unused))));
  try {
    const { consumed, counts } = await counted.consume();
    if (!consumed) {
      space.release();

      return counts;
    }

    observer.counted('consumed', begun.store);
    const deciding = withLimits(allowed, counted.tell(counts), performance.now());
    commit(path, deciding, space, begun, settled, (error) =>
      error === undefined ? counting.recorded(decisionId) : counting.release(decisionId),
    );

    return undefined;
  } catch (thrown) {
    space.release();
    throw thrown;
  }
}

function unused({ name }: LimitUse): LimitCount {
  return { name, used: 0n, resetsAt: undefined };
}
