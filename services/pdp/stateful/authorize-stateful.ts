import { PdpError } from '../../engine/error.ts';
import type { SettlementAnswer } from '../../store/settlement.ts';
import { approvalGone, liftByApproval, type Said } from '../approvals/lift.ts';
import type { DecisionPath, Outcome } from '../authorize.ts';
import {
  type Begun,
  conclude,
  fail,
  refuseLate,
  reserve,
  withApproval,
  withLimits,
  withRetry,
} from '../deciding.ts';
import { commitKeyed } from '../idempotency/commit-keyed.ts';
import type { Judged } from '../judge.ts';
import { overLimit } from '../settle.ts';
import type { ReplyApproval } from '../types.ts';
import { type Known, type StatefulRequest, statefulRequest } from './stateful-request.ts';

/**
 * The decision path of a request that depends on state in PostgreSQL: read what is known where the bundle wants it as a fact, judge, settle
 * what an allow takes in one transaction, record. Where the state has moved in between it is judged again, by what is true then. Bundle and
 * entities are those of the beginning throughout. The caller's deadline is looked at until the decision is settled; from then on it is
 * recorded whatever the caller does, so that what is taken and what is in the log agree.
 * @param settled as `authorize` has it.
 * @returns resolves once nothing more of it depends on PostgreSQL.
 */
export async function authorizeStateful(
  path: DecisionPath,
  begun: Begun,
  settled: (outcome: Outcome) => void,
): Promise<void> {
  try {
    const request = statefulRequest(path, begun);
    const first = await request.key?.find();
    if (first !== undefined) return settled(first);

    const leave = await request.enter();
    try {
      await walk(path, begun, request, settled);
    } catch (thrown) {
      request.disclaim();
      throw thrown;
    } finally {
      leave();
    }
  } catch (thrown) {
    settled(fail(path, begun.call, begun.scope, thrown));
  }
}

/** What a reply tells beside its decision. */
interface Told {
  readonly approval?: ReplyApproval | undefined;
  readonly retryAfterMs?: number;
}

/** People take their time; whoever waits for them hears sooner than by asking again. */
const RETRY_PENDING_MS = 2_000;

function toldOf({ approval }: Said): Told {
  return { approval, retryAfterMs: approval?.status === 'pending' ? RETRY_PENDING_MS : 0 };
}

/** Each time somebody else got on, so this ends by itself; under a flood sooner than by the deadline. */
const MAX_ROUNDS = 32;

async function walk(
  path: DecisionPath,
  begun: Begun,
  request: StatefulRequest,
  settled: (outcome: Outcome) => void,
): Promise<void> {
  const { call, scope, store } = begun;
  refuseLate(scope);
  const isRead = request.looksFirst || call.mode === 'check';
  let known = isRead ? await request.read() : request.presumed;

  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    refuseLate(scope);
    const first = request.judge(known);
    const said = await (first.settled.decision === 'deny'
      ? liftByApproval(path, begun, request, first, known)
      : { judged: first, known, approval: undefined });
    if (said === undefined) return replay();
    const { judged } = said;
    if (judged.settled.decision === 'deny') return reply(judged, known, toldOf(said));
    if (call.mode === 'check') return request.isOver(known) ? deny(judged, known) : reply(judged, said.known);

    refuseLate(scope);
    const answer = await settleAllowed(path, begun, request, said, settled);
    if (answer === undefined) return;
    if (answer.outcome === 'key_taken') return replay();
    if (answer.outcome === 'approval_gone') return reply(approvalGone(begun, first), known);
    if (answer.outcome === 'over_limit') {
      const left = await lost(judged, { ...said.known, counts: answer.counts });
      if (left === undefined) return;
      known = left;
      continue;
    }
    if (answer.outcome === 'run_moved') path.observer.ran('moved', store);
    known = await request.read();
  }
  throw new PdpError('overloaded', 'other calls change the state that decides this one; try again later');

  /** The same was asked meanwhile, or something else under its key. */
  async function replay(): Promise<void> {
    const kept = await request.key?.find();
    if (kept !== undefined) return settled(kept);

    throw new PdpError('unavailable', 'the first request under this key was not decided; try again', {
      field: 'idempotency_key',
    });
  }

  /**
   * Somebody was faster: what the policies say of the true state comes before that there is no room.
   * @returns by what to judge once more where they deny by now, which people may lift; `undefined`: it was replied.
   */
  async function lost(judged: Judged, truth: Known): Promise<Known | undefined> {
    if (request.looksFirst) path.observer.counted('lost_race', store);
    const again = request.looksFirst ? request.judge(truth) : judged;
    if (again.settled.decision === 'allow') {
      await deny(again, truth);

      return undefined;
    }
    const { approval: _, ...left } = truth;

    return left;
  }

  async function reply(said: Judged, by: Known, more: Told = {}): Promise<void> {
    if (said.run?.refusal !== undefined) path.observer.ran('refused', store);
    const concluded = withApproval(conclude(path, begun, said, request.decisionId), more.approval);
    const deciding = withLimits(withRetry(concluded, more.retryAfterMs ?? 0), request.tell(by));
    const space = reserve(path, deciding);
    try {
      if (await request.claim()) {
        space.release();

        return await replay();
      }
    } catch (thrown) {
      space.release();
      throw thrown;
    }

    return commitKeyed(path, deciding, space, begun, request.key, settled, (error) => {
      if (error !== undefined && request.key !== undefined) path.counting.release(request.decisionId);
    });
  }

  async function deny(said: Judged, by: Known): Promise<void> {
    path.observer.counted('exceeded', store);
    const { bundle } = begun.selected;
    const denied = { ...said, settled: overLimit(bundle, said.settled, request.over(by)) };

    return reply(denied, by, { retryAfterMs: request.retryAfterMs(by, path.now()) });
  }
}

/**
 * Settles an allow and records it. There is room for the record first: what cannot be recorded must not be taken.
 * @returns why nothing was taken; `undefined`: it was, and is being recorded.
 */
async function settleAllowed(
  path: DecisionPath,
  begun: Begun,
  request: StatefulRequest,
  { judged, known, approval }: Said,
  settled: (outcome: Outcome) => void,
): Promise<SettlementAnswer | undefined> {
  const { counting, observer } = path;
  const { decisionId } = request;
  const people = approval === undefined ? undefined : path.approvals;
  const allowed = withApproval(conclude(path, begun, judged, decisionId), approval);
  const space = reserve(path, withLimits(allowed, request.tell(request.unused)));
  try {
    const answer = await request.settle(judged, known);
    if (answer.outcome !== 'settled') {
      space.release();

      return answer;
    }

    if (answer.counts.length > 0) observer.counted('consumed', begun.store);
    if (judged.run !== undefined) observer.ran('taken', begun.store);
    const deciding = withLimits(allowed, request.tell(answer), performance.now());
    await commitKeyed(path, deciding, space, begun, request.key, settled, (error) => {
      if (error === undefined) {
        counting.recorded(decisionId);
        people?.recorded(decisionId);
      } else {
        counting.release(decisionId);
        people?.release(decisionId);
      }
    });

    return undefined;
  } catch (thrown) {
    space.release();
    throw thrown;
  }
}
