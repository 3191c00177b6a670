import { randomBytes } from 'node:crypto';
import type { TraceContext } from '../types.ts';

// W3C Trace Context, section 3.2.2: version 00, lower-case hex, neither id all zeros.
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;
const SAMPLED = 0x01;

/**
 * Takes the trace context of a call from its `traceparent` values; anything but exactly one that is well formed
 * begins a new trace, because a trace id is never a reason to refuse a decision.
 */
export function traceContext(values: readonly string[]): TraceContext {
  const [value, ...more] = values;
  const match = value === undefined || more.length > 0 ? null : TRACEPARENT.exec(value);
  const [, trace_id, parent_span_id, flags] = match ?? [];
  if (trace_id === undefined || flags === undefined) return newTrace();

  return { trace_id, parent_span_id, sampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

function newTrace(): TraceContext {
  return { trace_id: randomBytes(16).toString('hex'), parent_span_id: undefined, sampled: false };
}
