import type { ApprovalStatus } from '../../engine/approval.ts';
import { PdpError } from '../../engine/error.ts';
import { LIMITS } from '../../engine/limits.ts';
import type { RawUid } from '../../engine/raw/raw.ts';
import { shownUid } from '../../engine/value/shown-text.ts';
import { uidKey } from '../../engine/value/value.ts';
import type { Keyring } from '../../ledger/keyring.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { type Answer, answerApproval } from '../../store/approvals/answer.ts';
import { uidText } from '../../store/approvals/ask.ts';
import { tellAnswered } from '../../store/approvals/events.ts';
import { type Approval, getApproval, listApprovals } from '../../store/approvals/read.ts';
import { ALL_STORES } from '../../store/credentials.ts';
import type { Pool } from '../../store/database.ts';
import type { StoreScope } from '../../store/decisions.ts';
import { withTransaction } from '../../store/pool.ts';
import { ANSWER } from '../admin/actions.ts';
import { type AdminCall, recordVerdict } from '../admin/guard.ts';
import type { SystemBundle } from '../admin/system-bundle.ts';
import { NOT_DEPLOYED, newRecordId, recordChange } from '../change-record.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Caller } from '../types.ts';
import { askedRequest } from './asked-request.ts';
import { type AnswerJudgement, judgeAnswer, requireServed } from './judge-answer.ts';
import { personOf } from './person.ts';
import { type ShownRequest, shownRequest } from './shown-request.ts';
import { watchApprovals } from './watch.ts';

/** A call of somebody whose role lets them come to the desk. */
export interface DeskCall extends AdminCall {
  /** The database as the caller is to use it: its transactions fail once the credential is good no more. */
  readonly pool: Pool;
}

/** A question with what would run. */
export interface Examined {
  readonly approval: Approval;
  /** Absent where the person may not answer it. */
  readonly request: ShownRequest | undefined;
  /** Why they may not; empty: they may. */
  readonly withheld: string;
}

export interface GivenAnswer {
  readonly answer: Answer;
  /** For whom, as Cedar text; empty: the only person that the credential names. */
  readonly as: string;
  readonly comment: string;
}

export interface ListQuery {
  readonly store?: string | undefined;
  readonly status?: ApprovalStatus | undefined;
  readonly limit: number;
}

/** Where people see what is asked of them, and answer. */
export interface Desk {
  /** The newest first. */
  list(call: DeskCall, query: ListQuery): Promise<readonly Approval[]>;
  /** @throws PdpError `not_found`, `permission_denied`, `unavailable`, or `conflict` where the bundle that asked decides no more. */
  examine(call: DeskCall, id: string, as: string): Promise<Examined>;
  /**
   * Takes the answer of a person who may give it. It is decided by Cedar whether they may, recorded before anything comes of it, and what
   * they say is recorded before it is committed.
   * @returns the question as it is then.
   * @throws PdpError as {@link examine} does, and `conflict` where it takes no more answers or has theirs.
   */
  answer(call: DeskCall, id: string, given: GivenAnswer): Promise<Approval>;
  /**
   * Tells of questions as {@link watchApprovals} does, until the signal aborts.
   * @throws PdpError `overloaded` where too many watch already.
   */
  watch(call: DeskCall, signal: AbortSignal): AsyncGenerator<Approval>;
}

export interface DeskOptions {
  readonly ledger: Pick<Ledger, 'append' | 'reserve'>;
  readonly system: SystemBundle;
  readonly snapshot: () => Snapshot;
  readonly keyring: Keyring;
}

