import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { OTHER_VARIABLES, VARIABLES } from '../../services/pdp/config/variables.ts';
import { ATTRIBUTES, EVENTS, SPANS } from '../../services/telemetry/attributes.ts';
import { METRICS } from '../../services/telemetry/metric-names.ts';
import { prometheusName } from '../../services/telemetry/open-metrics.ts';
import { PAGES } from './markdown.ts';

/** Those of the tests themselves are read by no command. */
const VARIABLES_OF_TESTS = ['PALISADE_TEST_DATABASE_URL'];
const ROLES = ['palisade_serving', 'palisade_erasing', 'palisade_owner', 'palisade_server'];

const variables = Object.entries({ ...VARIABLES, ...OTHER_VARIABLES }).flatMap(([name, { secret }]) =>
  secret ? [name, `${name}_FILE`] : [name],
);
const metrics = Object.entries(METRICS).flatMap(([name, metric]) => {
  const base = prometheusName({ name, ...metric });

  return [base, ...['_bucket', '_count', '_sum'].map((part) => base + part)];
});
const labels = Object.keys(ATTRIBUTES).map((name) => name.replaceAll('.', '_'));
const dotted = [ATTRIBUTES, EVENTS, SPANS, METRICS].flatMap((names) => Object.keys(names));

describe.each(PAGES)('%s', (page) => {
  const text = readFileSync(page, 'utf8');

  test('names no variable that Palisade does not read', () => {
    const named = text.match(/\bPALISADE_[A-Z][A-Z_]*\b/g) ?? [];

    expect(without(named, variables, VARIABLES_OF_TESTS)).toEqual([]);
  });

  test('names no metric and no role that there is not', () => {
    const named = text.match(/\bpalisade_[a-z][a-z_]*\b/g) ?? [];

    expect(without(named, metrics, labels, ROLES)).toEqual([]);
  });

  test('names no attribute, span or event that is not sent', () => {
    const named = [...text.matchAll(/`(palisade\.(?!v1\b|js\b)[a-z_.]+)`/g)].map(([, name = '']) => name);

    expect(without(named, dotted)).toEqual([]);
  });
});

function without(named: readonly string[], ...known: readonly (readonly string[])[]): string[] {
  const all = new Set(known.flat());

  return named.filter((name) => !all.has(name));
}
