import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  DataPointType,
  type Histogram,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import { ATTRIBUTES, type AttributeDefinition } from '../attributes.ts';
import type { HistogramValue, MetricSnapshot, Metrics } from '../metrics.ts';
import { SCOPE } from './envelope.ts';

/** Gives the hand-kept metrics to the SDK's exporters. OTLP of this SDK has no exemplars: those are at `/metrics` alone. */
export function metricProducer(metrics: Metrics): MetricProducer {
  const startTime = hrTimeOf(performance.timeOrigin);

  return {
    collect() {
      const endTime = hrTimeOf(Date.now());
      const data = metrics
        .collect()
        .filter(({ series }) => series.length > 0)
        .map((metric) => metricData(metric, startTime, endTime));

      return Promise.resolve({
        resourceMetrics: {
          resource: emptyResource(),
          scopeMetrics: [{ scope: SCOPE, metrics: data }],
        },
        errors: [],
      });
    },
  };
}

/** Takes over what the SDK counts of itself, so that `/metrics` shows what its exporters lost. */
export function snapshotOf({ descriptor, dataPointType, dataPoints, ...rest }: MetricData): MetricSnapshot {
  const { name, unit, description: brief } = descriptor;
  const monotonic = 'isMonotonic' in rest && rest.isMonotonic;
  const series = dataPoints.map(({ attributes, value }) => ({
    labels: Object.fromEntries(Object.entries(attributes).map(([label, text]) => [label, String(text)])),
    value: typeof value === 'number' ? value : histogramValue(value as Histogram),
  }));
  const kind = dataPointType === DataPointType.HISTOGRAM ? 'histogram' : monotonic ? 'counter' : 'gauge';

  return { name, kind, unit, brief, series };
}

function metricData(metric: MetricSnapshot, startTime: HrTime, endTime: HrTime): MetricData {
  const descriptor = {
    name: metric.name,
    description: metric.brief,
    unit: metric.unit,
    valueType: ValueType.DOUBLE,
  };
  const aggregationTemporality = AggregationTemporality.CUMULATIVE;
  const points = metric.series.map(({ labels, value }) => ({
    startTime,
    endTime,
    attributes: attributesOf(labels),
    value,
  }));
  const numbers = points.flatMap(({ value, ...point }) =>
    typeof value === 'number' ? [{ ...point, value }] : [],
  );
  if (metric.kind === 'gauge') {
    return { descriptor, aggregationTemporality, dataPointType: DataPointType.GAUGE, dataPoints: numbers };
  }
  if (metric.kind === 'counter') {
    return {
      descriptor,
      aggregationTemporality,
      dataPointType: DataPointType.SUM,
      dataPoints: numbers,
      isMonotonic: true,
    };
  }

  const histograms = points.flatMap(({ value, ...point }) =>
    typeof value === 'number' ? [] : [{ ...point, value: otlpHistogram(value) }],
  );

  return {
    descriptor,
    aggregationTemporality,
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: histograms,
  };
}

/** Labels are text for Prometheus; an attribute has its own type. */
function attributesOf(labels: Readonly<Record<string, string>>): Attributes {
  const types: Readonly<Record<string, AttributeDefinition | undefined>> = ATTRIBUTES;
  const pairs = Object.entries(labels).map(([name, text]) => [
    name,
    types[name]?.type === 'int' ? Number(text) : text,
  ]);

  return Object.fromEntries(pairs) as Attributes;
}

function otlpHistogram({ bounds, counts, sum, count }: HistogramValue): Histogram {
  return { buckets: { boundaries: [...bounds], counts: [...counts] }, sum, count };
}

function histogramValue({ buckets, sum = 0, count }: Histogram): HistogramValue {
  return { bounds: buckets.boundaries, counts: buckets.counts, exemplars: [], sum, count };
}

function hrTimeOf(epochMs: number): HrTime {
  return [Math.trunc(epochMs / 1_000), Math.round((epochMs % 1_000) * 1e6)];
}
