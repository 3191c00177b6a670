import type { PdpError } from '../../engine/error.ts';
import type { Reservation } from '../../ledger/spool/space.ts';
import type { DecisionPath, Outcome } from '../authorize.ts';
import { type Begun, commit, type Deciding } from '../deciding.ts';
import type { Keyed } from './keyed.ts';

/**
 * Records a decision, and keeps its reply under its key before it is told: also where it comes too late for its caller, who will ask again.
 * @param key absent: it is recorded as any other.
 * @param settled as `commit` has it, and `recorded`.
 * @returns with a key: resolves once its outcome is told.
 */
export function commitKeyed(
  path: DecisionPath,
  deciding: Deciding,
  space: Reservation,
  begun: Pick<Begun, 'call' | 'scope'>,
  key: Keyed | undefined,
  settled: (outcome: Outcome) => void,
  recorded?: (error: PdpError | undefined) => void,
): Promise<void> | undefined {
  if (key === undefined) {
    commit(path, deciding, space, begun, settled, recorded);

    return undefined;
  }

  return new Promise((resolve) => {
    let kept = Promise.resolve();
    commit(
      path,
      deciding,
      space,
      begun,
      (outcome) => {
        void kept.then(() => {
          settled(outcome);
          resolve();
        });
      },
      (error) => {
        if (error === undefined) kept = key.keep(deciding.reply);
        recorded?.(error);
      },
    );
  });
}
