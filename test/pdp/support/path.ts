import type { CompiledBundle } from '../../../services/bundles/compile.ts';
import type { Ledger } from '../../../services/ledger/ledger.ts';
import { authorize, type DecisionPath, type Outcome } from '../../../services/pdp/authorize.ts';
import { createRunTurns } from '../../../services/pdp/runs/run-turns.ts';
import { EMPTY_SNAPSHOT, type Snapshot, type Staged } from '../../../services/pdp/snapshot.ts';
import { createFallbackShare } from '../../../services/pdp/thread-share.ts';
import type { AuthorizeCall, CallScope } from '../../../services/pdp/types.ts';
import { quietObserver } from '../../support/observer.ts';
import { nothingAt } from './entities.ts';
import { NO_PEOPLE } from './nobody.ts';

/** For bundles without limits and runs: PostgreSQL is asked for nothing. */
const NO_COUNTING: DecisionPath['counting'] = {
  settle: () => Promise.reject(new Error('not asked for here')),
  read: () => Promise.reject(new Error('not asked for here')),
  readRun: () => Promise.reject(new Error('not asked for here')),
  findKey: () => Promise.reject(new Error('no keys here')),
  keepReply: () => Promise.reject(new Error('no keys here')),
  recorded: () => undefined,
  release: () => undefined,
};

/** The decision path over a log, with fresh state, and nothing of PostgreSQL unless `changes` bring it. */
export function pathOver(ledger: Ledger, changes: Partial<DecisionPath> = {}): DecisionPath {
  return {
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
    ...changes,
  };
}

/** One store, `default`, with this bundle and no entities. */
export function snapshotOf(bundle: CompiledBundle, staged?: Staged): Snapshot {
  const state = { name: 'default', sequence: 1n, bundle, staged, entities: nothingAt(1n) };

  return { ...EMPTY_SNAPSHOT, stores: new Map([['default', state]]) };
}

export function outcomeOf(
  path: DecisionPath,
  snapshot: Snapshot,
  call: AuthorizeCall,
  scope: CallScope,
): Promise<Outcome> {
  return new Promise((resolve) => void authorize(path, snapshot, call, scope, resolve));
}
