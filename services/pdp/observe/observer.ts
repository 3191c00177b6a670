import type { PdpError } from '../../engine/error.ts';
import type { DecisionEntry, ErrorEntry } from '../../ledger/record.ts';
import { nothing } from '../../telemetry/attribute-sink.ts';
import type { CallSpan } from '../../telemetry/call-span.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { createThrottle } from '../../telemetry/throttle.ts';
import { traceContext } from '../../telemetry/trace-context.ts';
import type { GlassUse } from '../break-glass/usage.ts';
import type { Address } from '../config/values.ts';
import type { CallNotes, CallScope, TraceContext, Transport } from '../types.ts';
import { describeOperation, faultOf, type Operation, operationName, rpcStatus } from './operation.ts';
import { describeRecord } from './record-attributes.ts';

/** When a decision's stages ended, on the clock of `performance.now()`. */
export interface DecisionTimes {
  readonly evaluatingAt: number;
  readonly decidedAt: number;
  /** When it could be recorded, where limits had to count it first. */
  readonly countedAt?: number;
  readonly recordedAt: number;
}

/** A call, or one message of a stream, that a transport answered. */
export interface AnsweredCall {
  readonly operation: Operation;
  readonly trace: TraceContext;
  readonly notes: CallNotes;
  /** On the clock of `performance.now()`. */
  readonly startedAt: number;
  readonly error: PdpError | undefined;
}

/** One HTTP request, as metrics see it. */
export interface HttpExchange {
  readonly method: string;
  /** Empty where no route matched. */
  readonly route: string;
  readonly status: number;
  /** On the clock of `performance.now()`. */
  readonly startedAt: number;
  readonly trace: TraceContext;
}

/** What the decision service and its transports tell of their work; none of it can fail or delay a decision. */
export interface Observer {
  /** Takes or makes the trace of a call, and decides whether it is kept. */
  begin(traceparents: readonly string[], tracestates?: readonly string[]): TraceContext;
  /** A decision whose record is as durable as configured. */
  decided(entry: DecisionEntry, scope: CallScope, times: DecisionTimes): void;
  /** An authenticated request that could not be decided. */
  failed(entry: ErrorEntry, scope: Pick<CallScope, 'trace'>, error: PdpError): void;
  /** A call whose caller nobody knows, refused by its transport. */
  refused(error: PdpError, transport: Transport): void;
  /** Requests that were sent away because too many were in flight. */
  shed(requests: number, error: PdpError, transport: Transport): void;
  /** Requests that were sent away because their caller asks too often. */
  limited(requests: number, error: PdpError, transport: Transport): void;
  /** What limits did to a decision of a store. */
  counted(outcome: 'consumed' | 'exceeded' | 'lost_race', store: string): void;
  /** What a run did to a decision of a store. */
  ran(outcome: 'taken' | 'refused' | 'moved', store: string): void;
  /** A request under an idempotency key that was taken before. */
  repeated(repeat: 'replayed' | 'unfinished' | 'conflict', store: string): void;
  /** A report of an outcome that was recorded and settled. */
  reported(outcome: 'success' | 'failure', store: string): void;
  /** A wait until PostgreSQL has said what is used of limits, or counted a decision. */
  waitedForCount(scope: CallScope, startedAt: number): void;
  /** A wait for PostgreSQL's state, before the decision. */
  waited(scope: CallScope, startedAt: number): void;
  answered(call: AnsweredCall): void;
  /** An HTTP request of any kind that was answered, or whose connection ended. */
  responded(exchange: HttpExchange): void;
}

export interface ObserverOptions {
  readonly telemetry: Telemetry;
  readonly log: Log;
  /** Keeps the trace of each deny and each error, whatever sampling says. */
  readonly traceDenies: boolean;
  /** As configured: what a caller puts into its Host header is not taken over. */
  readonly addresses: { readonly rpc: Address; readonly http: Address };
  /** Told of decisions under break-glass, so that people hear of them. */
  readonly glassUse?: Pick<GlassUse, 'used'>;
}

