import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { SpanName, TelemetryAttributes } from './attributes.ts';
import { presetIds } from './span-ids.ts';
import type { TraceContext } from './trace-context.ts';

/** Goes on to whatever provider is registered later. */
const tracer = trace.getTracer('palisade');

/** What happened within a call, noted until it is known whether the call's spans are kept. */
export interface Step {
  readonly name: SpanName;
  /** On the clock of `performance.now()`, as is the end. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Made only where the span is. */
  readonly attributes: () => TelemetryAttributes;
  /** An error code, where it failed. */
  readonly error?: string | undefined;
}

/** What is noted of a call while it is decided. */
export interface CallNotes {
  readonly steps: Step[];
  /** A deny or an error, which may be kept where the rest is not. */
  notable: boolean;
}

/** A call that was answered. */
export interface CallSpan {
  /** The method or the route, as the semantic conventions want. */
  readonly name: string;
  readonly trace: TraceContext;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: TelemetryAttributes;
  readonly steps: readonly Step[];
  /** An error code, where the server and not the caller is at fault. */
  readonly fault: string | undefined;
}

/**
 * Makes the spans of an answered call, all at once and only where they are kept: what is not sampled costs two clock readings.
 * Without an SDK that exports, this does nothing.
 */
export function emitCall(call: CallSpan): void {
  const { trace: ids, name, startedAt, endedAt } = call;
  const epoch = Date.now() - performance.now();
  const parent = remoteParent(ids).setValue(KEPT, true);
  presetIds.next(ids);
  const span = tracer.startSpan(
    name,
    { kind: SpanKind.SERVER, startTime: epoch + startedAt, attributes: call.attributes as Attributes },
    parent,
  );
  const within = trace.setSpan(parent, span);
  for (const step of call.steps) {
    const child = tracer.startSpan(
      step.name,
      { startTime: epoch + step.startedAt, attributes: step.attributes() as Attributes },
      within,
    );
    if (step.error !== undefined) child.setStatus({ code: SpanStatusCode.ERROR, message: step.error });
    child.end(epoch + step.endedAt);
  }
  if (call.fault !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: call.fault });
  span.end(epoch + endedAt);
}

/** Runs `body` within a SERVER span that is the parent of what it does, for calls that are no decisions. */
export function withCallSpan<T>(
  ids: TraceContext,
  attributes: TelemetryAttributes,
  body: (span: Span) => T,
): T {
  const parent = ids.sampled ? remoteParent(ids).setValue(KEPT, true) : remoteParent(ids);
  presetIds.next(ids);
  const options = { kind: SpanKind.SERVER, attributes: attributes as Attributes };
  const span = tracer.startSpan(String(attributes['http.request.method'] ?? 'HTTP'), options, parent);

  return context.with(trace.setSpan(parent, span), () => body(span));
}

/** Runs a statement within a CLIENT span where a call's span surrounds it: what the process asks of itself makes none. */
export async function withStatementSpan<T>(statement: string, run: () => Promise<T>): Promise<T> {
  if (trace.getActiveSpan()?.isRecording() !== true) return run();

  const operation = /^\s*(\w+)/.exec(statement)?.[1]?.toUpperCase() ?? 'SQL';
  const attributes: TelemetryAttributes = {
    'db.system.name': 'postgresql',
    'db.operation.name': operation,
    'db.query.text': statement,
  };
  const span = tracer.startSpan(operation, { kind: SpanKind.CLIENT, attributes: attributes as Attributes });
  try {
    return await run();
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

/** Set where this process decided to keep a trace; the SDK's sampler asks for nothing else. */
export const KEPT = createContextKey('palisade.kept');

function remoteParent({ trace_id, parent_span_id, sampled, state }: TraceContext): Context {
  if (parent_span_id === undefined) return ROOT_CONTEXT;

  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: trace_id,
    spanId: parent_span_id,
    traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(state === undefined ? {} : { traceState: createTraceState(state) }),
  });
}
