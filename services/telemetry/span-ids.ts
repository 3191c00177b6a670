import type { IdGenerator } from '@opentelemetry/sdk-trace';
import { randomHex, type TraceContext } from './trace-context.ts';

type Ids = Pick<TraceContext, 'trace_id' | 'span_id'>;

interface PresetIds extends IdGenerator {
  /** Which ids the very next span gets. */
  next(ids: Ids): void;
}

/**
 * Ids of spans. A call's ids are told to its caller and written into its record before anybody knows whether its spans are
 * kept, so the spans must take them over; all other spans get random ones.
 */
export const presetIds: PresetIds = createPresetIds();

function createPresetIds(): PresetIds {
  let span: string | undefined;
  let trace: string | undefined;

  return {
    next(ids) {
      span = ids.span_id;
      trace = ids.trace_id;
    },

    // A tracer asks for this one first, so that a preset trace id is never left over for another trace.
    generateSpanId() {
      const id = span ?? randomHex(8);
      if (span === undefined) trace = undefined;
      span = undefined;

      return id;
    },

    generateTraceId() {
      const id = trace ?? randomHex(16);
      trace = undefined;

      return id;
    },
  };
}
