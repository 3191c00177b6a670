import { type Attributes, logs, SeverityNumber } from '@opentelemetry/api';
import type { EventName, TelemetryAttributes } from './attributes.ts';
import type { TraceContext } from './trace-context.ts';
import { spanContextOf } from './tracing.ts';

/** One log event of a call. */
export interface CallEvent {
  readonly name: EventName;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly trace: TraceContext;
  readonly severity: 'info' | 'error';
  readonly attributes: TelemetryAttributes;
}

/** Goes on to whatever provider is registered later. */
const logger = logs.getLogger('palisade');

const SEVERITIES = {
  info: { severityNumber: SeverityNumber.INFO, severityText: 'INFO' },
  error: { severityNumber: SeverityNumber.ERROR, severityText: 'ERROR' },
} as const;

/** Sends a log event, whether or not the spans of its trace are kept. Without an SDK that exports, this does nothing. */
export function emitEvent({ name, at, trace, severity, attributes }: CallEvent): void {
  logger.emit({
    eventName: name,
    timestamp: at,
    ...SEVERITIES[severity],
    attributes: attributes as Attributes,
    context: spanContextOf(trace),
  });
}
