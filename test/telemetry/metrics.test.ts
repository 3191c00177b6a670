import { describe, expect, test } from 'vitest';
import { createMetrics, MAX_SERIES } from '../../services/telemetry/metrics.ts';
import { metricsText } from '../../services/telemetry/open-metrics.ts';

const SOURCE = { trace_id: 'ab'.repeat(16), span_id: 'cd'.repeat(8) };

function linesOf(metrics: ReturnType<typeof createMetrics>, openMetrics: boolean, prefix: string): string[] {
  return metricsText(metrics.collect(), openMetrics)
    .split('\n')
    .filter((line) => line.startsWith(prefix));
}

describe('createMetrics()', () => {
  test('counts what was added under the same labels together', () => {
    const metrics = createMetrics();
    metrics.add('palisade.decisions', 1, ['default', 'deny', 'forbidden']);
    metrics.add('palisade.decisions', 2, ['default', 'deny', 'forbidden']);
    metrics.add('palisade.decisions', 1, ['other', 'deny', 'forbidden']);

    expect(linesOf(metrics, false, 'palisade_decisions')).toEqual([
      'palisade_decisions_total{palisade_store="default",palisade_decision="deny",palisade_reason_code="forbidden"} 3',
      'palisade_decisions_total{palisade_store="other",palisade_decision="deny",palisade_reason_code="forbidden"} 1',
    ]);
  });

  test('shows a counter without labels as 0 before it ever counts, so that its first rise is seen', () => {
    expect(linesOf(createMetrics(), false, 'palisade_requests_shed')).toEqual([
      'palisade_requests_shed_total 0',
    ]);
  });

  test('counts what is over the cap of series under _other', () => {
    const metrics = createMetrics();
    for (let n = 0; n < MAX_SERIES + 100; n += 1)
      metrics.add('palisade.policy.errors', 1, ['default', `p${n}`]);
    metrics.add('palisade.policy.errors', 1, ['default', 'p0']);
    const series = metrics.collect().find(({ name }) => name === 'palisade.policy.errors')?.series ?? [];

    expect(series).toHaveLength(MAX_SERIES + 1);
    expect(series[0]).toMatchObject({ labels: { 'palisade.policy_id': 'p0' }, value: 2 });
    expect(series.at(-1)).toMatchObject({ labels: { 'palisade.policy_id': '_other' }, value: 100 });
  });

  test('puts a value into the first bucket whose bound is not below it', () => {
    const metrics = createMetrics();
    for (const seconds of [0, 0.001, 0.0010001, 60])
      metrics.record('palisade.record.duration', seconds, [], undefined);
    const [series] = metrics.collect().find(({ name }) => name === 'palisade.record.duration')?.series ?? [];
    if (series === undefined || typeof series.value === 'number') throw new Error('no histogram');
    const { bounds, counts, count, sum } = series.value;

    expect(counts[0]).toBe(1);
    expect(counts[bounds.indexOf(0.001)]).toBe(1);
    expect(counts[bounds.indexOf(0.001) + 1]).toBe(1);
    expect(counts.at(-1)).toBe(1);
    expect({ count, sum: sum.toFixed(7) }).toEqual({ count: 4, sum: '60.0020001' });
  });
});

describe('metricsText()', () => {
  const metrics = createMetrics();
  metrics.record('palisade.evaluation.duration', 0.3, [], SOURCE);
  metrics.record('palisade.evaluation.duration', 0.0001, [], undefined);
  metrics.observe('palisade.bundle.info', () => [
    { value: 1, labels: ['a"b\\c\nd', 'n', '1.0.0', 'sha256:0'] },
  ]);

  test('writes exemplars and an end for OpenMetrics', () => {
    const text = metricsText(metrics.collect(), true);

    expect(text).toMatch(
      new RegExp(
        `^palisade_evaluation_duration_seconds_bucket\\{le="0.5"\\} 2 # \\{trace_id="${SOURCE.trace_id}",span_id="${SOURCE.span_id}"\\} 0.3 \\d+\\.\\d{3}$`,
        'm',
      ),
    );
    expect(text).toContain('\npalisade_evaluation_duration_seconds_bucket{le="1.0"} 2\n');
    expect(text).toContain('\npalisade_evaluation_duration_seconds_bucket{le="+Inf"} 2\n');
    expect(text).toContain('\npalisade_evaluation_duration_seconds_count 2\n');
    expect(text).toContain('\n# TYPE palisade_requests_shed counter\n');
    expect(text.endsWith('# EOF\n')).toBe(true);
  });

  test('writes neither for Prometheus, which names a counter by its sample', () => {
    const text = metricsText(metrics.collect(), false);

    expect(text).not.toContain(' # {');
    expect(text).not.toContain('# EOF');
    expect(text).toContain('\n# TYPE palisade_requests_shed_total counter\n');
  });

  test('escapes what a label holds', () => {
    expect(linesOf(metrics, true, 'palisade_bundle_info{')).toEqual([
      String.raw`palisade_bundle_info{palisade_store="a\"b\\c\nd",palisade_bundle_name="n",palisade_bundle_version="1.0.0",palisade_bundle_digest="sha256:0"} 1`,
    ]);
  });
});
