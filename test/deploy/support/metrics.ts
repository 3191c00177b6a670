import type { MetricDefinition } from '../../../services/telemetry/metric-definition.ts';
import { METRICS } from '../../../services/telemetry/metric-names.ts';
import { prometheusName } from '../../../services/telemetry/open-metrics.ts';

/** Labels that Prometheus itself gives to every series that it asks for. */
const SCRAPED = ['instance', 'job'];
/** What OpenTelemetry's SDK counts of itself; test/deploy/sdk-metrics.test.ts holds this against a server. */
export const SDK_METRICS: Readonly<Record<string, readonly string[]>> = {
  otel_sdk_processor_span_processed_total: ['otel_component_type', 'otel_component_name', 'error_type'],
  otel_sdk_processor_log_processed_total: ['otel_component_type', 'otel_component_name', 'error_type'],
};

/** The labels of every series that Prometheus can hold, by the name of its metric. */
export const SERIES: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  [...ownSeries(), ...Object.entries(SDK_METRICS), ['up', []] as const].map(([name, labels]) => [
    name,
    new Set([...labels, ...SCRAPED]),
  ]),
);

function* ownSeries(): Generator<readonly [name: string, labels: readonly string[]]> {
  for (const [name, metric] of Object.entries<MetricDefinition>(METRICS)) {
    const series = prometheusName({ name, ...metric });
    const labels = metric.labels.map(labelName);
    if (metric.kind === 'histogram') {
      yield [`${series}_bucket`, [...labels, 'le']];
      yield [`${series}_sum`, labels];
      yield [`${series}_count`, labels];
    } else {
      yield [series, labels];
    }
  }
}

function labelName(attribute: string): string {
  return attribute.replaceAll('.', '_');
}
