import type { ApprovalStatus } from '../../engine/approval.ts';
import { PdpError } from '../../engine/error.ts';
import { approvalFact } from '../../engine/facts/values.ts';
import { LIMITS } from '../../engine/limits.ts';
import type { CedarRecord } from '../../engine/value/value.ts';
import { type ApprovalAsk, askApproval, type StandingApproval } from '../../store/approvals/ask.ts';
import { tellAsked } from '../../store/approvals/events.ts';
import { findApproval } from '../../store/approvals/read.ts';
import { recordApprovals, releaseApprovals } from '../../store/approvals/settle.ts';
import type { Pool } from '../../store/database.ts';
import { withTransaction } from '../../store/pool.ts';
import type { CallScope, ReplyApproval } from '../types.ts';
import type { Shown } from './lift.ts';
import { createWaits, type Waits } from './waits.ts';

/** An approval as the decision path looks at it. */
export interface FoundApproval {
  /** Of the credential that asked. */
  readonly subject: string;
  readonly requestDigest: string;
  readonly status: ApprovalStatus;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Who approved, as policies see it. */
  readonly fact: CedarRecord;
}

/** What people say, as far as decisions wait for it. */
export interface People extends Waits {
  /** Finds the question that stands for a request, or asks it. `undefined`: too many are open. */
  ask(question: ApprovalAsk, scope: Waiting): Promise<StandingApproval | undefined>;
  find(id: string, store: string, scope: Waiting): Promise<FoundApproval | undefined>;
  shown(approval: Shown): ReplyApproval;
  /** Takes note, in its time, that a decision's record is durable. A note that is lost is found by the sweep. */
  recorded(decisionId: string): void;
  /** Gives back what a decision consumed that was not made; what cannot be given back stays consumed. */
  release(decisionId: string): void;
  /** Resolves once all notes and returns were tried. */
  settled(): Promise<void>;
}

type Waiting = Pick<CallScope, 'deadline'>;

export interface PeopleOptions {
  readonly database: Pool;
  /** Where people answer, with `{approval_id}` for the id; absent: nowhere in particular. */
  readonly url?: string | undefined;
  /** Told of notes and returns that PostgreSQL did not take. */
  readonly onLost: (error: unknown) => void;
}

export function createPeople({ database, url = '', onLost }: PeopleOptions): People {
  const notes = new Set<Promise<void>>();
  const waits = createWaits(database);
  let inFlight = 0;

  return {
    ask: (question, scope) =>
      bounded(scope, () =>
        withTransaction(database, async (client) => {
          const standing = await askApproval(client, question);
          if (standing?.isNew) await tellAsked(client, standing, question, urlOf(standing.approvalId));

          return standing;
        }),
      ),

    find: (id, store, scope) =>
      bounded(scope, async () => {
        const found = await findApproval(database, id, [store]);
        if (found === undefined) return undefined;
        const by = found.answers.filter(({ answer }) => answer === 'approve').map(({ approver }) => approver);

        return {
          subject: found.subject,
          requestDigest: found.request_digest,
          status: found.status,
          expiresAt: found.expires_at.getTime(),
          fact: approvalFact(by, found.decided_at?.getTime() ?? 0),
        };
      }),

    shown: ({ approvalId, status, expiresAt }) => ({
      approval_id: approvalId,
      status,
      expires_at: expiresAt,
      url: urlOf(approvalId),
    }),

    recorded: (decisionId) => note(recordApprovals(database, [decisionId])),
    release: (decisionId) => note(releaseApprovals(database, [decisionId])),

    wait: waits.wait,
    waiting: waits.waiting,
    end: waits.end,

    async settled() {
      await Promise.all(notes);
    },
  };

  function urlOf(approvalId: string): string {
    return url.replaceAll('{approval_id}', approvalId);
  }

  function note(telling: Promise<void>): void {
    const told = telling.catch(onLost).finally(() => notes.delete(told));
    notes.add(told);
  }

  /** While PostgreSQL hangs, what waits for it must not pile up. */
  async function bounded<Answer>({ deadline }: Waiting, look: () => Promise<Answer>): Promise<Answer> {
    if (inFlight >= LIMITS.approvals_in_flight) {
      throw new PdpError('overloaded', 'too many decisions wait for approvals; try again later', {
        limit: { name: 'approvals_in_flight', max: LIMITS.approvals_in_flight },
      });
    }
    if (performance.now() > deadline) {
      throw new PdpError('unavailable', 'approvals could not be looked at within the deadline');
    }
    inFlight += 1;
    try {
      return await look();
    } finally {
      inFlight -= 1;
    }
  }
}
