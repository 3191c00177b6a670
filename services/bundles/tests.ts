import { PdpError } from '../engine/error.ts';
import { LIMITS } from '../engine/limits.ts';
import { parseTrustedJson } from '../engine/raw/json.ts';
import { type RawNode, RawObject, type RawUid } from '../engine/raw/raw.ts';
import { readWantedApproval, type WantedApproval } from './approvals/wanted.ts';
import { type BundleFiles, isTestPath } from './files.ts';
import type { AskedRequest } from './inform.ts';
import { placeOf, reportJson, stepsOf } from './json-place.ts';
import { compareText } from './problem.ts';
import type { Problems } from './problems.ts';
import { invalid, listOf, membersOf, stringOf, stringsOf, uidTextOf } from './raw-members.ts';
import { decodeSource, type Source, type Span } from './source.ts';
import { NO_TEST_FACTS, readCedarFacts, readTestFacts, type TestFacts } from './test-facts.ts';
import { rawOf, readYaml, spanOf } from './yaml.ts';

/** One test of a bundle, from either format. */
export interface BundleTest {
  readonly name: string;
  readonly source: Source;
  readonly span: Span | undefined;
  readonly asked: AskedRequest;
  readonly facts: TestFacts;
  readonly want: Wanted;
}

/** What a test wants; what is absent is not compared. */
export interface Wanted {
  readonly decision: 'allow' | 'deny';
  readonly reasonCode: string | undefined;
  /** Ids of the determining policies: all of them, or, in Cedar's format, some of them. */
  readonly determining: { readonly ids: readonly string[]; readonly all: boolean } | undefined;
  /** Obligations of the allow as `@obligation` writes them, all of them in any order. */
  readonly obligations?: readonly string[] | undefined;
  /** Whose word would lift the denial. */
  readonly approval?: WantedApproval | undefined;
  /** Ids of the policies that failed, or, in Cedar's format, how many did. */
  readonly errors: readonly string[] | bigint;
}

type Format = 'json' | 'yaml';

/**
 * Reads tests/*.json, in the format of Cedar's `run-tests`, and tests/*.yaml, in our own. In Cedar's, facts stand in
 * `context.pdp`, so that Cedar's own tool can run the same file.
 */
export function readTests(files: BundleFiles, problems: Problems): readonly BundleTest[] {
  const tests: BundleTest[] = [];

  for (const path of [...files.keys()].filter(isTestPath).sort(compareText)) {
    tests.push(...readFile(path, files.get(path) ?? new Uint8Array(), problems));
    if (tests.length <= LIMITS.bundle_tests) continue;
    problems.of(path, 'limit_exceeded', `more than ${LIMITS.bundle_tests} tests in the bundle`);
    break;
  }

  return tests;
}

function readFile(path: string, bytes: Uint8Array, problems: Problems): readonly BundleTest[] {
  if (bytes.length > LIMITS.test_file_bytes) {
    problems.of(path, 'file_too_large', `larger than ${LIMITS.test_file_bytes} bytes`);
    return [];
  }

  const source = decodeSource(path, bytes);
  if (source === undefined) {
    problems.of(path, 'not_utf8', 'not UTF-8 without a byte order mark');
    return [];
  }

  return path.endsWith('.json') ? readJsonFile(source, problems) : readYamlFile(source, problems);
}

function readJsonFile(source: Source, problems: Problems): readonly BundleTest[] {
  try {
    const raw = listOf(parseTrustedJson(source.text, ''), '');

    return raw.flatMap((item, index) => {
      const field = `[${index}]`;
      return attempt(
        () => readTest(item, field, 'json', source, placeOf(source, field)),
        (error) => reportJson(source, error, 'test_invalid', problems),
      );
    });
  } catch (error) {
    if (!(error instanceof PdpError)) throw error;
    reportJson(source, error, 'test_invalid', problems);

    return [];
  }
}

function readYamlFile(source: Source, problems: Problems): readonly BundleTest[] {
  const root = readYaml(source, problems);
  if (root === undefined) return [];

  const report = (error: PdpError): void => {
    problems.at(source, spanOf(root, stepsOf(error.field ?? '')), 'test_invalid', error.message);
  };
  const items = attempt(() => listOf(rawOf(root), ''), report).flat();

  return items.flatMap((item, index) =>
    attempt(() => readTest(item, `[${index}]`, 'yaml', source, spanOf(root, [index])), report),
  );
}

