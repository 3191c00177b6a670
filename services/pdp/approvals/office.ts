import type * as z from 'zod';
import { PdpError } from '../../engine/error.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Pool } from '../../store/database.ts';
import { standingPool } from '../../store/standing.ts';
import type { AdminAction } from '../admin/actions.ts';
import {
  type ApprovalQuestion,
  approvalJson,
  type ExaminedApproval,
  examinedJson,
} from '../admin/approval-json.ts';
import { type AdminCall, decideAdmin } from '../admin/guard.ts';
import type { Repeats } from '../admin/repeats.ts';
import { INSTALLATION, type SystemBundle } from '../admin/system-bundle.ts';
import type { Caller } from '../types.ts';
import type { Desk, DeskCall, GivenAnswer, ListQuery } from './desk.ts';

export type Question = z.infer<typeof ApprovalQuestion>;
export type Examined = z.infer<typeof ExaminedApproval>;

/**
 * The desk for transports without routes of their own: each call is decided and recorded first, as administration is over REST.
 * @throws PdpError in each case as {@link Desk} does, and `permission_denied` where the role does not allow it.
 */
export interface Office {
  list(call: AdminCall, query: ListQuery): Promise<readonly Question[]>;
  examine(call: AdminCall, id: string, as: string): Promise<Examined>;
  answer(call: AdminCall, id: string, given: GivenAnswer): Promise<Question>;
  watch(call: AdminCall, signal: AbortSignal): AsyncGenerator<Question>;
}

export interface OfficeOptions {
  readonly desk: Desk;
  readonly pool: Pool;
  readonly ledger: Ledger;
  readonly system: SystemBundle;
  readonly repeats: Repeats;
  /** Holds who administers to its rate limit. @throws PdpError `overloaded`. */
  readonly charge: (caller: Caller) => void;
}

export function createOffice({ desk, pool, charge, ...deciding }: OfficeOptions): Office {
  return {
    async list(call, query) {
      return (await desk.list(await admitted(call, 'readApprovals'), query)).map(approvalJson);
    },

    async examine(call, id, as) {
      return examinedJson(await desk.examine(await admitted(call, 'examineApproval'), id, as));
    },

    async answer(call, id, given) {
      return approvalJson(await desk.answer(await admitted(call, 'answerApproval'), id, given));
    },

    async *watch(call, signal) {
      const visit = await admitted(call, 'readApprovals');
      for await (const approval of desk.watch(visit, signal)) yield approvalJson(approval);
    },
  };

  async function admitted(call: AdminCall, action: AdminAction): Promise<DeskCall> {
    const { caller } = call;
    charge(caller);
    await decideAdmin(deciding, call, { action, resource: INSTALLATION });
    if (caller.credential_id === undefined) {
      throw new PdpError('permission_denied', 'approvals need a credential');
    }

    return { ...call, pool: standingPool(pool, caller.credential_id) };
  }
}
