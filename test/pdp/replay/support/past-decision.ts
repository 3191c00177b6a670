import type { PastDecision } from '../../../../services/ledger/history.ts';
import { decision } from '../../../ledger/support/entries.ts';

/** A decision as its record was read. */
export function pastDecision(changes: Partial<PastDecision> = {}): PastDecision {
  return {
    ...decision(),
    record_version: 1n,
    commitment: `hmac-sha256:${'0'.repeat(64)}`,
    process: {
      process_id: 'test',
      boot_id: '00000000-0000-0000-0000-000000000000',
      seq: 0n,
      prev_hash: '0'.repeat(64),
    },
    ...changes,
  };
}
