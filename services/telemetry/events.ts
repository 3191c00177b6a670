import type { Describe } from './attribute-sink.ts';
import type { EventName } from './attributes.ts';
import type { TraceContext } from './trace-context.ts';

/** One log event of a call. */
export interface CallEvent {
  readonly name: EventName;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Its ids stand on the event whether or not the spans of the trace are kept. */
  readonly trace: TraceContext;
  /** `fatal` is the highest: what somebody has to look at. */
  readonly severity: 'info' | 'error' | 'fatal';
  readonly describe: Describe;
}

/** Takes log events; never waits, and drops and counts what it cannot hold. */
export interface EventLog {
  emit(event: CallEvent): void;
}
