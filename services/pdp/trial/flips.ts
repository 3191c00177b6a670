import type { Ledger } from '../../ledger/ledger.ts';
import type { DecisionEntry, FlipEntry } from '../../ledger/record.ts';
import { recordBytes } from '../record.ts';
import { uuidv7 } from '../uuid.ts';
import type { Side } from './messages.ts';
import type { Flip } from './trials.ts';

/** Records of one process in a second; more flips are counted and leave none. */
const PER_SECOND = 10;
/** Of the spool: records of flips take no room that decisions could need while PostgreSQL is away. */
const MAX_SHARE = 0.5;

/**
 * Leaves a record beside that of a decision on which a candidate differs. Best effort, since nothing rests on it: the counts are
 * complete, and the decision's own record has the case.
 * @param capacity of the spool, in bytes.
 * @param now milliseconds on a clock that never goes back.
 */
export function createFlipRecorder(
  ledger: Ledger,
  capacity: number,
  now: () => number = () => performance.now(),
): (flip: Flip) => void {
  let second = 0;
  let recorded = 0;

  return (flip) => {
    const current = Math.floor(now() / 1_000);
    if (current !== second) {
      second = current;
      recorded = 0;
    }
    if (recorded >= PER_SECOND || ledger.stats().spoolBytes > MAX_SHARE * capacity) return;
    recorded += 1;
    const entry = flipEntry(flip);
    if (entry === undefined) return;
    try {
      ledger.append(entry, null, ledger.reserve(recordBytes(entry, ''))).catch(() => undefined);
    } catch {
      // No room: see above.
    }
  };
}

/** Of the same moment as the decision, and found by the same trace and request id. */
function flipEntry({ entry, role, active, candidate }: Flip): FlipEntry | undefined {
  const [one, other] = [sideOf(active), sideOf(candidate)];
  if (one === undefined || other === undefined) return undefined;

  return {
    kind: 'flip',
    ...surroundings(entry),
    decision_id: uuidv7(Date.parse(entry.time)),
    flip: { of: entry.decision_id, role, active: one, candidate: other },
  };
}

function surroundings(entry: DecisionEntry) {
  const { time, transport, credential, request_id, run, mode, trace, store, principal, action, resource } =
    entry;

  return { time, transport, credential, request_id, run, mode, trace, store, principal, action, resource };
}

function sideOf({ bundle, verdict }: Side): FlipEntry['flip']['active'] | undefined {
  if (verdict === undefined) return undefined;
  const { decision, reasonCode, determining } = verdict;
  const { name, version, digest } = bundle;

  return {
    bundle: { name, version, digest },
    decision,
    reason_code: reasonCode,
    determining: [...determining],
  };
}
