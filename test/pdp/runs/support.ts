import { createHash } from 'node:crypto';
import type { BundleFiles } from '../../../services/bundles/files.ts';

/** Who acts in the runs of tests. */
export const BOT = { type: 'Bot', id: 'b' };

/**
 * A bundle for a coding agent: it may read files and run tests, post only in a run that has read no secret, deploy only after tests
 * within the hour, and spend up to 10 in each run. Of another name where its content is another.
 */
export function agentBundle(
  more: { readonly manifest?: string; readonly policies?: string; readonly schema?: string } = {},
): BundleFiles {
  const { manifest = '', policies = '', schema = '' } = more;
  const name = createHash('sha256').update(JSON.stringify(more)).digest('hex').slice(0, 12);
  const texts = {
    'bundle.yaml': `format_version: 1
name: agent-${name}
version: 1.0.0
description: What an agent may do in one run
owners: [tests]
entity_sources: { Bot: bundle, File: bundle, Site: bundle }
labels:
  takes:
    'Action::"read"': [resource.labels]
    'Action::"receive"': [context.input.label]
limits:
  - { name: spent, actions: ['Action::"spend"'], key: [run], lifetime: run, max: 10, cost: input.amount }
  - { name: spent_in_an_hour, actions: ['Action::"spend"'], key: [principal, run], window: 1h, max: 12, cost: input.amount }
${manifest}`,
    'schema.cedarschema': `type RunAction = { count: Long, last: datetime };
entity Bot, Site;
entity File { labels: Set<String> };
action read appliesTo { principal: Bot, resource: File };
action receive appliesTo { principal: Bot, resource: Site, context: { input: { label: String } } };
action post appliesTo { principal: Bot, resource: Site, context: { pdp: { run: { labels: Set<String> } } } };
action run_tests appliesTo { principal: Bot, resource: Site };
action deploy appliesTo {
  principal: Bot,
  resource: Site,
  context: { pdp: { now: datetime, run: { actions: { run_tests?: RunAction, deploy?: RunAction } } } }
};
action spend appliesTo { principal: Bot, resource: Site, context: { input: { amount: Long } } };
action look appliesTo { principal: Bot, resource: Site };
${schema}`,
    'entities.json': JSON.stringify([
      { uid: { type: 'File', id: 'readme' }, attrs: { labels: ['public'] }, parents: [] },
      { uid: { type: 'File', id: 'keys' }, attrs: { labels: ['secret'] }, parents: [] },
      { uid: { type: 'File', id: 'odd' }, attrs: { labels: ['public', 'sekret'] }, parents: [] },
    ]),
    'agent.cedar': `@id("anything")
permit (principal, action, resource);

@id("no-secrets-outside")
@reason("This run has read secrets, so it may not post.")
forbid (principal, action == Action::"post", resource)
when { context.pdp.run.labels.contains("secret") };

@id("tests-first")
@reason("Run the tests first.")
forbid (principal, action == Action::"deploy", resource)
unless {
  context.pdp.run.actions has run_tests &&
  context.pdp.now.durationSince(context.pdp.run.actions.run_tests.last) <= duration("1h")
};

@id("one-deployment")
@reason("One deployment in each run.")
forbid (principal, action == Action::"deploy", resource)
when { context.pdp.run.actions has deploy };
${policies}`,
  };

  return new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
}
