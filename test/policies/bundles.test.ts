import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { createCedar } from '../../services/bundles/cedar.ts';
import { type CheckReport, checkBundle } from '../../services/bundles/check.ts';
import { type BundleFiles, readBundleDirectory } from '../../services/bundles/files.ts';
import { formatBundle } from '../../services/bundles/format.ts';
import type { AskedRequest } from '../../services/bundles/inform.ts';
import { testBundle } from '../../services/bundles/test-bundle.ts';
import { NO_TEST_FACTS } from '../../services/bundles/test-facts.ts';
import type { BundleTest } from '../../services/bundles/tests.ts';
import { PdpError } from '../../services/engine/error.ts';
import type { RawNode } from '../../services/engine/raw/raw.ts';
import { hostileVariants } from './support/hostile.ts';
import { decideWith, readBundle, type TestedBundle } from './support/read-bundle.ts';
import { examplesOf } from './support/readme.ts';

const LEAST_TESTS = 15;
const PERMIT_ALL = '@id("permit-all")\npermit (principal, action, resource);\n';

describe.each(readdirSync('policies'))('policies/%s', (name) => {
  const folder = `policies/${name}`;
  const page = `${folder}/README.md`;
  let files: BundleFiles;
  let report: CheckReport;
  let bundle: TestedBundle;

  beforeAll(async () => {
    ({ files } = await readBundleDirectory(folder));
    report = await checkBundle(files);
    bundle = await readBundle(files);
  });

  test('passes check without a warning, under its own name', () => {
    expect(report).toMatchObject({ ok: true, name, problems: [], unanchored: 0 });
  });

  test('has tests enough', () => {
    expect(report.tests?.failed).toBe(0);
    expect(report.tests?.passed).toBeGreaterThanOrEqual(LEAST_TESTS);
  });

  test('has tests that see every branch of its policies', async () => {
    expect((await testBundle(files)).coverage?.percent).toBe(100);
  });

  test('is formatted', () => {
    expect(formatBundle(files, createCedar())).toMatchObject({ changed: [], problems: [] });
  });

  test('has no policy that decides none of its tests', () => {
    const determining = bundle.tests.flatMap(
      ({ asked, facts }) => decideWith(bundle, asked, facts).evaluation.determining,
    );

    expect([...new Set(determining)].sort()).toEqual([...bundle.compiled.policies.keys()].sort());
  });

  test('gives a reason wherever it forbids', () => {
    const silent = [...bundle.compiled.policies.values()].filter(
      ({ effect, annotations }) => effect === 'forbid' && !annotations['reason'],
    );

    expect(silent.map(({ id }) => id)).toEqual([]);
  });

  test('forbids the same where somebody permits everything', async () => {
    const open = await readBundle(new Map(files).set('permit-all.cedar', Buffer.from(PERMIT_ALL)));
    const forbidden = bundle.tests.filter(({ want }) => want.reasonCode === 'forbidden');
    const verdicts = forbidden.map(({ asked, facts }) => decideWith(open, asked, facts).verdict);

    expect(verdicts.length).toBeGreaterThan(0);
    expect(verdicts).toEqual(forbidden.map(({ asked, facts }) => decideWith(bundle, asked, facts).verdict));
  });

  test('has no policy that fails to evaluate, whatever a caller sends', () => {
    const decided = bundle.tests.flatMap((one) => [...decisionsOnHostile(bundle, one)]);

    expect(decided.length).toBeGreaterThan(bundle.tests.length);
    expect(decided.flatMap(({ evaluation }) => evaluation.errors)).toEqual([]);
  });

  test('has a README that names every policy', () => {
    const text = readFileSync(page, 'utf8');

    expect([...bundle.compiled.policies.keys()].filter((id) => !text.includes(`\`${id}\``))).toEqual([]);
  });

  test.each(examplesOf(page))('really answers what its README shows: $title', ({ asked, now, answer }) => {
    const { decision, reasonCode, message } = decideWith(bundle, asked, { ...NO_TEST_FACTS, now }).verdict;

    expect({ decision, reason_code: reasonCode, ...(message === '' ? {} : { message }) }).toEqual(answer);
  });

  test('has a README with an example', () => {
    expect(examplesOf(page).length).toBeGreaterThan(0);
  });
});

function* decisionsOnHostile(
  bundle: TestedBundle,
  { asked, facts }: BundleTest,
): Generator<ReturnType<typeof decideWith>> {
  for (const hostile of hostileRequests(asked)) {
    try {
      yield decideWith(bundle, hostile, facts);
    } catch (thrown) {
      if (!(thrown instanceof PdpError) || thrown.code !== 'invalid_request') throw thrown;
    }
  }
}

function* hostileRequests(asked: AskedRequest): Generator<AskedRequest> {
  for (const context of hostileVariants(asked.context)) yield { ...asked, context };
  // Tests are read from text, so none is a typed entity.
  for (const entities of hostileVariants(asked.entities as RawNode)) yield { ...asked, entities };
}
