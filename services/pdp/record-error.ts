import type { PdpError } from '../engine/error.ts';
import type { DecisionPath } from './authorize.ts';
import { type ErrorScope, errorEntry, recordBytes } from './record.ts';
import type { AuthorizeCall } from './types.ts';
import { uuidv7 } from './uuid.ts';

/**
 * Leaves the small record of an authenticated call that could not be decided. Best effort: the caller gets its error whether
 * or not the record finds room, and a full spool is told by readiness.
 * @param call absent where it could not even be read.
 */
export function recordError(
  path: Pick<DecisionPath, 'ledger' | 'now' | 'observer'>,
  call: AuthorizeCall | undefined,
  scope: ErrorScope,
  error: PdpError,
): void {
  try {
    const at = path.now();
    const entry = errorEntry(call, scope, error, uuidv7(at), at);
    path.observer.failed(entry, scope, error);
    const space = path.ledger.reserve(recordBytes(entry, ''));
    path.ledger.appendThen(entry, null, space, () => undefined);
  } catch {
    // No room: see above.
  }
}
