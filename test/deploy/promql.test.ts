import { expect, test } from 'vitest';
import { namesIn } from './support/promql.ts';

test('names the metrics, the labels that they are matched by, and those that are grouped by', () => {
  expect(
    namesIn('sum by (a, le) (rate(x_bucket{b=~"c|d",e!=""}[5m] offset 10m)) / on (a) y > bool 0.1'),
  ).toEqual({
    selectors: [
      {
        metric: 'x_bucket',
        matchers: [
          { label: 'b', value: 'c|d' },
          { label: 'e', value: '' },
        ],
      },
      { metric: 'y', matchers: [] },
    ],
    grouping: ['a', 'le', 'a'],
  });
});

test('takes neither functions, aggregations, operators nor durations for metrics', () => {
  const { selectors } = namesIn('histogram_quantile(0.99, max(a)) or sum(b) without (c) unless vector(0)');

  expect(selectors.map(({ metric }) => metric)).toEqual(['a', 'b']);
});

test.each(['a{b="c"', 'a;b', 'a{b=}', 'a[5m'])('refuses %s', (text) => {
  expect(() => namesIn(text)).toThrow();
});
