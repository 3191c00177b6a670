import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeMetrics } from '../../services/telemetry/merge-metrics.ts';
import { createMetrics, type MetricSnapshot, type Metrics } from '../../services/telemetry/metrics.ts';

const STORES = ['prod', 'test'] as const;
const told = fc.array(
  fc.oneof(
    fc.record({ what: fc.constant('decision' as const), store: fc.constantFrom(...STORES) }),
    fc.record({ what: fc.constant('time' as const), seconds: fc.constantFrom(0.000_01, 0.002, 0.3, 9) }),
  ),
  { maxLength: 20 },
);
type Told = typeof told extends fc.Arbitrary<infer T> ? T : never;

function tell(metrics: Metrics, events: Told): void {
  for (const event of events) {
    if (event.what === 'decision') metrics.add('palisade.decisions', 1, [event.store, 'allow', 'permitted']);
    else metrics.record('palisade.record.duration', event.seconds, [], undefined);
  }
}

function collectedOf(...events: readonly Told[]): MetricSnapshot[] {
  const metrics = createMetrics();
  for (const each of events) tell(metrics, each);

  return metrics.collect();
}

/** Sums of seconds come in another order. */
function comparable(metrics: readonly MetricSnapshot[]) {
  return metrics.map(({ name, series }) => ({
    name,
    series: new Map(
      series.map(({ labels, value }) => [
        JSON.stringify(labels),
        typeof value === 'number' ? value : { ...value, sum: value.sum.toFixed(6) },
      ]),
    ),
  }));
}

describe('the metrics of several processes', () => {
  test('are those that one process would have, which did the work of all', () => {
    fc.assert(
      fc.property(told, told, told, (one, two, three) => {
        expect(comparable(mergeMetrics([one, two, three].map((each) => collectedOf(each))))).toEqual(
          comparable(collectedOf(one, two, three)),
        );
      }),
    );
  });

  test('show of a gauge what its definition says: a sum, the greatest or the least', () => {
    const processes = [3, 1, 2].map((value) => {
      const metrics = createMetrics();
      metrics.observe('palisade.spool.records', () => [{ value, labels: [] }]);
      metrics.observe('palisade.state.age', () => [{ value, labels: [] }]);
      metrics.observe('palisade.deployment.sequence', () => [{ value, labels: ['prod'] }]);

      return metrics.collect();
    });
    const merged = mergeMetrics(processes);
    const shown = (name: string) => merged.find((metric) => metric.name === name)?.series[0]?.value;

    expect(shown('palisade.spool.records')).toBe(6);
    expect(shown('palisade.state.age')).toBe(3);
    expect(shown('palisade.deployment.sequence')).toBe(1);
  });

  test('keep the latest exemplar of each bucket', () => {
    const source = (digit: string) => ({ trace_id: digit.repeat(32), span_id: digit.repeat(16) });
    const [early, late] = ['a', 'b'].map((digit, index) => {
      const metrics = createMetrics();
      metrics.record('palisade.record.duration', 0.01, [], source(digit));
      const collected = metrics.collect();
      const histogram = collected.find(({ name }) => name === 'palisade.record.duration')?.series[0]?.value;
      if (typeof histogram !== 'object') throw new Error('it is a histogram');
      const exemplars = histogram.exemplars.map((exemplar) => exemplar && { ...exemplar, at: index });

      return [
        {
          name: 'h',
          kind: 'histogram',
          unit: 's',
          brief: '',
          series: [{ labels: {}, value: { ...histogram, exemplars } }],
        },
      ] as const;
    });
    if (early === undefined || late === undefined) throw new Error('there are two');

    for (const order of [
      [early, late],
      [late, early],
    ]) {
      const value = mergeMetrics(order)[0]?.series[0]?.value;
      expect(typeof value === 'object' ? value.exemplars.filter((each) => each !== undefined) : []).toEqual([
        { ...source('b'), value: 0.01, at: 1 },
      ]);
    }
  });

  test('are none where there are no processes', () => {
    expect(mergeMetrics([])).toEqual([]);
  });
});
