import { approvalNeeded } from '../bundles/approvals/needed.ts';
import type { CompiledBundle } from '../bundles/compile.ts';
import { decideByBundle } from '../bundles/decide.ts';
import type { PdpError } from '../engine/error.ts';
import { uidKey } from '../engine/value/value.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LimitCounting } from '../store/limits/counting.ts';
import type { People } from './approvals/people.ts';
import { type Begun, begin, commit, conclude, fail, reserve } from './deciding.ts';
import { factsFor } from './facts.ts';
import { judge, storedFor } from './judge.ts';
import type { Observer } from './observe/observer.ts';
import { ruleOfRun } from './runs/run-id.ts';
import type { RunTurns } from './runs/run-turns.ts';
import type { Snapshot } from './snapshot.ts';
import { authorizeStateful } from './stateful/authorize-stateful.ts';
import type { ThreadShare } from './thread-share.ts';
import type { Trials } from './trial/trials.ts';
import type { AuthorizeCall, CallScope, DecisionReply } from './types.ts';
import type { Verifier } from './verify/verifier.ts';

export interface DecisionPath {
  readonly ledger: Ledger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Throws PdpError `unavailable` once the policy state is older than decisions may be made by. */
  readonly refuseStale: () => void;
  /** Whether Cedar judges a bundle although this process is configured for the compiled evaluator. */
  readonly isFallback: (bundle: CompiledBundle) => boolean;
  /** How much of this thread all such bundles may take together. */
  readonly fallback: ThreadShare;
  /** Version of Cedar that evaluates, for the record. */
  readonly cedarVersion: string;
  readonly observer: Observer;
  /** May have decisions judged again, once they are recorded. */
  readonly verifier: Pick<Verifier, 'sample'>;
  /** Holds candidates against the active bundle, where a store has any. */
  readonly trials: Pick<Trials, 'decided' | 'failed'>;
  /** What decisions take from the state in PostgreSQL. */
  readonly counting: Pick<
    LimitCounting,
    'findKey' | 'keepReply' | 'read' | 'readRun' | 'recorded' | 'release' | 'settle'
  >;
  /** Whose turn it is in each run. */
  readonly runTurns: RunTurns;
  /** What people say of requests that policies leave to them. */
  readonly approvals: Pick<People, 'ask' | 'find' | 'recorded' | 'release' | 'shown' | 'wait'>;
}

/** The outcome of one request: its decision, or why there is none. */
export type Outcome = DecisionReply | PdpError;

/**
 * The decision path: one request walks straight through. Everything up to the record is synchronous, so a request sees one
 * snapshot and one bundle. A request that could not be decided leaves a small record. Where it depends on state, the walk waits for
 * PostgreSQL: {@link authorizeStateful}.
 * @param settled told the outcome once the record is as durable as configured, later or at once; must not throw.
 * @returns where it depends on state: resolves once nothing more of it depends on them, so that a batch can go on in order.
 */
export function authorize(
  path: DecisionPath,
  snapshot: Snapshot,
  call: AuthorizeCall,
  scope: CallScope,
  settled: (outcome: Outcome) => void,
): Promise<void> | undefined {
  try {
    const begun = begin(path, snapshot, call, scope);
    if (isStateful(begun)) return authorizeStateful(path, begun, settled);

    const { selected, store } = begun;
    const judged = judge(path, selected, store, call, (bundle) =>
      decideByBundle(bundle, call, (names) => factsFor(begun, names), storedFor(bundle, selected)),
    );
    const { decided, settled: said } = judged;
    if (approvalNeeded(selected.bundle, decided, said) !== undefined) {
      return authorizeStateful(path, begun, settled);
    }

    const deciding = conclude(path, begun, judged);
    commit(path, deciding, reserve(path, deciding), begun, settled);
  } catch (thrown) {
    settled(fail(path, call, scope, thrown));
  }

  return undefined;
}

/** Facts about limits are declared only where limits count the action, so this covers whatever PostgreSQL has to be asked for. */
function isStateful({ selected: { bundle }, call }: Begun): boolean {
  if (call.idempotency_key !== '') return true;
  if (!bundle.isStateful) return false;
  const action = bundle.actions.get(uidKey(call.action.type, call.action.id));
  if (action === undefined) return false;

  return action.limits.length > 0 || ruleOfRun(action.run, call) !== undefined;
}
