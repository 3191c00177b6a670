import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { PDP_ERROR_CODES } from '../../services/engine/error.ts';
import { SERIES } from './support/metrics.ts';
import { ranWith } from './support/program.ts';
import { namesIn } from './support/promql.ts';

const RULES_FILE = 'deploy/prometheus/alerts.yaml';
const RUNBOOK = 'docs/operations.md';

const rules = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Palisade[A-Za-z]+$/),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+m$/)
            .optional(),
          labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
          annotations: z.strictObject({ summary: z.string().endsWith('.'), runbook: z.string() }),
        }),
      ),
    }),
  ),
});

const datasource = z.strictObject({ type: z.string(), uid: z.string() });
/** What the tests look at; Grafana knows far more. */
const dashboard = z.looseObject({
  uid: z.string(),
  title: z.string(),
  description: z.string().min(1),
  templating: z.object({ list: z.array(z.looseObject({ datasource, query: z.string(), name: z.string() })) }),
  panels: z.array(
    z.looseObject({
      id: z.int(),
      title: z.string().min(1),
      description: z.string().min(1),
      datasource,
      targets: z
        .array(z.looseObject({ refId: z.string(), expr: z.string(), legendFormat: z.string() }))
        .min(1),
    }),
  ),
});

const alerts = rules.parse(yaml(RULES_FILE)).groups.flatMap((group) => group.rules);
const dashboards = globSync('deploy/grafana/dashboards/*.json')
  .sort()
  .map((file) => ({ file: basename(file), ...dashboard.parse(JSON.parse(readFileSync(file, 'utf8'))) }));

describe.each(alerts)('the alert $alert', ({ alert, expr, annotations }) => {
  test('asks for metrics and labels that there are', () => {
    expect(problemsOf(expr)).toEqual([]);
  });

  test('speaks of labels that its series have', () => {
    const said = [...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label);

    expect(said.filter((label) => !labelsOf(expr).has(label))).toEqual([]);
  });

  test('leads to its section', () => {
    expect(annotations.runbook).toBe(`${RUNBOOK}#${alert.toLowerCase()}`);
  });
});

describe('alerts', () => {
  test('are the ones that the page on operations tells what to do about', () => {
    const sections = [...readFileSync(RUNBOOK, 'utf8').matchAll(/^### (Palisade\w+)$/gm)];

    expect(sections.map(([, name]) => name)).toEqual(alerts.map(({ alert }) => alert));
  });

  test('are rules to Prometheus itself', ({ skip }) => {
    const ran = ranWith('promtool', ['check', 'rules', RULES_FILE]);
    if (ran === undefined) return skip('no promtool on the PATH');

    expect(ran).toMatchObject({ ok: true });
  });
});

describe.each(dashboards)('the dashboard $file', ({ panels, templating }) => {
  test('asks for metrics and labels that there are', () => {
    const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

    expect(expressions.flatMap(problemsOf)).toEqual([]);
  });

  test('names its lines by labels that they have', () => {
    const targets = panels.flatMap((panel) => panel.targets);
    const unknown = targets.flatMap(({ expr, legendFormat }) =>
      [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)]
        .map(([, label = '']) => label)
        .filter((label) => !labelsOf(expr).has(label)),
    );

    expect(unknown).toEqual([]);
  });

  test('offers choices that there are, and uses only these', () => {
    const offered = templating.list.map(({ name, query }) => {
      const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(query) ?? [];
      expect(SERIES.get(metric), query).toContain(label);

      return name;
    });
    const text = JSON.stringify(panels);
    const used = [...text.matchAll(/\$(?!__)(\w+)/g)].map(([, name = '']) => name);

    expect(new Set(used)).toEqual(new Set(offered));
  });

  test('tells its panels apart, and draws from sources that are provisioned', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { datasource: source } of [...panels, ...templating.list]) {
      expect(provisionedSources()).toContainEqual(source);
    }
  });
});

describe('dashboards', () => {
  test('answer for traffic, latency, bundles, the log and the controls of agents', () => {
    expect(dashboards.map(({ uid }) => uid)).toEqual([
      'palisade-agents',
      'palisade-bundles',
      'palisade-latency',
      'palisade-log',
      'palisade-traffic',
    ]);
  });

  test('lead from a latency to a trace', () => {
    const latency = dashboards.find(({ uid }) => uid === 'palisade-latency');
    const withExemplars = latency?.panels.flatMap(({ targets }) =>
      targets.filter(({ exemplar }) => exemplar),
    );

    expect(withExemplars?.length).toBeGreaterThan(2);
    for (const { expr } of withExemplars ?? []) expect(expr).toContain('_bucket');
  });
});

/** Of an expression: metrics that nobody serves, labels that they lack, and values that they never have. */
function problemsOf(expression: string): string[] {
  const { selectors, grouping } = namesIn(plain(expression));
  const unknown = selectors.flatMap(({ metric, matchers }) => {
    const labels = SERIES.get(metric);
    if (labels === undefined) return [`no metric ${metric}`];

    return matchers.flatMap(({ label, value }) => {
      if (!labels.has(label)) return [`no label ${label} of ${metric}`];

      return label === 'error_type' && metric.startsWith('palisade_') ? unknownCodes(value) : [];
    });
  });
  const labels = new Set(selectors.flatMap(({ metric }) => [...(SERIES.get(metric) ?? [])]));

  return [
    ...unknown,
    ...grouping.filter((label) => !labels.has(label)).map((label) => `no label ${label} in it`),
  ];
}

function unknownCodes(alternatives: string): string[] {
  const codes: readonly string[] = PDP_ERROR_CODES;

  return alternatives.split('|').filter((code) => !codes.includes(code));
}

/** The labels of what an expression gives. */
function labelsOf(expression: string): ReadonlySet<string> {
  const { selectors, grouping } = namesIn(plain(expression));
  if (grouping.length > 0) return new Set(grouping);

  return new Set(selectors.flatMap(({ metric }) => [...(SERIES.get(metric) ?? [])]));
}

/** Without what Grafana fills in. */
function plain(expression: string): string {
  return expression.replaceAll('$__rate_interval', '5m');
}

function provisionedSources(): { type: string; uid: string }[] {
  const { datasources } = yaml('deploy/grafana/provisioning/datasources/palisade.yaml') as {
    datasources: { type: string; uid: string }[];
  };

  return datasources.map(({ type, uid }) => ({ type, uid }));
}

function yaml(file: string): unknown {
  return parse(readFileSync(file, 'utf8'));
}
