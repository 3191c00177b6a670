import type { ApprovalStatus } from '../../engine/approval.ts';
import { PdpError } from '../../engine/error.ts';
import type { Client } from '../database.ts';
import { query } from '../pool.ts';

export type Answer = 'approve' | 'deny';

/** What one person says to one approval. */
export interface ApprovalAnswer {
  readonly approvalId: string;
  readonly answer: Answer;
  /** The Cedar entity that answers, as a key. */
  readonly approver: string;
  /** Of its credential. */
  readonly subject: string;
  readonly comment: string;
  /** Those of the approval's groups that it is in, as the approval names them. */
  readonly groups: readonly string[];
  /** Of the change in the decision log. */
  readonly recordId: string;
}

/**
 * Takes the answer of one person, within a transaction.
 * @returns what the approval is by then.
 * @throws PdpError `not_found`; `conflict` where it is answered, used or expired, or this person or credential has answered;
 * `permission_denied` where the same credential asked, or one that it has made, or an answer is there of somebody who may be the same person
 * by a credential that one of the two made.
 */
export async function answerApproval(client: Client, answer: ApprovalAnswer): Promise<ApprovalStatus> {
  const [row] = await query<{ outcome: string | null; status: ApprovalStatus }>(
    client,
    'select * from answer_approval($1)',
    [
      JSON.stringify({
        approval_id: answer.approvalId,
        answer: answer.answer,
        approver: answer.approver,
        subject: answer.subject,
        comment: answer.comment,
        groups: answer.groups,
        record_id: answer.recordId,
      }),
    ],
  );
  if (row === undefined) throw new PdpError('internal', 'an answer vanished');

  switch (row.outcome) {
    case null:
      return row.status;
    case 'unknown':
      throw unknownApproval(answer.approvalId);
    case 'own':
      throw new PdpError('permission_denied', 'a credential does not answer what it asked itself');
    case 'own_agent':
      throw new PdpError('permission_denied', 'nobody answers for an agent whose credential they have made');
    case 'not_apart':
      throw new PdpError(
        'permission_denied',
        'somebody who made this credential, or for whom it made one, has answered: that counts as one person',
      );
    case 'answered':
      throw new PdpError('conflict', 'this person or this credential has answered already');
    default:
      throw new PdpError('conflict', `the approval is ${row.status}: it takes no more answers`);
  }
}

export function unknownApproval(id: string): PdpError {
  return new PdpError('not_found', `there is no approval ${id}`, { field: 'approval_id' });
}
