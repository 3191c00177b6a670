import type { BundleFiles } from '../../../services/bundles/files.ts';
import type { ServerProcess, ServerWorld } from '../../support/server.ts';

const SCHEMA = `
entity Agent;
entity Doc;
type Asked = { input: { size: Long, label: String } };
action read appliesTo { principal: Agent, resource: Doc, context: Asked };
`;
const WRITE = 'action write appliesTo { principal: Agent, resource: Doc, context: Asked };\n';

/** A bundle of the line that the log is replayed by. */
export function docsBundle(version: string, policies: string, { write = true } = {}): BundleFiles {
  const texts = {
    'bundle.yaml': `format_version: 1
name: replayed
version: ${version}
description: Agents read and write documents
owners: [tests]
entity_sources: { Agent: request, Doc: request }
record: { allow: [input.label] }
`,
    'schema.cedarschema': write ? SCHEMA + WRITE : SCHEMA,
    'policies.cedar': policies,
  };

  return new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
}

const ANYTHING = '@id("anything") permit(principal, action, resource);\n';

/** What ran first, and what then. */
export const FIRST = docsBundle('1.0.0', ANYTHING);
export const SECOND = docsBundle('1.1.0', withoutSecrets());
/** The same policies under another version. */
export const UNPUSHED = docsBundle('4.0.0', withoutSecrets());

function withoutSecrets(): string {
  return `${ANYTHING}@id("no-secrets") forbid(principal, action == Action::"read", resource) when { context.input.label == "secret" };`;
}

/** Forbids large reads, fails on one size, and no longer minds secrets. */
export const CANDIDATE = docsBundle(
  '2.0.0',
  `${ANYTHING}
@id("no-large") forbid(principal, action == Action::"read", resource) when { context.input.size > 150 };
@id("may-fail") forbid(principal, action == Action::"read", resource)
when { context.input.size == 7 && context.input.size * 9223372036854775807 > 0 };`,
);

/** The same as the second, but for the action `write`, which it does not have. */
export const WITHOUT_WRITE = docsBundle('3.0.0', ANYTHING, { write: false });

/** A name that a terminal and a browser would obey. */
export const HOSTILE_NAME = '\u001b[2J</td><script>alert(1)</script>\u202e"';

/** Requests under each of the two bundles. */
export const REQUESTS = 600;
/** Calls among them that fit no schema and end in an error. */
export const ERRORS = 3;

/** What is asked, by its number. */
export function requestAt(index: number) {
  const writes = index % 20 === 19;

  return {
    action: writes ? 'write' : 'read',
    size: index % 200,
    label: index % 10 === 0 ? 'secret' : 'plain',
    principal: writes ? HOSTILE_NAME : `agent-${index % 7}`,
  };
}

/** What {@link CANDIDATE} would flip, counted by what its policies say in words. */
export function expectedFlips() {
  const counts = { all: 0, allow_to_deny: 0, deny_to_allow: 0, to_policy_error: 0, otherwise: 0 };
  for (const phase of [1, 2]) {
    for (let index = 0; index < REQUESTS; index += 1) {
      const { action, size, label } = requestAt(index);
      const reads = action === 'read';
      const before = phase === 2 && reads && label === 'secret' ? 'deny' : 'allow';
      const fails = reads && size === 7;
      const after = reads && size > 150 ? 'deny' : fails ? 'policy_error' : 'allow';
      if (before !== after) counts.all += 1;
      if (before === 'allow' && after !== 'allow') counts.allow_to_deny += 1;
      if (before === 'deny' && after === 'allow') counts.deny_to_allow += 1;
      if (after === 'policy_error') counts.to_policy_error += 1;
      if (before === 'deny' && after === 'deny') counts.otherwise += 1;
    }
  }

  return counts;
}

/** Asks everything of one phase, in batches. */
export async function askAll(world: ServerWorld, { addresses }: ServerProcess): Promise<void> {
  const questions = Array.from({ length: REQUESTS }, (_, index) => questionAt(index));
  const wrong = Array.from({ length: ERRORS }, () => ({
    ...questionAt(0),
    action: { type: 'Action', id: 'gone' },
  }));
  const all = [...questions, ...wrong];
  for (let start = 0; start < all.length; start += 500) {
    const response = await fetch(`http://${addresses.rest}/v1/authorize/batch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.runtimeToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ requests: all.slice(start, start + 500) }),
    });
    if (!response.ok) throw new Error(await response.text());
  }
}

function questionAt(index: number) {
  const { action, size, label, principal } = requestAt(index);

  return {
    principal: { type: 'Agent', id: principal },
    action: { type: 'Action', id: action },
    resource: { type: 'Doc', id: 'd' },
    context: { input: { size, label } },
    run: { run_id: `run-${index % 5}`, step: index },
  };
}
