import { bundleFiles, type Question, type Workload } from '../question.ts';

/** The principal, the resource, and what they are below; each side is one chain of this many. */
const CHAIN = 10;
const ORG = { type: 'Org', id: 'o' };

interface Attributes {
  readonly name: string;
  readonly level: number;
  readonly active: boolean;
  readonly region: string;
  readonly labels: readonly string[];
}

/**
 * Requests that bring 20 entities with five attributes and a parent each: a user below nine teams above each other, and a document
 * below nine folders. Ten policies, all selected.
 */
export function entitiesWorkload(): Workload {
  return {
    files: bundleFiles({
      'bundle.yaml': MANIFEST,
      'schema.cedarschema': SCHEMA,
      'policies.cedar': POLICIES,
    }),
    question,
  };
}

function question(index: number): Question {
  const user: Attributes = {
    name: `user-${index}`,
    level: index % 7,
    active: index % 11 !== 0,
    region: index % 3 === 0 ? 'north' : 'south',
    labels: ['staff', index % 13 === 0 ? 'suspended' : `desk-${index}`],
  };
  const doc: Attributes = {
    name: `doc-${index}`,
    level: index % 10,
    active: index % 2 === 0,
    region: index % 5 === 0 ? 'north' : 'south',
    labels: [index % 4 === 0 ? 'staff' : 'board', index % 9 === 0 ? 'sealed' : `shelf-${index}`],
  };
  const purpose = index % 6 === 0 ? 'audit-yearly' : `errand-${index}`;

  return {
    principal: { type: 'User', id: `u${index}` },
    action: { type: 'Action', id: 'read' },
    resource: { type: 'Doc', id: `d${index}` },
    context: JSON.stringify({ purpose }),
    entities: JSON.stringify([
      ...chain('User', `u${index}`, 'Team', user),
      ...chain('Doc', `d${index}`, 'Folder', doc),
    ]),
    want: isAllowed(user, doc, purpose) ? 'allow' : 'deny',
  };
}

/** What {@link POLICIES} say, in plain code. */
function isAllowed(user: Attributes, doc: Attributes, purpose: string): boolean {
  const refused =
    user.labels.includes('suspended') ||
    doc.labels.includes('sealed') ||
    doc.level > 8 ||
    !user.active ||
    (purpose.startsWith('audit-') && user.level < 1);
  const permitted =
    user.level >= doc.level + 2 ||
    user.labels.some((label) => doc.labels.includes(label)) ||
    (user.region === doc.region && user.level > 3) ||
    purpose.startsWith('audit-') ||
    user.name === doc.name;

  return permitted && !refused;
}

function chain(type: string, id: string, above: string, attrs: Attributes): object[] {
  const groups = Array.from({ length: CHAIN - 1 }, (_, at) => ({ type: above, id: `${id}-${at}` }));
  const uids = [{ type, id }, ...groups];

  return uids.map((uid, at) => ({
    uid,
    attrs: at === 0 ? attrs : { ...attrs, name: uid.id },
    parents: [uids[at + 1] ?? ORG],
  }));
}

const MANIFEST = `format_version: 1
name: bench-entities
version: 1.0.0
description: Requests that bring many entities
owners: [bench]
entity_sources: { User: request, Team: request, Doc: request, Folder: request, Org: request }
`;

const FIELDS = '{ name: String, level: Long, active: Bool, region: String, labels: Set<String> }';

const SCHEMA = `entity Org;
entity Team in [Team, Org] ${FIELDS};
entity User in [Team] ${FIELDS};
entity Folder in [Folder, Org] ${FIELDS};
entity Doc in [Folder] ${FIELDS};
action read appliesTo { principal: User, resource: Doc, context: { purpose: String } };
`;

const POLICIES = `
@id("level") permit(principal in Org::"o", action == Action::"read", resource) when { principal.level >= resource.level + 2 };
@id("label") permit(principal in Org::"o", action, resource in Org::"o") when { principal.labels.containsAny(resource.labels) };
@id("region") permit(principal, action, resource in Org::"o") when { principal.region == resource.region && principal.level > 3 };
@id("audit") permit(principal, action == Action::"read", resource is Doc) when { context.purpose like "audit-*" };
@id("same") permit(principal is User in Org::"o", action, resource) when { principal.name == resource.name };
@id("suspended") forbid(principal in Org::"o", action, resource) when { principal.labels.contains("suspended") };
@id("sealed") forbid(principal, action, resource in Org::"o") when { resource.labels.contains("sealed") };
@id("high") forbid(principal, action, resource in Org::"o") when { resource.level > 8 };
@id("gone") forbid(principal in Org::"o", action, resource) unless { principal.active };
@id("junior") forbid(principal, action == Action::"read", resource) when { context.purpose like "audit-*" && principal.level < 1 };
`;
