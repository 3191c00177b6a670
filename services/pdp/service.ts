import { PdpError, toPdpError } from '../engine/error.ts';
import { LIMITS } from '../engine/limits.ts';
import { askingStore } from './admit.ts';
import { authenticateCertificate } from './authenticate-certificate.ts';
import { authorize, type DecisionPath } from './authorize.ts';
import { constraints } from './constraints.ts';
import { authenticateAnonymous, authenticateToken } from './credentials.ts';
import { createBatchDecider } from './decide-batch.ts';
import { createLane } from './lane.ts';
import type { Outcomes } from './outcomes/take-outcomes.ts';
import type { RateLimiter } from './rate-limiter.ts';
import { recordError } from './record-error.ts';
import type { Replica } from './replica.ts';
import type { RunKeeping } from './runs/keeping.ts';
import type {
  AuthorizeCall,
  Caller,
  CallScope,
  ConstraintsCall,
  ConstraintsReply,
  DecisionReply,
  DecisionService,
  ReplyApproval,
  Transport,
  WaitCall,
} from './types.ts';

export interface ServiceOptions {
  readonly path: DecisionPath;
  readonly replica: Replica;
  readonly anonymousAllowed: boolean;
  readonly rates: RateLimiter;
  readonly runs: RunKeeping;
  readonly outcomes: Pick<Outcomes, 'report'>;
}

/** A decision service that tells how busy it is. */
export interface CountedService extends DecisionService {
  /** Requests that are being decided. */
  inFlight(): number;
  /**
   * Holds a caller to its rate limit.
   * @throws PdpError `overloaded`, `too_large`: see {@link RateLimiter}.
   */
  charge(caller: Caller, count: number, transport: Transport): void;
}

/** The decision service that every transport adapts. */
export function createDecisionService(options: ServiceOptions): CountedService {
  const { path, replica, runs } = options;
  const constraining = createLane();
  const decideBatch = createBatchDecider({ path, snapshot: replica.snapshot, reached });
  let inFlight = 0;

  return {
    inFlight: () => inFlight,
    charge,

    authenticate(token, loopback, certificate) {
      if (certificate !== undefined) {
        return authenticateCertificate(replica.snapshot().credentials, certificate, token, path.now());
      }
      if (token === undefined) return authenticateAnonymous(loopback, options.anonymousAllowed);

      return authenticateToken(replica.snapshot().credentials, token, path.now());
    },

    authorize(call, scope) {
      return admitted(1, scope, () => {
        const waiting = reached([call], scope);

        return waiting === undefined ? decideOne(call, scope) : waiting.then(() => decideOne(call, scope));
      });
    },

    authorizeBatch(batch, scope) {
      return admitted(batch.size, scope, () => decideBatch(batch, scope));
    },

    constraints(call, scope) {
      return admitted(1, scope, () => recorded(scope, () => constrainOne(call, scope)));
    },

    reportOutcome(call, scope) {
      return admitted(1, scope, () => recorded(scope, () => options.outcomes.report(call, scope)));
    },

    startRun: (call, scope) =>
      admitted(1, scope, () => recorded(scope, () => runs.start(replica.snapshot(), call, scope))),
    endRun: (call, scope) => admitted(1, scope, () => recorded(scope, () => runs.end(call, scope))),
    getRun: (call, scope) => admitted(1, scope, () => recorded(scope, () => runs.get(call, scope))),

    /** Not in flight meanwhile: it takes nothing but a place among those that wait. */
    async waitForApproval(call, scope) {
      charge(scope.caller, 1, scope.transport);

      return waitOne(call, scope);
    },
  };

  function waitOne(call: WaitCall, scope: CallScope): Promise<ReplyApproval> {
    return recorded(scope, async () => {
      const { caller, deadline, signal } = scope;
      const end = performance.now() + waitMs(call);
      const shown = await path.approvals.wait(call.approval_id, askingStore(call, caller), caller.subject, {
        deadline: Math.min(end, deadline - WAIT_MARGIN_MS),
        signal,
      });

      return path.approvals.shown(shown);
    });
  }

  /** What comes to nothing leaves its small record. */
  async function recorded<Reply>(scope: CallScope, run: () => Promise<Reply>): Promise<Reply> {
    try {
      return await run();
    } catch (thrown) {
      const error = toPdpError(thrown);
      recordError(path, undefined, scope, error);
      throw error;
    }
  }

  /** One at a time, however many ask: it may take as long as a large batch. */
  async function constrainOne(call: ConstraintsCall, scope: CallScope): Promise<ConstraintsReply> {
    await reached([call], scope);
    await constraining.enter();
    try {
      return await constraints(path, replica.snapshot(), call, scope);
    } finally {
      constraining.leave();
    }
  }

  function decideOne(call: AuthorizeCall, scope: CallScope): Promise<DecisionReply> {
    return new Promise((resolve, reject) => {
      void authorize(path, replica.snapshot(), call, scope, (outcome) =>
        outcome instanceof PdpError ? reject(outcome) : resolve(outcome),
      );
    });
  }

  /** @returns absent where there is nothing to wait for. */
  function reached(calls: readonly (Awaiting | PdpError)[], scope: CallScope): Promise<void> | undefined {
    const sequences = sequencesOf(calls, scope.caller);

    return sequences.size === 0 ? undefined : reachedAll(sequences, scope);
  }

  async function reachedAll(sequences: ReadonlyMap<string, bigint>, scope: CallScope): Promise<void> {
    const startedAt = performance.now();
    await replica.reached(sequences, scope.deadline, scope.signal);
    path.observer.waited(scope, startedAt);
  }

  /** No record is left of what is refused here: whoever floods would fill the spool with them. It is counted. */
  function charge(caller: Caller, count: number, transport: Transport): void {
    try {
      options.rates.take(caller, count, () => replica.snapshot().credentials);
    } catch (thrown) {
      const error = toPdpError(thrown);
      path.observer.limited(count, error, transport);
      throw error;
    }
  }

  async function admitted<T>(count: number, scope: CallScope, run: () => Promise<T>): Promise<T> {
    if (inFlight + count > LIMITS.requests_in_flight) {
      const error = new PdpError('overloaded', 'too many requests are in flight; try again later', {
        limit: { name: 'requests_in_flight', max: LIMITS.requests_in_flight },
      });
      path.observer.shed(count, error, scope.transport);
      throw error;
    }
    charge(scope.caller, count, scope.transport);

    inFlight += count;
    try {
      return await run();
    } finally {
      inFlight -= count;
    }
  }
}

/** What is left for the answer of a wait to reach its caller before the deadline. */
const WAIT_MARGIN_MS = 100;

function waitMs({ timeout_ms: asked }: WaitCall): number {
  return asked === 0n || asked > BigInt(LIMITS.approval_wait_ms) ? LIMITS.approval_wait_ms : Number(asked);
}

/** A call that may wait for a state. */
type Awaiting = Pick<AuthorizeCall, 'at_least_sequence' | 'policy_store'>;

/** Which sequence each store should have reached before these calls are decided. */
function sequencesOf(calls: readonly (Awaiting | PdpError)[], caller: Caller): ReadonlyMap<string, bigint> {
  const sequences = new Map<string, bigint>();
  for (const call of calls) {
    if (call instanceof PdpError || call.at_least_sequence === 0n) continue;
    const store = call.policy_store === '' ? caller.stores[0] : call.policy_store;
    if (store === undefined || !caller.stores.includes(store)) continue;
    if (call.at_least_sequence > (sequences.get(store) ?? 0n)) sequences.set(store, call.at_least_sequence);
  }

  return sequences;
}
