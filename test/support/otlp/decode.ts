import type {
  HistogramPoint,
  KeyValue,
  LogRecord,
  LogsRequest,
  Metric,
  MetricsRequest,
  NumberPoint,
  Resource,
  Scope,
  Span,
  TraceRequest,
  Value,
} from './messages.ts';
import type {
  Attributes,
  AttributeValue,
  MetricPoint,
  Origin,
  ReceivedLog,
  ReceivedMetric,
  ReceivedSpan,
  SpanKind,
} from './received.ts';

/**
 * Flattens an export of spans.
 * @throws RangeError for an id of a wrong length or an unknown kind or status.
 */
export function readSpans(request: TraceRequest): ReceivedSpan[] {
  return request.resource_spans.flatMap(({ resource, scope_spans }) =>
    scope_spans.flatMap(({ scope, spans }) => spans.map((span) => readSpan(span, originOf(resource, scope)))),
  );
}

/**
 * Flattens an export of log records.
 * @throws RangeError for an id of a wrong length.
 */
export function readLogs(request: LogsRequest): ReceivedLog[] {
  return request.resource_logs.flatMap(({ resource, scope_logs }) =>
    scope_logs.flatMap(({ scope, log_records }) =>
      log_records.map((record) => readLog(record, originOf(resource, scope))),
    ),
  );
}

/**
 * Flattens an export of metrics.
 * @throws RangeError for a metric that is neither a sum nor a gauge nor a histogram, or a histogram with a wrong
 * number of buckets.
 */
export function readMetrics(request: MetricsRequest): ReceivedMetric[] {
  return request.resource_metrics.flatMap(({ resource, scope_metrics }) =>
    scope_metrics.flatMap(({ scope, metrics }) =>
      metrics.map((metric) => readMetric(metric, originOf(resource, scope))),
    ),
  );
}

// OTLP, trace.proto and logs.proto: ids are 16 and 8 bytes.
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

const SPAN_KINDS: Readonly<Record<string, SpanKind>> = {
  SPAN_KIND_UNSPECIFIED: 'unspecified',
  SPAN_KIND_INTERNAL: 'internal',
  SPAN_KIND_SERVER: 'server',
  SPAN_KIND_CLIENT: 'client',
  SPAN_KIND_PRODUCER: 'producer',
  SPAN_KIND_CONSUMER: 'consumer',
};

const STATUS_CODES: Readonly<Record<string, ReceivedSpan['status']['code']>> = {
  STATUS_CODE_UNSET: 'unset',
  STATUS_CODE_OK: 'ok',
  STATUS_CODE_ERROR: 'error',
};

function originOf(resource: Resource | null, scope: Scope | null): Origin {
  return { resource: readAttributes(resource?.attributes ?? []), scope: scope?.name ?? '' };
}

function readSpan(span: Span, origin: Origin): ReceivedSpan {
  const kind = SPAN_KINDS[span.kind];
  if (kind === undefined) throw new RangeError(`span "${span.name}" has the unknown kind ${span.kind}`);

  const code = STATUS_CODES[span.status?.code ?? 'STATUS_CODE_UNSET'];
  if (code === undefined) throw new RangeError(`span "${span.name}" has an unknown status code`);

  return {
    traceId: readId(span.trace_id, TRACE_ID_BYTES),
    spanId: readId(span.span_id, SPAN_ID_BYTES),
    parentSpanId: readOptionalId(span.parent_span_id, SPAN_ID_BYTES),
    traceState: span.trace_state,
    name: span.name,
    kind,
    startMs: readTime(span.start_time_unix_nano),
    endMs: readTime(span.end_time_unix_nano),
    attributes: readAttributes(span.attributes),
    status: { code, message: span.status?.message ?? '' },
    ...origin,
  };
}

function readLog(record: LogRecord, origin: Origin): ReceivedLog {
  return {
    eventName: record.event_name,
    severityText: record.severity_text,
    severityNumber: record.severity_number,
    timeMs: readTime(record.time_unix_nano),
    traceId: readOptionalId(record.trace_id, TRACE_ID_BYTES),
    spanId: readOptionalId(record.span_id, SPAN_ID_BYTES),
    body: readValue(record.body),
    attributes: readAttributes(record.attributes),
    ...origin,
  };
}

function readMetric(metric: Metric, origin: Origin): ReceivedMetric {
  const { name, unit, description } = metric;
  const common = { name, unit, description, ...origin };
  switch (metric.data) {
    case 'gauge':
      return { ...common, kind: 'gauge', points: metric.gauge.data_points.map(readNumberPoint) };
    case 'sum':
      return {
        ...common,
        kind: 'sum',
        monotonic: metric.sum.is_monotonic,
        points: metric.sum.data_points.map(readNumberPoint),
      };
    case 'histogram':
      return { ...common, kind: 'histogram', points: metric.histogram.data_points.map(readHistogramPoint) };
    case undefined:
      throw new RangeError(`metric "${name}" is neither a sum nor a gauge nor a histogram`);
  }
}

function readNumberPoint({ attributes, as_double, as_int }: NumberPoint): MetricPoint {
  const value = as_double ?? (as_int === undefined ? undefined : Number(as_int));

  return { attributes: readAttributes(attributes), ...(value !== undefined && { value }) };
}

function readHistogramPoint(point: HistogramPoint): MetricPoint {
  const { attributes, count, sum, explicit_bounds: bounds, bucket_counts } = point;
  // OTLP, metrics.proto: a histogram without buckets has neither list.
  const buckets = bounds.length + 1;
  if (bucket_counts.length !== buckets && bucket_counts.length + bounds.length > 0) {
    throw new RangeError(`a histogram has ${bucket_counts.length} buckets for ${bounds.length} bounds`);
  }

  return {
    attributes: readAttributes(attributes),
    count: Number(count),
    ...(sum !== undefined && { sum }),
    bounds,
    bucketCounts: bucket_counts.map(Number),
  };
}

function readOptionalId(bytes: Buffer, length: number): string {
  return bytes.length === 0 ? '' : readId(bytes, length);
}

function readId(bytes: Buffer, length: number): string {
  if (bytes.length !== length) throw new RangeError(`an id has ${bytes.length} bytes, not ${length}`);

  return bytes.toString('hex');
}

function readTime(nanoseconds: string): number {
  // A double holds today's microseconds exactly, and not its nanoseconds.
  return Number(BigInt(nanoseconds) / 1000n) / 1000;
}

function readAttributes(pairs: readonly KeyValue[]): Attributes {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, readValue(value)]));
}

function readValue(value: Value | null): AttributeValue {
  switch (value?.value) {
    case 'string_value':
      return value.string_value;
    case 'bool_value':
      return value.bool_value;
    case 'int_value':
      return BigInt(value.int_value);
    case 'double_value':
      return value.double_value;
    case 'array_value':
      return value.array_value.values.map(readValue);
    case 'kvlist_value':
      return readAttributes(value.kvlist_value.values);
    case 'bytes_value':
      return value.bytes_value;
    case undefined:
      return null;
  }
}
