import { trace } from '@opentelemetry/api';
import { pino } from 'pino';

export type Log = ReturnType<typeof createLog>;

/**
 * The process log: JSON lines on standard output, with the ids of the trace that a line was written in. Decisions are not in
 * it, they have a log of their own.
 * @param level least severe level that is written, or `silent`.
 */
export function createLog(level: string) {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, mixin: traceIds });
}

function traceIds(): Readonly<Record<string, string>> {
  const span = trace.getActiveSpan()?.spanContext();

  return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId };
}
