import type { PdpError } from '../../../services/engine/error.ts';
import type { Ledger } from '../../../services/ledger/ledger.ts';
import type { DecisionPath } from '../../../services/pdp/authorize.ts';
import { CallSignal } from '../../../services/pdp/call-signal.ts';
import { createRateLimiter, type RateLimiter } from '../../../services/pdp/rate-limiter.ts';
import type { Replica } from '../../../services/pdp/replica.ts';
import type { RunKeeping } from '../../../services/pdp/runs/keeping.ts';
import { createRunTurns } from '../../../services/pdp/runs/run-turns.ts';
import { createDecisionService } from '../../../services/pdp/service.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../../services/pdp/snapshot.ts';
import { createFallbackShare } from '../../../services/pdp/thread-share.ts';
import type { AuthorizeCall, Batch, DecisionService } from '../../../services/pdp/types.ts';
import { quietObserver } from '../../support/observer.ts';
import { compiledBundle } from './bundle.ts';
import { nothingAt } from './entities.ts';
import { withLedger } from './ledger.ts';
import { NO_PEOPLE } from './nobody.ts';

export async function snapshotOf(version: string): Promise<Snapshot> {
  const bundle = await compiledBundle(version);

  const state = { name: 'default', sequence: 1n, bundle, entities: nothingAt(1n) };

  return { ...EMPTY_SNAPSHOT, stores: new Map([['default', state]]) };
}

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

/** No bundle here has limits, so PostgreSQL is asked for nothing. */
const NO_COUNTING: DecisionPath['counting'] = {
  settle: () => Promise.reject(new Error('not asked for here')),
  read: () => Promise.reject(new Error('not asked for here')),
  readRun: () => Promise.reject(new Error('not asked for here')),
  findKey: () => Promise.reject(new Error('no keys here')),
  keepReply: () => Promise.reject(new Error('no keys here')),
  recorded: () => undefined,
  release: () => undefined,
};

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
  const only = await snapshotOf('1.0.0');
  await withLedger(async (ledger) => {
    const path = {
      ledger,
      now: Date.now,
      refuseStale: () => undefined,
      isFallback: () => false,
      fallback: createFallbackShare(),
      cedarVersion: '4.0.0',
      observer: quietObserver(),
      verifier: { sample: () => undefined },
      trials: { decided: () => undefined, failed: () => undefined },
      counting: NO_COUNTING,
      runTurns: createRunTurns(),
      approvals: NO_PEOPLE,
      ...options.path,
    };
    const replica = replicaOf(options.snapshot ?? (() => only));
    const rates = options.rates ?? createRateLimiter({ fallback: undefined, processes: 1 });
    const outcomes = { report: () => Promise.reject(new Error('no reports are taken here')) };
    await body(
      createDecisionService({ path, replica, runs: NO_RUNS, outcomes, anonymousAllowed: true, rates }),
      ledger,
    );
  }, options.capBytes);
}