/** One value in a list, or none where it was reported. */
function attempt<T>(read: () => T, report: (error: PdpError) => void): readonly T[] {
  try {
    return [read()];
  } catch (error) {
    if (!(error instanceof PdpError)) throw error;
    report(error);

    return [];
  }
}

function readTest(
  raw: RawNode,
  field: string,
  format: Format,
  source: Source,
  span: Span | undefined,
): BundleTest {
  const test = format === 'json' ? readCedarTest(raw, field) : readOwnTest(raw, field);

  return { ...test, name: test.name ?? `test ${field}`, source, span };
}

type Read = Pick<BundleTest, 'asked' | 'facts' | 'want'> & { readonly name: string | undefined };

function readCedarTest(raw: RawNode, field: string): Read {
  const members = membersOf(raw, field, {
    required: ['request', 'entities', 'decision', 'reason', 'num_errors'],
    optional: ['name'],
  });
  const name = members.has('name') ? stringOf(members.get('name'), `${field}.name`) : undefined;
  const errors = members.get('num_errors');
  if (typeof errors !== 'bigint' || errors < 0n) throw invalid(`${field}.num_errors`, 'must be a count');

  const asked = readAsked(members.get('request') ?? null, members.get('entities') ?? [], field);
  const { context, facts } = takeFacts(asked.context, `${field}.request.context`);

  return {
    name,
    asked: { ...asked, context },
    facts,
    want: {
      decision: decisionOf(members.get('decision'), `${field}.decision`),
      reasonCode: undefined,
      determining: { ids: stringsOf(members.get('reason'), `${field}.reason`), all: false },
      errors,
    },
  };
}

function readOwnTest(raw: RawNode, field: string): Read {
  const members = membersOf(raw, field, {
    required: ['description', 'request', 'want'],
    optional: ['entities', 'facts'],
  });
  const want = membersOf(members.get('want') ?? null, `${field}.want`, {
    required: ['decision', 'reason_code'],
    optional: ['determining', 'errors', 'obligations', 'approval'],
  });
  const ids = want.has('determining')
    ? stringsOf(want.get('determining'), `${field}.want.determining`)
    : undefined;

  return {
    name: stringOf(members.get('description'), `${field}.description`),
    asked: readAsked(members.get('request') ?? null, members.get('entities') ?? [], field),
    facts: members.has('facts')
      ? readTestFacts(members.get('facts') ?? null, `${field}.facts`)
      : NO_TEST_FACTS,
    want: {
      decision: decisionOf(want.get('decision'), `${field}.want.decision`),
      reasonCode: stringOf(want.get('reason_code'), `${field}.want.reason_code`),
      determining: ids === undefined ? undefined : { ids, all: true },
      obligations: want.has('obligations')
        ? stringsOf(want.get('obligations'), `${field}.want.obligations`)
        : undefined,
      approval: want.has('approval')
        ? readWantedApproval(want.get('approval') ?? null, `${field}.want.approval`)
        : undefined,
      errors: want.has('errors') ? stringsOf(want.get('errors'), `${field}.want.errors`) : [],
    },
  };
}

function readAsked(raw: RawNode, entities: RawNode, field: string): AskedRequest {
  const request = membersOf(raw, `${field}.request`, {
    required: ['principal', 'action', 'resource'],
    optional: ['context'],
  });
  const uid = (name: string): RawUid => uidTextOf(request.get(name), `${field}.request.${name}`);

  return {
    principal: uid('principal'),
    action: uid('action'),
    resource: uid('resource'),
    context: request.get('context') ?? new RawObject(new Map()),
    entities,
  };
}

/** Takes `pdp` out of a context in Cedar's format: what the server asserts arrives apart from what a caller sends. */
function takeFacts(context: RawNode, field: string): { context: RawNode; facts: TestFacts } {
  if (!(context instanceof RawObject) || !context.entries.has('pdp'))
    return { context, facts: NO_TEST_FACTS };

  const entries = new Map(context.entries);
  entries.delete('pdp');

  return {
    context: new RawObject(entries),
    facts: readCedarFacts(context.entries.get('pdp') ?? null, `${field}.pdp`),
  };
}

function decisionOf(raw: RawNode | undefined, field: string): 'allow' | 'deny' {
  if (raw !== 'allow' && raw !== 'deny') throw invalid(field, 'must be allow or deny');

  return raw;
}
