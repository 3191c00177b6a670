import type { PdpError } from '../../../services/engine/error.ts';
import type { Ledger } from '../../../services/ledger/ledger.ts';
import type { DecisionPath } from '../../../services/pdp/authorize.ts';
import { CallSignal } from '../../../services/pdp/call-signal.ts';
import { createRateLimiter, type RateLimiter } from '../../../services/pdp/rate-limiter.ts';
import type { Replica } from '../../../services/pdp/replica.ts';
import type { RunKeeping } from '../../../services/pdp/runs/keeping.ts';
import { createDecisionService } from '../../../services/pdp/service.ts';
import type { Snapshot } from '../../../services/pdp/snapshot.ts';
import type { AuthorizeCall, Batch, DecisionService } from '../../../services/pdp/types.ts';
import { compiledBundle } from './bundle.ts';
import { withLedger } from './ledger.ts';
import { pathOver, snapshotOf } from './path.ts';

/** A replica that is asked for nothing but snapshots, and never reaches a later sequence. */
function replicaOf(snapshot: () => Snapshot): Replica {
  return {
    snapshot,
    ageMs: () => 0,
    lags: () => [],
    refresh: () => Promise.resolve(),
    prepared: () => Promise.reject(new Error('not asked for here')),
    settled: () => Promise.resolve(),
    restore: () => Promise.reject(new Error('nothing is saved')),
    expect: () => undefined,
    restored: () => false,
    held: () => undefined,
    reached: (sequences, _deadline, signal) =>
      sequences.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => void signal.onAbort(() => resolve())),
  };
}

export function batchOf(calls: (AuthorizeCall | PdpError)[]): Batch {
  return { size: calls.length, read: () => Promise.resolve(calls) };
}

/** Of a caller that is gone. */
export function aborted(): CallSignal {
  const signal = new CallSignal();
  signal.abort();

  return signal;
}

const NO_RUNS: RunKeeping = {
  start: () => Promise.reject(new Error('not asked for here')),
  end: () => Promise.reject(new Error('not asked for here')),
  get: () => Promise.reject(new Error('not asked for here')),
};

export interface ServiceTestOptions {
  readonly snapshot?: () => Snapshot;
  readonly path?: Partial<DecisionPath>;
  readonly capBytes?: number;
  readonly rates?: RateLimiter;
}

/** Runs `body` with a decision service over a real log, and nothing of PostgreSQL. */
export async function withService(
  body: (service: DecisionService, ledger: Ledger) => Promise<void>,
  options: ServiceTestOptions = {},
): Promise<void> {
  const only = snapshotOf(await compiledBundle());
  await withLedger(async (ledger) => {
    const path = pathOver(ledger, options.path);
    const replica = replicaOf(options.snapshot ?? (() => only));
    const rates = options.rates ?? createRateLimiter({ fallback: undefined, processes: 1 });
    const outcomes = { report: () => Promise.reject(new Error('no reports are taken here')) };
    await body(
      createDecisionService({ path, replica, runs: NO_RUNS, outcomes, anonymousAllowed: true, rates }),
      ledger,
    );
  }, options.capBytes);
}
