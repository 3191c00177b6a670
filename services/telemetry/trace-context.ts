import { randomFillSync } from 'node:crypto';
import type { Sampling } from './sampling.ts';

/** W3C trace context of one call, and the span that this process is for it. */
export interface TraceContext {
  /** 32 lower-case hex digits. */
  readonly trace_id: string;
  /** Of the span that covers the call here, 16 lower-case hex digits. */
  readonly span_id: string;
  /** The caller's span, 16 lower-case hex digits; absent where the trace begins here. */
  readonly parent_span_id: string | undefined;
  /** What the caller passed along as `tracestate`; absent where it is longer than 512 units or stands there twice. */
  readonly state: string | undefined;
  /** Whether its spans are kept. */
  readonly sampled: boolean;
}

// W3C Trace Context, section 3.2.2: version 00, lower-case hex, neither id all zeros.
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;
const SAMPLED = 0x01;
/** Section 3.3.1.5: what implementations should at least pass on; it is all that we do. */
const STATE_UNITS = 512;

/**
 * Takes the trace context of a call from its `traceparent` values; anything but exactly one that is well formed begins a
 * new trace, because a trace id is never a reason to refuse a decision.
 */
export function traceContext(
  sampling: Sampling,
  traceparents: readonly string[],
  tracestates: readonly string[] = [],
): TraceContext {
  const [value, ...more] = traceparents;
  const match = value === undefined || more.length > 0 ? null : TRACEPARENT.exec(value);
  const [, trace_id, parent_span_id, flags] = match ?? [];
  if (trace_id === undefined || flags === undefined) return newTrace(sampling);

  const parentSampled = (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED;

  return {
    trace_id,
    span_id: randomHex(8),
    parent_span_id,
    state: stateOf(tracestates),
    sampled: sampling(trace_id, parentSampled),
  };
}

function newTrace(sampling: Sampling): TraceContext {
  const trace_id = randomHex(16);

  return {
    trace_id,
    span_id: randomHex(8),
    parent_span_id: undefined,
    state: undefined,
    sampled: sampling(trace_id, undefined),
  };
}

function stateOf([state, ...more]: readonly string[]): string | undefined {
  return state === undefined || more.length > 0 || state.length > STATE_UNITS ? undefined : state;
}

const RANDOM = Buffer.alloc(4_096);
let used = RANDOM.length;

/** Ids that are all zeros would be no ids; with 64 random bits and more that never happens. */
export function randomHex(bytes: 8 | 16): string {
  if (used + bytes > RANDOM.length) {
    randomFillSync(RANDOM);
    used = 0;
  }
  used += bytes;

  return RANDOM.toString('hex', used - bytes, used);
}
