import type { Exemplar, HistogramValue, MetricSnapshot } from './metrics.ts';

/** Content type of OpenMetrics text (openmetrics.io, 1.0.0), which carries exemplars. */
export const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
/** Content type of Prometheus text, for who does not ask for OpenMetrics. */
export const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

/** UCUM units by the suffix that Prometheus wants; what stands in braces counts things and has none. */
const SUFFIXES: Readonly<Record<string, string>> = { s: '_seconds', By: '_bytes' };

/**
 * Writes metrics as OpenMetrics or, without exemplars, as Prometheus text. Names are those that an OpenTelemetry
 * Collector makes of the same metrics, so that a dashboard fits both ways.
 */
export function metricsText(metrics: readonly MetricSnapshot[], openMetrics: boolean): string {
  const lines: string[] = [];
  for (const metric of metrics) {
    if (metric.series.length > 0) lines.push(...familyLines(metric, openMetrics));
  }
  if (openMetrics) lines.push('# EOF');

  return `${lines.join('\n')}\n`;
}

/** A metric's name in Prometheus: `palisade.state.age` in seconds is `palisade_state_age_seconds`. */
export function prometheusName({ name, unit, kind }: Pick<MetricSnapshot, 'name' | 'unit' | 'kind'>): string {
  return `${familyName(name, unit)}${kind === 'counter' ? '_total' : ''}`;
}

function familyName(name: string, unit: string): string {
  return `${name.replaceAll(/[^A-Za-z0-9_]/g, '_')}${SUFFIXES[unit] ?? ''}`;
}

function* familyLines(metric: MetricSnapshot, openMetrics: boolean): Generator<string> {
  const sample = prometheusName(metric);
  const family = openMetrics ? familyName(metric.name, metric.unit) : sample;
  yield `# TYPE ${family} ${metric.kind}`;
  yield `# HELP ${family} ${escaped(metric.brief, openMetrics)}`;

  for (const { labels, value } of metric.series) {
    const pairs = Object.entries(labels).map(([name, text]) => `${labelName(name)}="${escaped(text, true)}"`);
    if (typeof value === 'number') yield `${sample}${braces(pairs)} ${numberText(value)}`;
    else yield* histogramLines(sample, pairs, value, openMetrics);
  }
}

function* histogramLines(
  name: string,
  pairs: readonly string[],
  { bounds, counts, exemplars, sum, count }: HistogramValue,
  openMetrics: boolean,
): Generator<string> {
  let below = 0;
  for (const [index, inBucket] of counts.entries()) {
    below += inBucket;
    const bound = bounds[index];
    const upTo = `le="${bound === undefined ? '+Inf' : boundText(bound)}"`;
    const exemplar = openMetrics ? exemplarText(exemplars[index]) : '';
    yield `${name}_bucket${braces([...pairs, upTo])} ${below}${exemplar}`;
  }
  yield `${name}_sum${braces(pairs)} ${numberText(sum)}`;
  yield `${name}_count${braces(pairs)} ${count}`;
}

function exemplarText(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return '';

  const { trace_id, span_id, value, at } = exemplar;

  return ` # {trace_id="${trace_id}",span_id="${span_id}"} ${numberText(value)} ${(at / 1_000).toFixed(3)}`;
}

function labelName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_]/g, '_');
}

function braces(pairs: readonly string[]): string {
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** Quotes are escaped in label values and in OpenMetrics help, and stand as they are in Prometheus help. */
function escaped(text: string, quotes: boolean): string {
  const safe = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

  return quotes ? safe.replaceAll('"', '\\"') : safe;
}

/** OpenMetrics wants bounds to look like floats, so that every server has the same series. */
function boundText(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);

  return value > 0 ? '+Inf' : 'NaN';
}
