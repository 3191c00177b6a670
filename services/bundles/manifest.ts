import { z } from 'zod';
import { LIMITS } from '../engine/limits.ts';
import { FORMAT_VERSION } from './digest.ts';
import { LIMIT_SCHEMA } from './limits/declaration.ts';
import { POLICY_LINTS } from './lint/names.ts';
import type { Problems } from './problems.ts';
import { LABELS_SCHEMA } from './runs/declaration.ts';
import { decodeSource, type Source, type Span } from './source.ts';
import { keySpanOf, plainOf, readYaml, spanOf, type YamlNode, type YamlPath } from './yaml.ts';

/** A version of Semantic Versioning 2.0.0, by the expression that semver.org gives. */
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-((0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(\+([0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*))?$/;
/** A Cedar entity type, such as `Agent` or `Corp::Agent`. */
const TYPE_NAME = /^[A-Za-z_][A-Za-z0-9_]*(::[A-Za-z_][A-Za-z0-9_]*)*$/;
/** A path into the context, such as `input.branch`; an attribute with other characters cannot be named. */
const CONTEXT_PATH = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;
export const POLICY_ID = /^[A-Za-z0-9._-]{1,128}$/;

const line = z.string().min(1).max(2_000);
const name = z.string().min(1).max(128);

/** The one description of `bundle.yaml`; `schemas/bundle.schema.json` is generated from it. */
export const MANIFEST_SCHEMA = z.strictObject({
  format_version: z.literal(FORMAT_VERSION).describe('Version of the bundle format.'),
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
    .describe('Name of the line of bundles: lower-case letters, digits and hyphens, at most 63 characters.'),
  version: z
    .string()
    .max(128)
    .regex(SEMVER)
    .describe('Semantic version; a name and version never mean two contents.'),
  description: line.describe('One sentence on what the bundle decides.'),
  owners: z.array(name).min(1).max(100).describe('Who answers for it.'),
  entity_sources: z
    .record(z.string().max(LIMITS.identifier_bytes).regex(TYPE_NAME), z.enum(['bundle', 'store', 'request']))
    .default({})
    .describe(
      'Where the entities of each type come from; a type that is not named comes from the bundle. Authors tools know `store`; this version of the server does not serve it yet.',
    ),
  record: z
    .strictObject({
      allow: z
        .array(z.string().max(LIMITS.identifier_bytes).regex(CONTEXT_PATH))
        .max(1_000)
        .default([])
        .describe('Paths of the context that people and exports may see in decision records.'),
    })
    .default({ allow: [] }),
  approval: z
    .strictObject({
      redact: z
        .array(z.string().max(LIMITS.identifier_bytes).regex(CONTEXT_PATH))
        .max(1_000)
        .default([])
        .describe(
          'Paths of the context that an approver is not shown: that something is there is all they see.',
        ),
    })
    .default({ redact: [] }),
  disclosure: z
    .enum(['reason_code', 'guidance'])
    .default('guidance')
    .describe(
      'What a denied caller is told: the reason code alone, or also what `@reason` and `@alternative` of the deciding policies say.',
    ),
  allow_findings: z
    .array(
      z.discriminatedUnion('finding', [
        z.strictObject({
          finding: z.enum(['impossible_policy', 'no_applicable_action', ...POLICY_LINTS]),
          policy: z.string().regex(POLICY_ID),
        }),
        z.strictObject({
          finding: z.literal('unused-action'),
          action: line.describe('As policies write it, such as Action::"read".'),
        }),
        z.strictObject({
          finding: z.literal('unused-entity-type'),
          entity_type: z.string().max(LIMITS.identifier_bytes).regex(TYPE_NAME),
        }),
      ]),
    )
    .max(1_000)
    .default([])
    .describe(
      'Findings of validation that are errors otherwise, and lints (docs/lints.md), allowed for one policy, action or type each.',
    ),
  limits: z
    .array(LIMIT_SCHEMA)
    .max(LIMITS.bundle_limits)
    .default([])
    .describe('How often, or how much in sum, actions may be allowed.'),
  labels: LABELS_SCHEMA.optional().describe('What a run is marked with by what it was allowed to read.'),
});

export type Manifest = Readonly<z.output<typeof MANIFEST_SCHEMA>>;

/** The manifest, and where each part of it stands. */
export interface LocatedManifest {
  readonly manifest: Manifest;
  readonly source: Source;
  spanOf(path: YamlPath): Span | undefined;
}

/** Reads bundle.yaml; every problem in it has its place. */
export function readManifest(
  path: string,
  bytes: Uint8Array,
  problems: Problems,
): LocatedManifest | undefined {
  if (bytes.length > LIMITS.manifest_bytes) {
    problems.of(path, 'file_too_large', `larger than ${LIMITS.manifest_bytes} bytes`);
    return undefined;
  }

  const source = decodeSource(path, bytes);
  if (source === undefined) {
    problems.of(path, 'not_utf8', 'not UTF-8 without a byte order mark');
    return undefined;
  }

  const root = readYaml(source, problems);
  if (root === undefined) return undefined;

  const parsed = MANIFEST_SCHEMA.safeParse(plainOf(root));
  if (!parsed.success) {
    for (const issue of parsed.error.issues) reportIssue(issue, root, source, problems);
    return undefined;
  }

  return { manifest: parsed.data, source, spanOf: (where) => spanOf(root, where) };
}

function reportIssue(issue: z.core.$ZodIssue, root: YamlNode, source: Source, problems: Problems): void {
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      const span = keySpanOf(root, issue.path, key);
      problems.at(source, span, 'manifest_invalid', `unknown key ${JSON.stringify(key)}`);
    }
    return;
  }

  const where = issue.path.map(String).join('.');
  const message = `${where === '' ? 'the manifest' : where}: ${describe(issue)}`;
  problems.at(source, spanOf(root, issue.path), 'manifest_invalid', message);
}

/** Cedar and semver patterns say little to a reader; what the field wants says more. */
function describe(issue: z.core.$ZodIssue): string {
  if (issue.path[0] === 'labels') return describeLabels(issue);
  if (issue.code === 'invalid_key') return 'must be the name of an entity type';
  if (issue.message.endsWith('received undefined')) return 'is missing';
  if (issue.path[0] === 'limits' && issue.code === 'invalid_union') return describeLimit(issue);
  if (issue.code !== 'invalid_format') return issue.message;

  switch (issue.path[0]) {
    case 'name':
      return 'must be lower-case letters, digits and hyphens, at most 63, beginning with a letter or digit';
    case 'version':
      return 'must be a semantic version such as 1.0.0';
    case 'record':
    case 'approval':
      return 'must be a path into the context such as input.branch';
    case 'allow_findings':
      return issue.path.at(-1) === 'entity_type'
        ? 'must be the name of an entity type'
        : 'must be a policy id';
    case 'limits':
      return describeLimit(issue);
    default:
      return issue.message;
  }
}

function describeLabels({ path, code, message }: z.core.$ZodIssue): string {
  if (path[1] === 'lattice' && (code === 'invalid_key' || code === 'invalid_format'))
    return 'must be a label: lower-case letters, digits, - and _, at most 63, beginning with a letter';

  return path[1] === 'takes' && code === 'invalid_format'
    ? 'must be a path to labels such as resource.labels or context.input.labels'
    : message;
}

function describeLimit({ path, message }: z.core.$ZodIssue): string {
  switch (path[2]) {
    case 'name':
      return 'must be lower-case letters, digits and underscores, at most 63, beginning with a letter';
    case 'key':
      return 'must be principal, action, resource, run, or an attribute such as principal.team or resource.owner';
    case 'window':
      return 'must be a duration such as 24h, or { calendar: day, time_zone: Europe/Berlin }';
    case 'cost':
      return 'must be 1, or a path into the context such as input.amount';
    default:
      return message;
  }
}
