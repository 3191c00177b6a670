import type { PdpError } from '../../engine/error.ts';
import type { DecisionEntry, ErrorEntry } from '../../ledger/record.ts';
import type { TelemetryAttributes } from '../../telemetry/attributes.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { createThrottle } from '../../telemetry/throttle.ts';
import { traceContext } from '../../telemetry/trace-context.ts';
import { type CallSpan, emitCall } from '../../telemetry/tracing.ts';
import type { Address } from '../config/values.ts';
import type { CallNotes, CallScope, TraceContext, Transport } from '../types.ts';
import { faultOf, type Operation, operationAttributes, operationName, rpcStatus } from './operation.ts';
import { recordAttributes } from './record-attributes.ts';

/** When a decision's stages ended, on the clock of `performance.now()`. */
export interface DecisionTimes {
  readonly evaluatingAt: number;
  readonly decidedAt: number;
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
}

const LOG_EVERY_MS = 1_000;

export function createObserver({ telemetry, log, traceDenies, addresses }: ObserverOptions): Observer {
  const { metrics, events, tracesGoOut } = telemetry;
  const internalErrors = createThrottle(LOG_EVERY_MS);
  const ownFaults = createThrottle(LOG_EVERY_MS);

  const observer: Observer = {
    begin: (traceparents, tracestates) => traceContext(telemetry.sampling, traceparents, tracestates),

    decided(entry, scope, times) {
      const { trace, notes } = scope;
      const { store, decision, reason_code, policy_errors } = entry;
      const { evaluatingAt, decidedAt, recordedAt } = times;
      if (decision === 'deny') notes.notable = true;

      metrics.add('palisade.decisions', 1, [store, decision, reason_code]);
      const source = isKept(scope) ? trace : undefined;
      metrics.record('palisade.evaluation.duration', (decidedAt - evaluatingAt) / 1_000, [], source);
      metrics.record('palisade.record.duration', (recordedAt - decidedAt) / 1_000, [], source);
      for (const { policy_id } of policy_errors) metrics.add('palisade.policy.errors', 1, [store, policy_id]);
      if (mayBeKept(trace)) noteDecision(notes, entry, times);
      events?.emit({
        name: 'palisade.decision',
        at: Date.parse(entry.time),
        trace,
        severity: 'info',
        attributes: () => recordAttributes(entry),
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
        attributes: () => recordAttributes(entry),
      });
    },

    refused: countError,

    shed(requests, error, transport) {
      metrics.add('palisade.requests.shed', requests, []);
      metrics.add('palisade.errors', requests, [error.code, transport]);
    },

    waited({ trace, notes }, startedAt) {
      if (!mayBeKept(trace)) return;
      const endedAt = performance.now();
      notes.steps.push({ name: 'palisade.wait_for_state', startedAt, endedAt, attributes: nothing });
    },

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

      const name = operationName(operation);
      const asked = operationAttributes(operation, error, addresses[operation.kind]);
      const { attributes, steps } = toldOf(notes);
      emitCall({
        name,
        trace,
        startedAt,
        endedAt,
        attributes: { ...asked, ...attributes },
        steps,
        fault: faultOf(error),
      });
    },

    responded({ method, route, status, startedAt, trace }) {
      const seconds = (performance.now() - startedAt) / 1_000;
      const source = tracesGoOut && trace.sampled ? trace : undefined;
      metrics.record('http.server.request.duration', seconds, [method, route, String(status)], source);
    },
  };

  return {
    begin: observer.begin,
    decided: harmless(observer.decided),
    failed: harmless(observer.failed),
    refused: harmless(observer.refused),
    shed: harmless(observer.shed),
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

  function mayBeKept({ sampled }: TraceContext): boolean {
    return tracesGoOut && (sampled || traceDenies);
  }

  function isKept({ trace, notes }: { readonly trace: TraceContext; readonly notes: CallNotes }): boolean {
    return tracesGoOut && (trace.sampled || (traceDenies && notes.notable));
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
function toldOf({ steps }: CallNotes): Pick<CallSpan, 'attributes' | 'steps'> {
  const decisions = steps.filter(({ name }) => name === 'palisade.evaluate');
  // The records of a batch are committed together, and tell nothing one by one.
  if (decisions.length > 1) {
    return { attributes: { 'palisade.batch.size': decisions.length }, steps: decisions };
  }

  return {
    attributes: decisions[0]?.attributes() ?? {},
    steps: steps.map((step) => ({ ...step, attributes: nothing })),
  };
}

function nothing(): TelemetryAttributes {
  return {};
}

function noteDecision(notes: CallNotes, entry: DecisionEntry, times: DecisionTimes): void {
  const { evaluatingAt, decidedAt, recordedAt } = times;
  notes.steps.push(
    {
      name: 'palisade.evaluate',
      startedAt: evaluatingAt,
      endedAt: decidedAt,
      attributes: () => recordAttributes(entry),
    },
    {
      name: 'palisade.record',
      startedAt: decidedAt,
      endedAt: recordedAt,
      attributes: nothing,
    },
  );
}
