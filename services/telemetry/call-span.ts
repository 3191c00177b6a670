import { createTraceState } from '@opentelemetry/api';
import type { Describe } from './attribute-sink.ts';
import type { SpanName } from './attributes.ts';
import { randomHex, type TraceContext } from './trace-context.ts';

/** What took a while, and can be told as a span. */
interface Ended {
  readonly name: string;
  /** On the clock of `performance.now()`, as is the end. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly describe: Describe;
  /** An error code, where the server and not the caller is at fault. */
  readonly fault?: string | undefined;
}

/** What happened within a call, noted until it is known whether the call's spans are kept. */
export type Step = Ended &
  ({ readonly kind: 'internal'; readonly name: SpanName } | { readonly kind: 'client' });

/** What is noted of a call while it is decided. */
export interface CallNotes {
  readonly steps: Step[];
  /** A deny or an error, which may be kept where the rest is not. */
  notable: boolean;
}

/** A call that was answered; its name is its method or its route, as the semantic conventions want. */
export interface CallSpan extends Ended {
  readonly trace: TraceContext;
  readonly steps: readonly Step[];
}

/** Takes the spans of calls, all of one at once and only where they are kept; never waits. */
export interface SpanLog {
  emit(call: CallSpan): void;
}

/** One span, in its place within its trace and in time. */
export interface PlacedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: { readonly spanId: string; readonly isRemote: boolean } | undefined;
  /** What the caller passed along as `tracestate`, without what is malformed in it; empty: nothing. */
  readonly state: string;
  readonly kind: 'server' | Step['kind'];
  readonly name: string;
  /** Milliseconds since the epoch, with a fraction, as is the end. */
  readonly startMs: number;
  readonly endMs: number;
  readonly describe: Describe;
  readonly fault: string | undefined;
}

/** The spans of a call: its own, whose ids its caller and its record know, and one for each step within it. */
export function placedSpans({ trace, steps, ...call }: CallSpan): PlacedSpan[] {
  const { trace_id: traceId, span_id, parent_span_id } = trace;
  const state = trace.state === undefined ? '' : createTraceState(trace.state).serialize();
  const epoch = Date.now() - performance.now();
  const place = ({ name, startedAt, endedAt, describe, fault }: Ended) => ({
    traceId,
    state,
    name,
    startMs: epoch + startedAt,
    endMs: epoch + endedAt,
    describe,
    fault,
  });
  const caller = parent_span_id === undefined ? undefined : { spanId: parent_span_id, isRemote: true };
  const parent = { spanId: span_id, isRemote: false };

  return [
    { ...place(call), kind: 'server', spanId: span_id, parent: caller },
    ...steps.map((step) => ({ ...place(step), kind: step.kind, spanId: randomHex(8), parent })),
  ];
}
