import { createHash } from 'node:crypto';
import type { BundleFiles } from '../../../services/bundles/files.ts';

/** What of the bundle in which people approve payments is other. */
export interface PayChanges {
  /** Stands in the place of the one policy that asks. */
  readonly asking?: string;
  readonly policies?: string;
  readonly schema?: (text: string) => string;
  readonly manifest?: (text: string) => string;
}

/** One payment an hour. */
export const LIMITED: PayChanges = {
  manifest: (text) =>
    `${text}limits: [{ name: paid, actions: ['Action::"pay"'], key: [principal], window: 1h, max: 1 }]\n`,
};

/** The same, and policies may look at what is used of it. */
export const LOOKING: PayChanges = {
  ...LIMITED,
  schema: (text) =>
    text.replace(
      'pdp: { approval?: Approval }',
      'pdp: { approval?: Approval, limits: { paid: { used: Long, remaining: Long, exhausted: Bool } } }',
    ),
};

/** The annotations and the head of the policy that asks, and how it must end. */
export const ASKING = `@id("large-payments")
@approval("Group::\\"finance\\"")
@approval_ttl("10m")
@severity("high")
@reason("A payment over 100 needs somebody of finance.")
forbid (principal, action == Action::"pay", resource)
when { context.input.amount > 100 }
unless { context.pdp has approval };`;

const SCHEMA = `type Approval = { by: Set<String>, at: datetime, count: Long };
entity Group;
entity User in [Group];
entity Bot { owner?: User, owners?: Set<User> };
entity Account;
action pay appliesTo {
  principal: [Bot, User],
  resource: Account,
  context: { input: { amount: Long, note?: String, pin?: String }, pdp: { approval?: Approval } }
};
action look appliesTo { principal: [Bot, User], resource: Account, context: {} };
`;

const POLICIES = `@id("anyone")
permit (principal, action, resource);

@id("not-to-the-moon")
forbid (principal, action == Action::"pay", resource == Account::"moon");
`;

const MEMBERS = { finance: ['fay', 'gil', 'bob'], legal: ['lea', 'gil'] } as const;

/** People of two groups, and the agents of one of them. */
const ENTITIES = [
  ...['fay', 'gil', 'bob', 'lea', 'eve'].map((id) => ({
    uid: { type: 'User', id },
    attrs: {},
    parents: Object.entries(MEMBERS)
      .filter(([, members]) => (members as readonly string[]).includes(id))
      .map(([group]) => ({ type: 'Group', id: group })),
  })),
  { uid: { type: 'Bot', id: 'bot' }, attrs: {}, parents: [] },
  {
    uid: { type: 'Bot', id: 'gils' },
    attrs: { owner: { __entity: { type: 'User', id: 'gil' } } },
    parents: [],
  },
  {
    uid: { type: 'Bot', id: 'shared' },
    attrs: { owners: [{ __entity: { type: 'User', id: 'gil' } }, { __entity: { type: 'User', id: 'bob' } }] },
    parents: [],
  },
];

/** A bundle in which agents pay, over 100 with an approval; of another name where its content is another. */
export function payBundle(changes: PayChanges = {}): BundleFiles {
  const { asking = ASKING, policies = '', schema = same, manifest = same } = changes;
  const content = [asking, policies, schema(SCHEMA), manifest('')].join('\n');
  const texts = {
    'bundle.yaml': manifest(`format_version: 1
name: paying-${createHash('sha256').update(content).digest('hex').slice(0, 12)}
version: 1.0.0
description: Agents pay, and people approve what is large
owners: [tests]
entity_sources: { Bot: bundle, User: bundle, Group: bundle, Account: bundle }
`),
    'schema.cedarschema': schema(SCHEMA),
    'pay.cedar': `${POLICIES}\n${asking}\n${policies}`,
    'entities.json': JSON.stringify(ENTITIES),
  };

  return new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
}

function same(text: string): string {
  return text;
}
