import {
  type Attributes,
  createTraceState,
  type HrTime,
  type SpanContext,
  SpanKind,
  type SpanStatus,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { attributesOf } from './attribute-sink.ts';
import type { PlacedSpan } from './call-span.ts';
import { SCOPE } from './otlp/envelope.ts';

const KIND = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT } as const;

/** A span for the exporters that read spans, and not OTLP's bytes. */
export class SpanRecord implements ReadableSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly duration: HrTime;
  readonly attributes: Attributes;
  readonly status: SpanStatus;
  readonly parentSpanContext?: SpanContext;
  readonly resource: Resource;
  readonly instrumentationScope = SCOPE;
  readonly ended = true;
  readonly links = [];
  readonly events = [];
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;
  readonly #context: SpanContext;

  constructor(span: PlacedSpan, resource: Resource) {
    const { name, kind, startMs, endMs, describe, fault, parent, state, traceId, spanId } = span;
    this.name = name;
    this.kind = KIND[kind];
    this.startTime = hrTime(startMs);
    this.endTime = hrTime(endMs);
    this.duration = hrTime(endMs - startMs);
    this.attributes = attributesOf(describe) as Attributes;
    this.status =
      fault === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: fault };
    this.resource = resource;
    this.#context = {
      traceId,
      spanId,
      traceFlags: TraceFlags.SAMPLED,
      ...(state === '' ? {} : { traceState: createTraceState(state) }),
    };
    if (parent !== undefined) this.parentSpanContext = { ...this.#context, ...parent };
  }

  spanContext(): SpanContext {
    return this.#context;
  }
}

function hrTime(ms: number): HrTime {
  const seconds = Math.trunc(ms / 1_000);

  return [seconds, Math.round((ms - seconds * 1_000) * 1_000_000)];
}