export function createDesk({ ledger, system, snapshot, keyring }: DeskOptions): Desk {
  let watching = 0;

  return {
    list(call, { store, ...query }) {
      const visible = storesOf(call.caller);
      const stores = store === undefined ? visible : within(visible, store);

      return listApprovals(call.pool, stores, query);
    },

    async examine(call, id, as) {
      const approval = await getApproval(call.pool, id, storesOf(call.caller));
      const { judgement, request } = await judge(call, approval, personOf(call.caller, as));
      const { decision } = judgement.verdict;

      return decision === 'allow'
        ? { approval, request: request(), withheld: '' }
        : { approval, request: undefined, withheld: refusalOf(judgement) };
    },

    async answer(call, id, { answer, as, comment }) {
      requireOneLine(comment);
      const stores = storesOf(call.caller);
      const approval = await getApproval(call.pool, id, stores);
      const person = personOf(call.caller, as);
      const { judgement } = await judge(call, approval, person);
      if (judgement.verdict.decision !== 'allow') {
        throw new PdpError('permission_denied', refusalOf(judgement));
      }

      const recordId = newRecordId(Date.now());
      await withTransaction(call.pool, async (client) => {
        const status = await answerApproval(client, {
          approvalId: approval.approval_id,
          answer,
          approver: uidText(person),
          subject: call.caller.subject,
          comment,
          groups: judgement.groups,
          recordId,
        });
        await recordChange(ledger, call, recordId, {
          ...NOT_DEPLOYED,
          store: approval.store,
          action: answer === 'approve' ? 'approve_request' : 'deny_request',
          author: call.caller.subject,
          reason: comment,
          approval: {
            approval_id: approval.approval_id,
            person: { type: person.type, id: person.id },
            request_digest: approval.request_digest,
            status,
          },
        });
        if (status !== 'approved' && status !== 'denied') return;
        await tellAnswered(client, {
          approval_id: approval.approval_id,
          store: approval.store,
          request_digest: approval.request_digest,
          status,
          person: shownUid(person),
          subject: call.caller.subject,
          comment,
        });
      });

      return getApproval(call.pool, id, stores);
    },

    watch(call, signal) {
      if (watching < LIMITS.approval_watches) return watched(call, signal);

      throw new PdpError('overloaded', 'too many watch approvals; try again later', {
        limit: { name: 'approval_watches', max: LIMITS.approval_watches },
      });
    },
  };

  /** Each asks PostgreSQL again and again, through the connections that administration needs as well. */
  async function* watched({ pool, caller }: DeskCall, signal: AbortSignal): AsyncGenerator<Approval> {
    watching += 1;
    try {
      yield* watchApprovals(pool, storesOf(caller), signal);
    } finally {
      watching -= 1;
    }
  }

  async function judge(
    call: DeskCall,
    approval: Approval,
    person: RawUid,
  ): Promise<{ readonly judgement: AnswerJudgement; readonly request: () => ShownRequest }> {
    const state = snapshot().stores.get(approval.store);
    const bundle = requireServed([state?.bundle, state?.staged?.canary?.bundle], approval);
    const stored = state?.entities.read.get(bundle);
    const asked = await askedRequest({ database: call.pool, keyring, bundle, stored }, approval);
    // Types are of one source each, and never of a request: nobody brings along who approves.
    const known = (key: string) => stored?.entity(key) ?? bundle.entities.get(key);
    const judgement = judgeAnswer(system, approval, { person, subject: call.caller.subject }, known, asked);
    await recordVerdict({ ledger, system }, call, judgement.verdict, {
      store: approval.store,
      principal: { type: 'Palisade::Person', id: uidKey(person.type, person.id) },
      action: { type: 'Palisade::Action', id: ANSWER },
      resource: { type: 'Palisade::Approval', id: approval.approval_id },
    });

    return { judgement, request: () => shownRequest(asked, bundle.approvalRedact) };
  }
}

/** Others read it before they answer: it must not look like more than one line. */
function requireOneLine(comment: string): void {
  if (!/\p{Cc}/u.test(comment)) return;

  throw new PdpError('invalid_request', 'comment holds a control character', { field: 'comment' });
}

function refusalOf({ verdict: { reasonCode, message } }: AnswerJudgement): string {
  return reasonCode === 'not_permitted'
    ? 'this person is in none of the groups that are to approve'
    : message;
}

export function storesOf({ stores }: Pick<Caller, 'stores'>): StoreScope {
  return stores.includes(ALL_STORES) ? 'all' : stores;
}

/** A store that the credential does not name has, for it, no approvals. */
function within(visible: StoreScope, store: string): readonly string[] {
  return visible === 'all' || visible.includes(store) ? [store] : [];
}