const LOG_EVERY_MS = 1_000;

export function createObserver({
  telemetry,
  log,
  traceDenies,
  addresses,
  glassUse,
}: ObserverOptions): Observer {
  const { metrics, events, spans } = telemetry;
  const internalErrors = createThrottle(LOG_EVERY_MS);
  const ownFaults = createThrottle(LOG_EVERY_MS);

  const observer: Observer = {
    begin: (traceparents, tracestates) => traceContext(telemetry.sampling, traceparents, tracestates),

    decided(entry, scope, times) {
      const { trace, notes } = scope;
      const { store, decision, reason_code, policy_errors } = entry;
      const { evaluatingAt, decidedAt, countedAt = decidedAt, recordedAt } = times;
      if (decision === 'deny') notes.notable = true;

      metrics.add('palisade.decisions', 1, [store, decision, reason_code]);
      if (entry.enforcement === 'monitored')
        metrics.add('palisade.decisions.monitored', 1, [store, decision]);
      if (entry.break_glass !== undefined) {
        metrics.add('palisade.break_glass.decisions', 1, [store, decision]);
        glassUse?.used(entry);
      }
      const source = isKept(scope) ? trace : undefined;
      metrics.record('palisade.evaluation.duration', (decidedAt - evaluatingAt) / 1_000, [], source);
      metrics.record('palisade.record.duration', (recordedAt - countedAt) / 1_000, [], source);
      for (const { policy_id } of policy_errors) metrics.add('palisade.policy.errors', 1, [store, policy_id]);
      if (mayBeKept(trace)) noteDecision(notes, entry, times);
      events?.emit({
        name: 'palisade.decision',
        at: Date.parse(entry.time),
        trace,
        severity: entry.severity === 'critical' ? 'fatal' : 'info',
        describe: (sink) => describeRecord(entry, sink),
      });
    },

    failed(entry, { trace }, error) {
      countError(error, entry.transport);
      if (error.code === 'internal') logInternal(error, trace);
      events?.emit({
        name: 'palisade.error',
        at: Date.parse(entry.time),
        trace,
        severity: 'error',
        describe: (sink) => describeRecord(entry, sink),
      });
    },

    refused: countError,

    shed(requests, error, transport) {
      metrics.add('palisade.requests.shed', requests, []);
      metrics.add('palisade.errors', requests, [error.code, transport]);
    },

    limited(requests, error, transport) {
      metrics.add('palisade.requests.rate_limited', requests, []);
      metrics.add('palisade.errors', requests, [error.code, transport]);
    },

    ran: (outcome, store) => metrics.add('palisade.runs.decisions', 1, [store, outcome]),

    counted: (outcome, store) => metrics.add('palisade.limits.decisions', 1, [store, outcome]),

    repeated: (repeat, store) => metrics.add('palisade.repeats', 1, [store, repeat]),

    reported: (outcome, store) => metrics.add('palisade.outcomes', 1, [store, outcome]),

    waitedForCount(scope, startedAt) {
      const seconds = (performance.now() - startedAt) / 1_000;
      metrics.record('palisade.limits.wait.duration', seconds, [], isKept(scope) ? scope.trace : undefined);
      noteWait('palisade.wait_for_limits', scope, startedAt);
    },

    waited: (scope, startedAt) => noteWait('palisade.wait_for_state', scope, startedAt),

    answered(call) {
      const { operation, trace, notes, startedAt, error } = call;
      const endedAt = performance.now();
      if (error !== undefined) notes.notable = true;
      const kept = isKept(call);
      if (operation.kind === 'rpc') {
        const labels = ['grpc', operationName(operation), rpcStatus(error)] as const;
        metrics.record(
          'rpc.server.call.duration',
          (endedAt - startedAt) / 1_000,
          labels,
          kept ? trace : undefined,
        );
      }
      if (!kept) return;

      const { describe, steps } = toldOf(notes);
      spans?.emit({
        name: operationName(operation),
        trace,
        startedAt,
        endedAt,
        describe(sink) {
          describeOperation(operation, error, addresses[operation.kind], sink);
          describe(sink);
        },
        steps,
        fault: faultOf(error),
      });
    },

    responded({ method, route, status, startedAt, trace }) {
      const seconds = (performance.now() - startedAt) / 1_000;
      const source = spans !== undefined && trace.sampled ? trace : undefined;
      metrics.record('http.server.request.duration', seconds, [method, route, String(status)], source);
    },
  };

  return {
    begin: observer.begin,
    decided: harmless(observer.decided),
    failed: harmless(observer.failed),
    refused: harmless(observer.refused),
    shed: harmless(observer.shed),
    limited: harmless(observer.limited),
    counted: harmless(observer.counted),
    ran: harmless(observer.ran),
    repeated: harmless(observer.repeated),
    reported: harmless(observer.reported),
    waitedForCount: harmless(observer.waitedForCount),
    waited: harmless(observer.waited),
    answered: harmless(observer.answered),
    responded: harmless(observer.responded),
  };

  /** Whoever tells of a decision is not to be troubled by how that is told. */
  function harmless<Told extends unknown[]>(tell: (...told: Told) => void): (...told: Told) => void {
    return (...told) => {
      try {
        tell(...told);
      } catch (err) {
        ownFaults((since_last) => log.error({ err, since_last }, 'telemetry failed'));
      }
    };
  }

  function noteWait(
    name: 'palisade.wait_for_state' | 'palisade.wait_for_limits',
    { trace, notes }: CallScope,
    startedAt: number,
  ): void {
    if (!mayBeKept(trace)) return;
    const endedAt = performance.now();
    notes.steps.push({ kind: 'internal', name, startedAt, endedAt, describe: nothing });
  }

  function mayBeKept({ sampled }: TraceContext): boolean {
    return spans !== undefined && (sampled || traceDenies);
  }

  function isKept({ trace, notes }: { readonly trace: TraceContext; readonly notes: CallNotes }): boolean {
    return spans !== undefined && (trace.sampled || (traceDenies && notes.notable));
  }

  function countError(error: PdpError, transport: Transport): void {
    metrics.add('palisade.errors', 1, [error.code, transport]);
  }

  function logInternal({ cause, message }: PdpError, { trace_id, span_id }: TraceContext): void {
    internalErrors((count) =>
      log.error({ err: cause ?? message, trace_id, span_id, since_last: count }, 'a request failed inside'),
    );
  }
}

/** What a call's spans say of its decisions: of one the call's own, of a batch one for each. */
function toldOf({ steps }: CallNotes): Pick<CallSpan, 'describe' | 'steps'> {
  const decisions = steps.filter(({ name }) => name === 'palisade.evaluate');
  // The records of a batch are committed together, and tell nothing one by one.
  if (decisions.length > 1) {
    return { describe: (sink) => sink.int('palisade.batch.size', decisions.length), steps: decisions };
  }

  return {
    describe: decisions[0]?.describe ?? nothing,
    steps: steps.map((step) => ({ ...step, describe: nothing })),
  };
}

function noteDecision(notes: CallNotes, entry: DecisionEntry, times: DecisionTimes): void {
  const { evaluatingAt, decidedAt, countedAt = decidedAt, recordedAt } = times;
  notes.steps.push(
    {
      kind: 'internal',
      name: 'palisade.evaluate',
      startedAt: evaluatingAt,
      endedAt: decidedAt,
      describe: (sink) => describeRecord(entry, sink),
    },
    {
      kind: 'internal',
      name: 'palisade.record',
      startedAt: countedAt,
      endedAt: recordedAt,
      describe: nothing,
    },
  );
}
