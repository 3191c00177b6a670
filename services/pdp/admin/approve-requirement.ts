import type { Request } from 'express';
import { applyRequirement } from '../../store/change-requirement.ts';
import { approveProposal } from '../../store/proposals.ts';
import { type AdminContext, adminOf, followChange } from './context.ts';
import { recordSetting } from './record-setting.ts';

/** Of a change of what a store requires to be signed, in its record. */
const ACTION = 'require_signatures';

/**
 * Approves another requirement of signatures, which holds at once.
 * @param stores that the proposal may be of.
 * @returns the requirement's sequence.
 * @throws PdpError as `approveProposal` and `applyRequirement` say; `unavailable` where it is not recorded.
 */
export async function approveRequirement(
  context: AdminContext,
  request: Request,
  id: string,
  stores: readonly string[] | 'all',
): Promise<bigint> {
  const approver = adminOf(request).subject;
  const sequence = await approveProposal(
    context.poolFor(request),
    id,
    approver,
    stores,
    async (client, proposal) => {
      const applied = await applyRequirement(client, proposal, approver, Date.now());
      const { store, proposedBy: author, reason } = proposal;
      await recordSetting(context, request, store, {
        action: ACTION,
        author,
        approver,
        reason,
        proposalId: id,
      });

      return applied;
    },
  );
  await followChange(context);

  return sequence;
}
