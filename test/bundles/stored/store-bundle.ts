import type { BundleFiles } from '../../../services/bundles/files.ts';
import { filesOf } from '../files-of.ts';

const MANIFEST = `format_version: 1
name: teams
version: 1.0.0
description: Who may read documents
owners: [platform]
entity_sources: { User: store, Team: store, Org: bundle, Unit: bundle, Doc: request, Guests: request }
`;

const SCHEMA = `entity Org { frozen: Bool };
entity Unit in [Team];
entity Guests;
entity Team in [Team, Org, Guests];
entity User in [Team] { level: Long };
entity Doc in [Team] { public: Bool };
action read appliesTo { principal: User, resource: Doc };
`;

const POLICIES = `@id("members")
permit(principal in Team::"writers", action == Action::"read", resource);

@id("not-of-evil")
forbid(principal in Org::"evil", action, resource);

@id("level")
forbid(principal, action, resource) when { principal.level > 3 };
`;

const ENTITIES = `[
  {"uid": {"type": "Org", "id": "good"}, "attrs": {"frozen": false}, "parents": []},
  {"uid": {"type": "Org", "id": "evil"}, "attrs": {"frozen": true}, "parents": []}
]
`;

/** A test of the bundle, which lists what the store holds among the entities. */
export function storeTest(
  entities: readonly string[],
  want = '{ decision: allow, reason_code: permitted, determining: [members], errors: [] }',
): string {
  return `- description: a member reads
  request:
    principal: User::"a"
    action: Action::"read"
    resource: Doc::"d"
  entities:
${entities.map((entity) => `    - ${entity}\n`).join('')}  want: ${want}
`;
}

export const DOC = '{ uid: { type: Doc, id: d }, attrs: { public: true }, parents: [] }';
export const USER =
  '{ uid: { type: User, id: a }, attrs: { level: 1 }, parents: [{ type: Team, id: writers }] }';
export const TEAM = '{ uid: { type: Team, id: writers }, attrs: {}, parents: [{ type: Org, id: good }] }';

/** A bundle whose users and teams are in the store, under organisations of the bundle, and whose documents are the request's. */
export function storeBundle(changes: Readonly<Record<string, string | undefined>> = {}): BundleFiles {
  return filesOf({
    'bundle.yaml': MANIFEST,
    'schema.cedarschema': SCHEMA,
    'receipts.cedar': POLICIES,
    'entities.json': ENTITIES,
    'tests/view.yaml': storeTest([DOC, USER, TEAM]),
    ...changes,
  });
}
