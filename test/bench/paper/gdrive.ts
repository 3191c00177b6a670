import type { Workload } from '../question.ts';
import { createChance } from './chance.ts';
import { type Asked, isWithin, paperWorkload, type Thing, times, uidOf } from './world.ts';

interface Shared extends Thing {
  readonly attrs: { readonly owner: Thing; readonly open: boolean };
}

/** One sharing: somebody gets a role on a document, or on a folder with all that is in it. */
interface Share {
  readonly role: keyof typeof ROLES;
  readonly grantee: Thing;
  readonly item: Shared;
}

const ROLES = { viewer: ['view'], editor: ['view', 'edit'] } as const;
const ACTIONS = ['view', 'edit', 'share'] as const;

/**
 * Documents in folders that are shared with users and groups, each sharing a link of a template. 50 entities: 16 users, 6
 * groups, 10 folders and 18 documents; 24 sharings and two static policies.
 */
export function gdriveWorkload(): Workload {
  const { oneOf, happens } = createChance(1);
  const groups: Thing[] = [];
  for (let at = 0; at < 6; at += 1) {
    const parents = at > 0 && happens(0.6) ? [oneOf(groups)] : [];
    groups.push({ type: 'Group', id: `g${at}`, attrs: {}, parents });
  }
  const users = times(
    16,
    (at): Thing => ({ type: 'User', id: `u${at}`, attrs: {}, parents: [oneOf(groups)] }),
  );
  const attributes = (): Shared['attrs'] => ({ owner: oneOf(users), open: happens(0.15) });
  const folders: Shared[] = [];
  for (let at = 0; at < 10; at += 1) {
    const parents = at > 0 && happens(0.7) ? [oneOf(folders)] : [];
    folders.push({ type: 'Folder', id: `f${at}`, attrs: attributes(), parents });
  }
  const documents = times(18, (at): Shared => {
    return { type: 'Document', id: `d${at}`, attrs: attributes(), parents: [oneOf(folders)] };
  });
  const shares = times(24, (): Share => {
    return {
      role: happens(0.5) ? 'viewer' : 'editor',
      grantee: oneOf([...users, ...groups]),
      item: oneOf([...folders, ...documents]),
    };
  });

  const asked = users.flatMap((principal) =>
    documents.flatMap((resource) => ACTIONS.map((action) => ({ principal, action, resource }))),
  );

  return paperWorkload({
    name: 'bench-gdrive',
    schema: SCHEMA,
    policies: POLICIES,
    links: shares.map(linkOf),
    things: [...users, ...groups, ...folders, ...documents],
    questions: asked.map((one) => ({ ...one, allowed: isAllowed(one, shares) })),
  });
}

function linkOf({ role, grantee, item }: Share, at: number): object {
  const values = { '?principal': uidOf(grantee), '?resource': uidOf(item) };

  return { template_id: role, id: `share-${at}`, values };
}

function isAllowed({ principal, action, resource }: Asked<Shared>, shares: readonly Share[]): boolean {
  if (resource.attrs.owner === principal) return true;
  if (resource.attrs.open && action === 'view') return true;

  return shares.some(({ role, grantee, item }) => {
    const grants: readonly string[] = ROLES[role];

    return grants.includes(action) && isWithin(principal, grantee) && isWithin(resource, item);
  });
}

const SCHEMA = `entity Group in [Group];
entity User in [Group];
entity Folder in [Folder] { owner: User, open: Bool };
entity Document in [Folder] { owner: User, open: Bool };
action manage;
action view, edit, share in [manage] appliesTo { principal: User, resource: [Document, Folder] };
`;

const POLICIES = `@id("owner") permit(principal, action in Action::"manage", resource) when { resource.owner == principal };
@id("open") permit(principal, action == Action::"view", resource) when { resource.open };
@id("viewer") permit(principal in ?principal, action == Action::"view", resource in ?resource);
@id("editor") permit(principal in ?principal, action in [Action::"view", Action::"edit"], resource in ?resource);
`;
