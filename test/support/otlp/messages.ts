/** The messages of `proto/` as proto-loader gives them; a message that is missing is null. */

export type Value =
  | { readonly value?: undefined }
  | { readonly value: 'string_value'; readonly string_value: string }
  | { readonly value: 'bool_value'; readonly bool_value: boolean }
  | { readonly value: 'int_value'; readonly int_value: string }
  | { readonly value: 'double_value'; readonly double_value: number }
  | { readonly value: 'array_value'; readonly array_value: { readonly values: readonly Value[] } }
  | { readonly value: 'kvlist_value'; readonly kvlist_value: { readonly values: readonly KeyValue[] } }
  | { readonly value: 'bytes_value'; readonly bytes_value: Buffer };

export interface KeyValue {
  readonly key: string;
  readonly value: Value | null;
}

export interface Resource {
  readonly attributes: readonly KeyValue[];
}

export interface Scope {
  readonly name: string;
}

export interface TraceRequest {
  readonly resource_spans: readonly {
    readonly resource: Resource | null;
    readonly scope_spans: readonly { readonly scope: Scope | null; readonly spans: readonly Span[] }[];
  }[];
}

export interface Span {
  readonly trace_id: Buffer;
  readonly span_id: Buffer;
  readonly trace_state: string;
  readonly parent_span_id: Buffer;
  readonly name: string;
  /** The name of an enum value, or the number of one that is not in `proto/`. */
  readonly kind: string | number;
  readonly start_time_unix_nano: string;
  readonly end_time_unix_nano: string;
  readonly attributes: readonly KeyValue[];
  readonly status: { readonly message: string; readonly code: string | number } | null;
}

export interface LogsRequest {
  readonly resource_logs: readonly {
    readonly resource: Resource | null;
    readonly scope_logs: readonly {
      readonly scope: Scope | null;
      readonly log_records: readonly LogRecord[];
    }[];
  }[];
}

export interface LogRecord {
  readonly time_unix_nano: string;
  readonly severity_number: number;
  readonly severity_text: string;
  readonly body: Value | null;
  readonly attributes: readonly KeyValue[];
  readonly trace_id: Buffer;
  readonly span_id: Buffer;
  readonly event_name: string;
}

export interface MetricsRequest {
  readonly resource_metrics: readonly {
    readonly resource: Resource | null;
    readonly scope_metrics: readonly { readonly scope: Scope | null; readonly metrics: readonly Metric[] }[];
  }[];
}

export type Metric = {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
} & MetricData;

type MetricData =
  | { readonly data?: undefined }
  | { readonly data: 'gauge'; readonly gauge: { readonly data_points: readonly NumberPoint[] } }
  | {
      readonly data: 'sum';
      readonly sum: { readonly data_points: readonly NumberPoint[]; readonly is_monotonic: boolean };
    }
  | { readonly data: 'histogram'; readonly histogram: { readonly data_points: readonly HistogramPoint[] } };

export interface NumberPoint {
  readonly attributes: readonly KeyValue[];
  readonly as_double?: number;
  readonly as_int?: string;
}

export interface HistogramPoint {
  readonly attributes: readonly KeyValue[];
  readonly count: string;
  readonly sum?: number;
  readonly bucket_counts: readonly string[];
  readonly explicit_bounds: readonly number[];
}
