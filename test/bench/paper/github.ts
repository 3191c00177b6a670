import type { Workload } from '../question.ts';
import { createChance } from './chance.ts';
import { type Asked, isWithin, paperWorkload, type Thing, times } from './world.ts';

/** From the least to the most; who has one has all before it. */
const LEVELS = ['readers', 'triagers', 'writers', 'maintainers', 'admins'] as const;
type Level = (typeof LEVELS)[number];

/** The level that each action needs. */
const NEEDS = {
  pull: 'readers',
  fork: 'readers',
  label_issue: 'triagers',
  push: 'writers',
  edit_issue: 'writers',
  change_settings: 'maintainers',
  delete_repository: 'admins',
} as const satisfies Record<string, Level>;

interface Organization extends Thing {
  readonly attrs: { readonly owners: Thing };
}

interface Repository extends Thing {
  readonly attrs: Readonly<Record<Level, Thing>> & {
    readonly organization: Organization;
    readonly open: boolean;
  };
}

const ROLES_HELD = 3;

/**
 * Repositories with five levels of permission, which users have themselves, through teams, or as owners of the organization. 47
 * entities: 12 users, 3 teams, 5 repositories with 5 roles each, an organization and its role. Seven static policies.
 */
export function githubWorkload(): Workload {
  const { oneOf, happens } = createChance(2);
  const role = (id: string, parents: readonly Thing[] = []): Thing => ({
    type: 'Role',
    id,
    attrs: {},
    parents,
  });
  const owners = role('owners');
  const organization: Organization = { type: 'Organization', id: 'o', attrs: { owners }, parents: [] };
  const repositories = times(5, (at): Repository => {
    const readers = role(`r${at}-readers`);
    const triagers = role(`r${at}-triagers`, [readers]);
    const writers = role(`r${at}-writers`, [triagers]);
    const maintainers = role(`r${at}-maintainers`, [writers]);
    const admins = role(`r${at}-admins`, [maintainers]);
    const attrs = { readers, triagers, writers, maintainers, admins, organization, open: at === 0 };

    return { type: 'Repository', id: `r${at}`, attrs, parents: [] };
  });
  const roles = repositories.flatMap(({ attrs }) => LEVELS.map((level) => attrs[level]));
  const some = (): readonly Thing[] => [...new Set(times(ROLES_HELD, () => oneOf(roles)))];
  const teams = times(3, (at): Thing => ({ type: 'Team', id: `t${at}`, attrs: {}, parents: some() }));
  const users = times(12, (at): Thing => {
    const parents = [oneOf(teams), ...(happens(0.5) ? some() : []), ...(at === 0 ? [owners] : [])];

    return { type: 'User', id: `u${at}`, attrs: {}, parents };
  });

  const asked = users.flatMap((principal) =>
    repositories.flatMap((resource) => {
      return Object.keys(NEEDS).map((action) => ({ principal, action, resource }));
    }),
  );

  return paperWorkload({
    name: 'bench-github',
    schema: SCHEMA,
    policies: POLICIES,
    things: [...users, ...teams, ...roles, owners, ...repositories, organization],
    questions: asked.map((one) => ({ ...one, allowed: isAllowed(one) })),
  });
}

function isAllowed({ principal, action, resource }: Asked<Repository>): boolean {
  const needed = NEEDS[action as keyof typeof NEEDS];
  const { organization, open } = resource.attrs;
  if (open && needed === 'readers') return true;

  return isWithin(principal, resource.attrs[needed]) || isWithin(principal, organization.attrs.owners);
}

const SCHEMA = `entity Role in [Role];
entity Team in [Role];
entity User in [Team, Role];
entity Organization { owners: Role };
entity Repository {
  organization: Organization, open: Bool,
  readers: Role, triagers: Role, writers: Role, maintainers: Role, admins: Role
};
action work;
action read in [work];
action pull, fork in [read] appliesTo { principal: User, resource: Repository };
action label_issue, push, edit_issue, change_settings, delete_repository in [work]
  appliesTo { principal: User, resource: Repository };
`;

const POLICIES = `@id("open") permit(principal, action in Action::"read", resource) when { resource.open };
@id("read") permit(principal, action in Action::"read", resource) when { principal in resource.readers };
@id("triage") permit(principal, action == Action::"label_issue", resource) when { principal in resource.triagers };
@id("write") permit(principal, action in [Action::"push", Action::"edit_issue"], resource) when { principal in resource.writers };
@id("maintain") permit(principal, action == Action::"change_settings", resource) when { principal in resource.maintainers };
@id("administer") permit(principal, action == Action::"delete_repository", resource) when { principal in resource.admins };
@id("own") permit(principal, action in Action::"work", resource) when { principal in resource.organization.owners };
`;
