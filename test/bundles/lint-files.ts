import type { BundleFiles } from '../../services/bundles/files.ts';

/** A bundle whose schema and entities give nothing to warn of; the policies are a test's own. */
export interface LintBundle {
  readonly policies: string;
  /** What stands in the schema besides. */
  readonly schema?: string;
  readonly manifest?: string;
  readonly links?: string;
}

const MANIFEST = `format_version: 1
name: lints
version: 1.0.0
description: What lints are tried on
owners: [tests]
entity_sources: { Agent: bundle, Role: bundle, Doc: request, Owner: request }
`;

/** Ends with line 12, so that what a test adds begins on line 13. */
const SCHEMA = `entity Role in [Role];
entity Agent in [Role] { level: Long, boss: Agent };
entity Owner { level: Long };
entity Doc { size: Long, owner: Owner };
action read appliesTo {
  principal: Agent,
  resource: Doc,
  context: {
    n: Long, wait: duration, at: datetime, friend: Agent,
    pdp: { now: datetime }
  }
};
`;

/** Ann reads, and leads who reads; Bob only reads. */
const ENTITIES = JSON.stringify([
  {
    uid: { type: 'Agent', id: 'ann' },
    attrs: { level: 1, boss: { type: 'Agent', id: 'ann' } },
    parents: [{ type: 'Role', id: 'lead' }],
  },
  {
    uid: { type: 'Agent', id: 'bob' },
    attrs: { level: 2, boss: { type: 'Agent', id: 'ann' } },
    parents: [{ type: 'Role', id: 'reader' }],
  },
  { uid: { type: 'Role', id: 'lead' }, attrs: {}, parents: [{ type: 'Role', id: 'reader' }] },
  { uid: { type: 'Role', id: 'reader' }, attrs: {}, parents: [] },
]);

export function lintFiles({ policies, schema = '', manifest = '', links }: LintBundle): BundleFiles {
  const texts: Record<string, string> = {
    'bundle.yaml': MANIFEST + manifest,
    'schema.cedarschema': SCHEMA + schema,
    'entities.json': ENTITIES,
    'policies.cedar': policies,
    ...(links === undefined ? {} : { 'links.json': links }),
  };

  return new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
}
