import { createHash } from 'node:crypto';
import { canonicalContent } from '../../engine/data/entity.ts';
import { PdpError } from '../../engine/error.ts';
import { type Cedar, createCedar } from '../cedar.ts';
import { type CompiledBundle, compileBundle } from '../compile.ts';
import type { BundleFiles } from '../files.ts';
import { limitText } from '../limits/words.ts';
import type { Manifest } from '../manifest.ts';
import { type ParsedBundle, parseBundle, partsOf } from '../parse.ts';
import { renderProblem } from '../problem.ts';
import { createProblems } from '../problems.ts';
import { DEFAULT_LATTICE } from '../runs/declaration.ts';
import { type BundleTest, readTests } from '../tests.ts';
import { changedFields, changedNames } from './fields.ts';
import { diffOutcomes, diffTests } from './outcomes.ts';
import { diffPolicies } from './policies.ts';
import type { BundleDiff, BundleName } from './report.ts';
import { schemaFields } from './schema-fields.ts';

/** A bundle that could be read, with all that is compared. */
interface Side {
  readonly files: BundleFiles;
  readonly parsed: ParsedBundle;
  readonly manifest: Manifest;
  readonly compiled: CompiledBundle;
  readonly tests: readonly BundleTest[];
}

/**
 * Says how two bundles differ, and runs the tests of both by both. Blocks while it reads and decides.
 * @throws PdpError `invalid_request` where one of them cannot be read; it need not pass its tests.
 */
export async function diffBundles(a: BundleFiles, b: BundleFiles): Promise<BundleDiff> {
  const cedar = createCedar();
  const before = await readSide('the first bundle', a, cedar);
  const after = await readSide('the second bundle', b, cedar);

  return {
    a: nameOf(before),
    b: nameOf(after),
    same: before.parsed.digest === after.parsed.digest,
    files: changedNames(hashesOf(a), hashesOf(b)),
    manifest: changedFields(manifestFields(before.manifest), manifestFields(after.manifest)),
    policies: diffPolicies(before.parsed, after.parsed, cedar),
    schema: changedFields(schemaFields(before.compiled.schema), schemaFields(after.compiled.schema)),
    entities: changedNames(entityContents(before.parsed), entityContents(after.parsed)),
    tests: diffTests(before.tests, after.tests),
    outcomes: diffOutcomes(before, after),
  };
}

async function readSide(what: string, files: BundleFiles, cedar: Cedar): Promise<Side> {
  const problems = createProblems();
  const parsed = parseBundle(files, cedar, problems);
  const tests = readTests(files, problems);
  const parts = partsOf(parsed, files);
  const manifest = parsed.manifest?.manifest;
  if (parts === undefined || manifest === undefined || problems.errors > 0) {
    const errors = problems.sorted().filter(({ severity }) => severity === 'error');
    throw new PdpError(
      'invalid_request',
      `${what} cannot be read\n${errors.map(renderProblem).join('\n\n')}`,
      {
        field: 'bundle',
      },
    );
  }

  return { files, parsed, manifest, compiled: await compileBundle(parts), tests };
}

function nameOf({ manifest: { name, version }, parsed: { digest } }: Side): BundleName {
  return { name, version, digest };
}

/** The manifest as named values; lists by their elements, so that one more is one change. */
function manifestFields(manifest: Manifest): ReadonlyMap<string, string> {
  const {
    name,
    version,
    description,
    owners,
    entity_sources,
    record,
    disclosure,
    allow_findings,
    limits,
    labels,
  } = manifest;

  return new Map([
    ['name', name],
    ['version', version],
    ['description', description],
    ['owners', owners.join(', ')],
    ...Object.entries(entity_sources).map(([type, source]) => [`entity_sources ${type}`, source] as const),
    ['disclosure', disclosure],
    ...limits.map((limit) => [`limit ${limit.name}`, limitText(limit)] as const),
    ...labelFields(labels),
    ...record.allow.map((path) => [`record.allow ${path}`, 'shown'] as const),
    ...allow_findings.map(
      (entry) => [`allow_findings ${Object.values(entry).join(' of ')}`, 'allowed'] as const,
    ),
  ]);
}

function labelFields(labels: Manifest['labels']): readonly (readonly [string, string])[] {
  if (labels === undefined) return [];
  const { lattice = DEFAULT_LATTICE, takes } = labels;

  return [
    ...Object.entries(lattice).map(
      ([label, below]) => [`label ${label}`, `above ${below.toSorted().join(', ') || 'nothing'}`] as const,
    ),
    ...Object.entries(takes).flatMap(([action, paths]) =>
      paths.map((path) => [`labels.takes ${action} ${path}`, 'taken by the run'] as const),
    ),
  ];
}

function entityContents({ entities }: ParsedBundle): ReadonlyMap<string, string> {
  return new Map(entities.map((entity) => [entity.uid.key, canonicalContent(entity)]));
}

function hashesOf(files: BundleFiles): ReadonlyMap<string, string> {
  return new Map([...files].map(([path, bytes]) => [path, createHash('sha256').update(bytes).digest('hex')]));
}
