import type { BundleFiles } from '../../../services/bundles/files.ts';
import type { EntityChange } from '../../../services/store/write-entities.ts';

const TEXTS = {
  'bundle.yaml': `format_version: 1
name: people
version: 1.0.0
description: Who may read documents, by what the store knows of people
owners: [bench]
entity_sources: { User: store, Team: store, Doc: request }
`,
  'schema.cedarschema': `entity Team in [Team] { region: String };
entity User in [Team] { level: Long, email: String, department: String, manager?: User } tags String;
entity Doc { department: String };
action read appliesTo { principal: User, resource: Doc, context: { hour: Long } };
`,
  'read.cedar': `@id("own-department")
permit(principal in Team::"everybody", action == Action::"read", resource) when { principal.department == resource.department };

@id("level")
forbid(principal, action == Action::"read", resource) when { principal.level < 3 || context.hour > 20 };

@id("manager")
forbid(principal, action == Action::"read", resource) when { principal has manager && principal.manager.level < 1 };
`,
};

const DEPARTMENTS = 50;
const TEAMS = 500;

/** A bundle whose users and teams are in the store. */
export const PEOPLE_BUNDLE: BundleFiles = new Map(
  Object.entries(TEXTS).map(([path, text]) => [path, Buffer.from(text)]),
);

/** So many entities: teams in departments in one that has them all, and else users, each with a manager. */
export function people(count: number): readonly EntityChange[] {
  const teams = Math.min(TEAMS, count >> 2);
  const departments = Array.from({ length: DEPARTMENTS }, (_, index) =>
    entity('Team', `d${index}`, { region: 'eu' }, ['everybody']),
  );

  return [
    entity('Team', 'everybody', { region: 'eu' }, []),
    ...departments,
    ...Array.from({ length: teams }, (_, index) =>
      entity('Team', `t${index}`, { region: 'eu' }, [`d${index % DEPARTMENTS}`]),
    ),
    ...Array.from({ length: count - teams - DEPARTMENTS - 1 }, (_, index) =>
      entity(
        'User',
        `user-${index}`,
        {
          level: index % 10,
          email: `user-${index}@example.com`,
          department: `department-${index % DEPARTMENTS}`,
          manager: { __entity: { type: 'User', id: `user-${index >> 3}` } },
        },
        [`t${index % teams}`],
        { locale: 'en', cost_center: `cc-${index % 97}` },
      ),
    ),
  ];
}

/** A request of one of the users, and whether it is allowed. */
export function peopleRequest(index: number, users: number) {
  const user = (index * 7_919) % users;
  const level = user % 10;
  const manager = (user >> 3) % 10;
  const department = `department-${(index & 1) === 0 ? user % DEPARTMENTS : DEPARTMENTS}`;

  return {
    principal: { type: 'User', id: `user-${user}` },
    action: { type: 'Action', id: 'read' },
    resource: { type: 'Doc', id: `doc-${index}` },
    context: `{"hour":${index % 20}}`,
    entities: `[{"uid":{"type":"Doc","id":"doc-${index}"},"attrs":{"department":"${department}"},"parents":[]}]`,
    want: (index & 1) === 0 && level >= 3 && manager >= 1 ? 'allow' : 'deny',
  } as const;
}

function entity(
  type: string,
  id: string,
  attrs: object,
  teams: readonly string[],
  tags: object = {},
): EntityChange {
  const uid = { type, id };
  const parents = teams.map((team) => ({ type: 'Team', id: team }));

  return { uid, document: JSON.stringify({ uid, attrs, parents, tags }) };
}
