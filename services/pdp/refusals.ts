import type { Log } from '../telemetry/log.ts';
import { createThrottle } from '../telemetry/throttle.ts';
import type { DecisionPath } from './authorize.ts';
import { recordError } from './record-error.ts';
import type { Refusal } from './wire/serve.ts';

const LOG_EVERY_MS = 1_000;

/**
 * Leaves a trace of each call that a transport refused before it could be decided: a small record where the caller is known,
 * else a count, and a line of the process log, not more than one a second of those.
 */
export function createRefusals(path: DecisionPath, log: Log): (refusal: Refusal) => void {
  const unauthenticated = createThrottle(LOG_EVERY_MS);

  return ({ caller, error, trace, transport }) => {
    if (caller !== undefined) {
      recordError(path, undefined, { caller, trace, transport }, error);
      return;
    }

    path.observer.refused(error, transport);
    unauthenticated((since_last) =>
      log.warn({ code: error.code, transport, trace_id: trace.trace_id, since_last }, 'a call was refused'),
    );
  };
}
