import type { Log } from '../telemetry/log.ts';
import type { DecisionPath } from './authorize.ts';
import { recordError } from './record-error.ts';
import type { Refusal } from './wire/serve.ts';

/**
 * Leaves a trace of a call that a transport refused before it could be decided: a small record where the caller is known,
 * else only a line of the process log, and not more than one a second of those.
 */
export function recordRefusal(path: DecisionPath, refusal: Refusal, log: Log): void {
  if (refusal.caller === undefined) {
    logUnauthenticated(refusal, log);
    return;
  }

  const { caller, error, trace, transport } = refusal;
  recordError(path, undefined, { caller, trace, transport }, error);
}

const LOG_EVERY_MS = 1_000;

let loggedAt = Number.NEGATIVE_INFINITY;
let unlogged = 0;

function logUnauthenticated({ error, transport, trace }: Refusal, log: Log): void {
  unlogged += 1;
  if (performance.now() - loggedAt < LOG_EVERY_MS) return;

  log.warn(
    { code: error.code, transport, trace_id: trace.trace_id, since_last: unlogged },
    'a call was refused',
  );
  loggedAt = performance.now();
  unlogged = 0;
}
