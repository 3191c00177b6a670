import type { Workload } from '../question.ts';
import { createChance } from './chance.ts';
import { type Asked, isWithin, paperWorkload, type Thing, times } from './world.ts';

interface TodoList extends Thing {
  readonly attrs: { readonly owner: Thing; readonly readers: Thing; readonly editors: Thing };
}

const ON_APPLICATION = ['create_list', 'browse_lists'] as const;
const ON_LIST = ['read_list', 'edit_task', 'rename_list', 'share_list', 'delete_list'] as const;
const BY_READERS: readonly string[] = ['read_list'];
const BY_EDITORS: readonly string[] = ['read_list', 'edit_task', 'rename_list'];

/**
 * To-do lists, each with an owner, a team that may read it and a team that may edit it. 50 entities: 15 users, 8 teams, some
 * within others, 26 lists and the application. Four static policies.
 */
export function tinytodoWorkload(): Workload {
  const { oneOf, happens } = createChance(3);
  const application: Thing = { type: 'Application', id: 'todo', attrs: {}, parents: [] };
  const teams: Thing[] = [];
  for (let at = 0; at < 8; at += 1) {
    const parents = at > 0 && happens(0.5) ? [oneOf(teams)] : [];
    teams.push({ type: 'Team', id: `t${at}`, attrs: {}, parents });
  }
  const users = times(15, (at): Thing => {
    const parents = [...new Set([oneOf(teams), oneOf(teams)])];

    return { type: 'User', id: `u${at}`, attrs: {}, parents };
  });
  const lists = times(26, (at): TodoList => {
    const attrs = { owner: oneOf(users), readers: oneOf(teams), editors: oneOf(teams) };

    return { type: 'List', id: `l${at}`, attrs, parents: [application] };
  });

  const asked = users.flatMap((principal) => [
    ...ON_APPLICATION.map((action) => ({ principal, action, resource: application, allowed: true })),
    ...lists.flatMap((resource) =>
      ON_LIST.map((action) => {
        return { principal, action, resource, allowed: isAllowed({ principal, action, resource }) };
      }),
    ),
  ]);

  return paperWorkload({
    name: 'bench-tinytodo',
    schema: SCHEMA,
    policies: POLICIES,
    things: [...users, ...teams, ...lists, application],
    questions: asked,
  });
}

function isAllowed({ principal, action, resource }: Asked<TodoList>): boolean {
  const { owner, readers, editors } = resource.attrs;
  if (owner === principal) return true;
  if (BY_READERS.includes(action) && isWithin(principal, readers)) return true;

  return BY_EDITORS.includes(action) && isWithin(principal, editors);
}

const SCHEMA = `entity Application;
entity Team in [Team];
entity User in [Team];
entity List in [Application] { owner: User, readers: Team, editors: Team };
action create_list, browse_lists appliesTo { principal: User, resource: Application };
action keep_list;
action read_list, edit_task, rename_list, share_list, delete_list in [keep_list]
  appliesTo { principal: User, resource: List };
`;

const POLICIES = `@id("anybody") permit(principal, action in [Action::"create_list", Action::"browse_lists"], resource);
@id("owner") permit(principal, action in Action::"keep_list", resource) when { resource.owner == principal };
@id("reader") permit(principal, action == Action::"read_list", resource) when { principal in resource.readers };
@id("editor")
permit(principal, action in [Action::"read_list", Action::"edit_task", Action::"rename_list"], resource)
when { principal in resource.editors };
`;
