import type { BundleFiles } from '../../services/bundles/files.ts';
import type { RawUid } from '../../services/engine/raw/raw.ts';
import { bundleFiles, type Question, type Workload } from './question.ts';

/** Policies that one request selects, in a bundle that has so many. */
export const SLICE = 10;

/**
 * What a bench bundle is asked: the context has five keys, the entities are the principal and the resource, each with two
 * attributes and a parent.
 */
export interface BenchRequest extends Question {
  readonly id: string;
  readonly runId: string;
}

/** The bundle of so many policies with its requests. */
export function benchWorkload(policies: number): Workload {
  return { files: benchBundle(policies), question: (index) => benchRequest(policies, index) };
}

/**
 * Makes a bundle of so many policies in groups of {@link SLICE}. Each group is about one user, one team, one document and one
 * folder, so a request selects one whole group and nothing else.
 */
export function benchBundle(policies: number): BundleFiles {
  const groups = Array.from({ length: Math.ceil(policies / SLICE) }, (_, group) => policyGroup(group));

  return bundleFiles({
    'bundle.yaml': MANIFEST,
    'schema.cedarschema': SCHEMA,
    'policies.cedar': groups.flat().slice(0, policies).join('\n'),
    'tests/samples.yaml': [0, 1].map((index) => sampleTest(policies, index)).join('\n'),
  });
}

/**
 * Makes one of the requests of a bundle. No two are equal, neighbours are about different groups as far as there are any, and
 * every other one is denied.
 */
export function benchRequest(policies: number, index: number): BenchRequest {
  const groups = Math.max(1, Math.floor(policies / SLICE));
  const group = index % groups;
  // Both answers occur among the groups and, where a group is asked again, within it.
  const allowed = (group + Math.floor(index / groups)) % 2 === 0;
  const uid = (type: string, letter: string): RawUid => ({ type, id: `${letter}${group}` });

  return {
    id: `r${index}`,
    principal: uid('User', 'u'),
    action: { type: 'Action', id: index % 3 === 0 ? 'write' : 'read' },
    resource: uid('Doc', 'd'),
    context: JSON.stringify({
      path: allowed ? `src/part-${index}/main.ts` : `tmp/part-${index}/build.lock`,
      branch: `feature/${group}-${index}`,
      size: 100 + index,
      force: false,
      labels: ['internal', `batch-${index % 7}`],
    }),
    entities: JSON.stringify([
      { uid: uid('User', 'u'), attrs: { level: 5, name: `user-${group}` }, parents: [uid('Team', 't')] },
      { uid: uid('Doc', 'd'), attrs: { level: 3, owner: `user-${group}` }, parents: [uid('Folder', 'f')] },
    ]),
    runId: `run-${index % 40}`,
    want: allowed ? 'allow' : 'deny',
  };
}

const MANIFEST = `format_version: 1
name: bench
version: 1.0.0
description: As many anchored policies as are asked for
owners: [bench]
entity_sources: { User: request, Team: request, Doc: request, Folder: request }
record: { allow: [path, branch] }
`;

const SCHEMA = `entity Team;
entity User in [Team] { level: Long, name: String };
entity Folder;
entity Doc in [Folder] { level: Long, owner: String };
action use;
action read, write in [use] appliesTo {
  principal: User,
  resource: Doc,
  context: { path: String, branch: String, size: Long, force: Bool, labels: Set<String> }
};
`;

/** Ten policies of ten shapes; the first alone already allows one kind of request and not the other. */
function policyGroup(group: number): string[] {
  const user = `User::"u${group}"`;
  const team = `Team::"t${group}"`;
  const doc = `Doc::"d${group}"`;
  const folder = `Folder::"f${group}"`;
  const rules = [
    `permit(principal == ${user}, action, resource) when { principal.level >= resource.level && context.path like "src/*" }`,
    `permit(principal in ${team}, action in Action::"use", resource) when { context.branch like "feature/${group}-*" }`,
    `permit(principal is User in ${team}, action, resource is Doc) when { context.size < ${500 + group} && !context.force }`,
    `permit(principal, action, resource == ${doc}) when { resource.owner == principal.name }`,
    `permit(principal, action, resource in ${folder}) unless { context.labels.contains("secret") }`,
    `forbid(principal, action, resource == ${doc}) when { context.force }`,
    `forbid(principal == ${user}, action, resource) when { context.path like "*.lock" }`,
    `forbid(principal in ${team}, action, resource in ${folder}) when { context.labels.containsAny(["secret", "s${group}"]) }`,
    `forbid(principal, action in Action::"use", resource in ${folder}) when { resource.level > 8 }`,
    `forbid(principal in ${team}, action, resource) when { context.size > ${1_000_000 + group} }`,
  ];

  return rules.map((rule, index) => `@id("p${group * SLICE + index}")\n${rule};\n`);
}

/** Positions in a group of the rules that allow one kind of request and deny the other. */
const PERMITS = [0, 1, 2, 3, 4];
const DENIES = [6];

function sampleTest(policies: number, index: number): string {
  const { id, principal, action, resource, context, entities, want } = benchRequest(policies, index);
  const group = Number(principal.id.slice(1));
  const determining = (want === 'allow' ? PERMITS : DENIES)
    .map((rule) => group * SLICE + rule)
    .filter((policy) => policy < policies)
    .map((policy) => `p${policy}`);
  const refused = determining.length === 0 ? 'not_permitted' : 'forbidden';

  return `- description: request ${id}
  request:
    principal: ${principal.type}::"${principal.id}"
    action: ${action.type}::"${action.id}"
    resource: ${resource.type}::"${resource.id}"
    context: ${context}
  entities: ${entities}
  want:
    decision: ${want}
    reason_code: ${want === 'allow' ? 'permitted' : refused}
    determining: [${determining.sort()}]
    errors: []
`;
}
