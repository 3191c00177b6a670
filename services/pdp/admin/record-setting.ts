import type { Request } from 'express';
import type { ToldChange } from '../change-record.ts';
import { newRecordId, recordChange } from '../change-record.ts';
import { actingOf } from './apply-change.ts';
import type { AdminContext } from './context.ts';

/** What is told of a change of a store that makes no deployment. */
export interface ToldSetting {
  readonly action: string;
  readonly author: string;
  /** The second person; `null` where none was asked. */
  readonly approver: string | null;
  readonly reason: string;
  readonly proposalId: string | null;
}

/**
 * Records that a store is set otherwise, within the transaction that does it.
 * @throws PdpError `unavailable` where it is not recorded; then it must not be committed.
 */
export function recordSetting(
  { ledger }: Pick<AdminContext, 'ledger'>,
  request: Request,
  store: string,
  { action, author, approver, reason, proposalId }: ToldSetting,
): Promise<void> {
  const told: ToldChange = {
    store,
    action,
    author,
    approved_by: approver,
    proposal_id: proposalId,
    reason,
    sequence: null,
    before: null,
    state: null,
  };

  return recordChange(ledger, actingOf(request), newRecordId(Date.now()), told);
}
