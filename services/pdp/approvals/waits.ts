import type { ApprovalStatus } from '../../engine/approval.ts';
import { PdpError } from '../../engine/error.ts';
import { LIMITS } from '../../engine/limits.ts';
import { unknownApproval } from '../../store/approvals/answer.ts';
import { approvalStatuses, findApproval } from '../../store/approvals/read.ts';
import type { Database } from '../../store/database.ts';
import type { CallScope } from '../types.ts';
import type { Shown } from './lift.ts';

/** Runtimes that wait for what people say. */
export interface Waits {
  /**
   * Waits until a question is not pending any more, at most until the deadline of the call.
   * @param subject of the credential that asked: a question of another is not there.
   * @returns what it is by then.
   * @throws PdpError `not_found`, `overloaded`, or `unavailable` where the caller went away or PostgreSQL does.
   */
  wait(
    id: string,
    store: string,
    subject: string,
    bounds: Pick<CallScope, 'deadline' | 'signal'>,
  ): Promise<Shown>;
  /** How many wait. */
  waiting(): number;
  /** Answers all that wait with what is known, and every one after it at once. */
  end(): void;
}

/** One look for all that wait, however many they are. */
const POLL_MS = 200;

function cancelled(): PdpError {
  return new PdpError('unavailable', 'the call was cancelled');
}

interface Waiter {
  readonly settle: (status: ApprovalStatus | PdpError) => void;
}

export function createWaits(database: Database): Waits {
  const waiting = new Map<string, Set<Waiter>>();
  let count = 0;
  let polling = false;
  let ended = false;

  return {
    async wait(id, store, subject, bounds) {
      if (count >= LIMITS.approval_waits) {
        throw new PdpError('overloaded', 'too many calls wait for approvals; try again later', {
          limit: { name: 'approval_waits', max: LIMITS.approval_waits },
        });
      }
      count += 1;
      try {
        const found = await findApproval(database, id, [store]);
        if (found === undefined || found.subject !== subject) throw unknownApproval(id);
        const shown = { approvalId: id, status: found.status, expiresAt: found.expires_at.getTime() };
        if (found.status !== 'pending' || ended) return shown;
        if (bounds.signal.aborted) throw cancelled();

        return { ...shown, status: await change(id, bounds) };
      } finally {
        count -= 1;
      }
    },

    waiting: () => count,

    end() {
      ended = true;
      for (const id of waiting.keys()) tell(id, 'pending');
    },
  };

  function change(
    id: string,
    { deadline, signal }: Pick<CallScope, 'deadline' | 'signal'>,
  ): Promise<ApprovalStatus> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle('pending'), Math.max(0, deadline - performance.now()));
      const stay = signal.onAbort(() => settle(cancelled()));
      const waiter: Waiter = { settle };
      const others = waiting.get(id) ?? new Set();
      waiting.set(id, others.add(waiter));
      if (!polling) void poll();

      function settle(status: ApprovalStatus | PdpError): void {
        clearTimeout(timer);
        stay();
        others.delete(waiter);
        if (others.size === 0) waiting.delete(id);
        if (status instanceof PdpError) reject(status);
        else resolve(status);
      }
    });
  }

  async function poll(): Promise<void> {
    polling = true;
    while (waiting.size > 0) {
      await new Promise((resolve) => {
        setTimeout(resolve, POLL_MS);
      });
      await look([...waiting.keys()]);
    }
    polling = false;
  }

  async function look(ids: readonly string[]): Promise<void> {
    try {
      const statuses = await approvalStatuses(database, ids);
      for (const id of ids) {
        const status = statuses.get(id) ?? unknownApproval(id);
        if (status !== 'pending') tell(id, status);
      }
    } catch (cause) {
      const away = new PdpError('unavailable', 'what people say cannot be looked up', { cause });
      for (const id of ids) tell(id, away);
    }
  }

  function tell(id: string, status: ApprovalStatus | PdpError): void {
    for (const waiter of [...(waiting.get(id) ?? [])]) waiter.settle(status);
  }
}
