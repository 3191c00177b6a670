import type { BundleFiles } from '../../services/bundles/files.ts';

/** A small bundle that passes; tests replace or add files to break it in one place each. */
const VALID: Readonly<Record<string, string>> = {
  'bundle.yaml': `format_version: 1
name: receipts
version: 1.0.0
description: Who may read receipts
owners: [finance]
entity_sources: { User: request, Group: request, Receipt: bundle }
`,
  'schema.cedarschema': `entity Group;
entity User in [Group] { level: Long };
entity Receipt { public: Bool };
entity Color enum ["red", "green"];
action view, edit appliesTo {
  principal: User,
  resource: Receipt,
  context: { input: { path: String }, pdp: { now: datetime } }
};
action list appliesTo { principal: [User, Color], resource: Receipt, context: { amount?: Long } };
`,
  'receipts.cedar': `@id("staff-view")
permit(principal in Group::"staff", action == Action::"view", resource);

@id("no-secrets")
@reason("This receipt is secret.")
forbid(principal, action == Action::"view", resource) when { !resource.public };
`,
  'entities.json': `[
  {"uid": {"type": "Receipt", "id": "r1"}, "attrs": {"public": true}, "parents": []},
  {"uid": {"type": "Receipt", "id": "r2"}, "attrs": {"public": false}, "parents": []}
]
`,
  'tests/view.yaml': `- description: staff may view a public receipt
  request:
    principal: User::"a"
    action: Action::"view"
    resource: Receipt::"r1"
    context: { input: { path: x } }
  entities:
    - { uid: { type: User, id: a }, attrs: { level: 1 }, parents: [{ type: Group, id: staff }] }
  facts: { now: "2026-11-22T10:00:00Z" }
  want: { decision: allow, reason_code: permitted, determining: [staff-view], errors: [] }
`,
};

/** The valid bundle with files replaced or added; `undefined` leaves a file out. */
export function filesOf(
  changes: Readonly<Record<string, string | Uint8Array | undefined>> = {},
): BundleFiles {
  const files = new Map<string, Uint8Array>();
  for (const [path, content] of Object.entries({ ...VALID, ...changes })) {
    if (content !== undefined) files.set(path, typeof content === 'string' ? Buffer.from(content) : content);
  }

  return files;
}

/** The text of one file of the valid bundle. */
export function validFile(path: string): string {
  return VALID[path] ?? '';
}
