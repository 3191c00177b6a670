import type { BundleFiles } from '../../services/bundles/files.ts';

/** What a large bundle is asked. */
export interface LargeRequest {
  readonly principal: { readonly type: string; readonly id: string };
  readonly action: { readonly type: string; readonly id: string };
  readonly resource: { readonly type: string; readonly id: string };
  readonly context: object;
}

/** How many different requests a bundle of so many policies is asked. */
export function requestsOf(policies: number): number {
  return Math.floor(policies / GROUP);
}

/**
 * A bundle of so many policies, each anchored in one user, one team, one document or one folder. So however many there are,
 * a request selects four of them.
 */
export function largeBundle(policies: number): BundleFiles {
  const starts = Array.from({ length: Math.ceil(policies / GROUP) }, (_, group) => GROUP * group);
  const files = {
    'bundle.yaml': `format_version: 1
name: large-${policies}
version: 1.0.0
description: As many anchored policies as are asked for
owners: [test]
entity_sources: { User: bundle, Team: bundle, Doc: bundle, Folder: bundle }
`,
    'schema.cedarschema': `entity Team;
entity User in [Team] { level: Long };
entity Folder;
entity Doc in [Folder] { level: Long };
action read, write appliesTo { principal: User, resource: Doc, context: { input: { path: String } } };
`,
    'policies.cedar': starts.flatMap(policyGroup).slice(0, policies).join('\n'),
    'entities.json': JSON.stringify(starts.flatMap(entityGroup)),
    'tests/samples.yaml': [0, GROUP * (requestsOf(policies) - 1)].map(sampleTest).join('\n'),
  };

  return new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));
}

/** A request that four policies of their own decide; every third one writes. */
export function largeRequest(group: number): LargeRequest {
  const at = GROUP * group;

  return {
    principal: { type: 'User', id: `u${at}` },
    action: { type: 'Action', id: group % 3 === 0 ? 'write' : 'read' },
    resource: { type: 'Doc', id: `d${at}` },
    context: { input: { path: `folder/${at}/file` } },
  };
}

const GROUP = 4;

function policyGroup(at: number): string[] {
  return [
    `@id("user-${at}")
permit(principal == User::"u${at}", action, resource) when { principal.level >= resource.level };
`,
    `@id("team-${at + 1}")
permit(principal in Team::"t${at}", action == Action::"read", resource) when { context.input.path like "folder/*" };
`,
    `@id("doc-${at + 2}")
@reason("This document is closed.")
forbid(principal, action == Action::"write", resource == Doc::"d${at}") when { context.input.path like "*.lock" };
`,
    `@id("folder-${at + 3}")
permit(principal is User, action, resource in Folder::"f${at}") unless { resource.level > 8 };
`,
  ];
}

function entityGroup(at: number): object[] {
  const uid = (type: string, letter: string) => ({ type, id: `${letter}${at}` });

  return [
    { uid: uid('Team', 't'), attrs: {}, parents: [] },
    { uid: uid('User', 'u'), attrs: { level: 5 }, parents: [uid('Team', 't')] },
    { uid: uid('Folder', 'f'), attrs: {}, parents: [] },
    { uid: uid('Doc', 'd'), attrs: { level: 3 }, parents: [uid('Folder', 'f')] },
  ];
}

function sampleTest(at: number): string {
  return `- description: a user reads a document, ${at}
  request:
    principal: User::"u${at}"
    action: Action::"read"
    resource: Doc::"d${at}"
    context: { input: { path: folder/x } }
  entities: []
  want:
    decision: allow
    reason_code: permitted
    determining: [folder-${at + 3}, team-${at + 1}, user-${at}]
    errors: []
`;
}
