import type { Changes } from '../bundle-changes.ts';
import { validFile } from '../files-of.ts';

/** A limit of the valid bundle's new action, as bundle.yaml writes it. */
export const SENT =
  '{ name: sent, actions: [\'Action::"send"\'], key: [principal, resource.owner], window: 24h, max: 10, cost: input.amount }';

const SCHEMA = `${validFile('schema.cedarschema')}
type LimitState = { used: Long, remaining: Long, exhausted: Bool };
entity Account { owner: String, nick?: String, labels: Set<String> };
action banking;
action send in [banking] appliesTo {
  principal: User,
  resource: Account,
  context: { input: { amount: Long, fee?: Long, note: String }, pdp: { limits: { sent: LimitState } } }
};
`;

const POLICIES = `@id("send")
permit(principal, action == Action::"send", resource) when { context.pdp.limits.sent.remaining >= 2 };
`;

/** Files that add an action `send`, a policy that looks at its limit, and the limits given. */
export function limited(limits: string = SENT): Changes {
  return {
    'bundle.yaml': `${validFile('bundle.yaml')}limits: [${limits}]\n`,
    'schema.cedarschema': SCHEMA,
    'entities.json': `${validFile('entities.json').trim().slice(0, -1)},
  {"uid": {"type": "Account", "id": "a1"}, "attrs": {"owner": "ann", "labels": []}, "parents": []}]`,
    'send.cedar': POLICIES,
  };
}

/** A test of `send` as tests/*.yaml writes it. */
export function sendTest(used: string, amount: string, want: string): Changes {
  return {
    'tests/send.yaml': `- description: sends
  request:
    principal: User::"a"
    action: Action::"send"
    resource: Account::"a1"
    context: { input: { amount: ${amount}, note: x } }
  entities: [{ uid: { type: User, id: a }, attrs: { level: 1 }, parents: [] }]
  facts: ${used}
  want: ${want}
`,
  };
}
