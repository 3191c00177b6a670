/** An OTLP AnyValue: an integer is a bigint, a double is a number, an empty value is null. */
export type AttributeValue =
  | string
  | boolean
  | bigint
  | number
  | null
  | Buffer
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue };

export type Attributes = Readonly<Record<string, AttributeValue>>;

/** Where a piece of telemetry comes from. */
export interface Origin {
  /** Attributes of the resource. */
  readonly resource: Attributes;
  /** Name of the instrumentation scope. */
  readonly scope: string;
}

export type SpanKind = 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer';

/** A span as it arrived; ids are lower-case hexadecimal. */
export interface ReceivedSpan extends Origin {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root span. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** Milliseconds since 1970, with a fraction. */
  readonly startMs: number;
  /** Milliseconds since 1970, with a fraction. */
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly status: { readonly code: 'unset' | 'ok' | 'error'; readonly message: string };
}

/** A log record as it arrived; ids are lower-case hexadecimal, or empty. */
export interface ReceivedLog extends Origin {
  readonly eventName: string;
  readonly severityText: string;
  readonly severityNumber: number;
  /** Milliseconds since 1970, with a fraction; 0 where the record names no time. */
  readonly timeMs: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly body: AttributeValue;
  readonly attributes: Attributes;
}

/** A metric of one export: a reader that exports twice sends it twice. */
export interface ReceivedMetric extends Origin {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly kind: 'sum' | 'gauge' | 'histogram';
  /** Of a sum. */
  readonly monotonic?: boolean;
  readonly points: readonly MetricPoint[];
}

/** `value` is of a sum or a gauge, the rest of a histogram. */
export interface MetricPoint {
  readonly attributes: Attributes;
  readonly value?: number;
  readonly count?: number;
  readonly sum?: number;
  readonly bounds?: readonly number[];
  /** One more than there are bounds. */
  readonly bucketCounts?: readonly number[];
}

/** Telemetry, flattened. */
export interface Telemetry {
  readonly spans: readonly ReceivedSpan[];
  readonly metrics: readonly ReceivedMetric[];
  readonly logs: readonly ReceivedLog[];
}
