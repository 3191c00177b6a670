import { createHash } from 'node:crypto';
import { createCedar } from '../../../services/bundles/cedar.ts';
import { compileBundle } from '../../../services/bundles/compile.ts';
import type { BundleFiles } from '../../../services/bundles/files.ts';
import { parseBundle, partsOf } from '../../../services/bundles/parse.ts';
import { createProblems } from '../../../services/bundles/problems.ts';

/** A bundle in which anybody sends, up to some limits; of another name where its content is another. */
export function sendBundle(
  limits: string,
  more: { readonly version?: string; readonly policies?: string; readonly manifest?: string } = {},
): BundleFiles {
  const { version = '1.0.0', policies = '', manifest = '' } = more;
  const texts = {
    'bundle.yaml': `format_version: 1
name: sending-${createHash('sha256')
      .update(version + limits + policies + manifest)
      .digest('hex')
      .slice(0, 12)}
version: ${version}
description: Anybody sends, up to some limits
owners: [tests]
entity_sources: { Sender: bundle, Box: bundle }
limits: [${limits}]
${manifest}`,
    'schema.cedarschema': `type LimitState = { used: Long, remaining: Long, exhausted: Bool };
entity Sender, Box;
action send, look appliesTo { principal: Sender, resource: Box, context: { n: Long } };
action peek appliesTo { principal: Sender, resource: Box, context: { n: Long, pdp: { limits: { sent: LimitState } } } };
`,
    'send.cedar': `@id("anyone")
permit (principal, action in [Action::"send", Action::"look", Action::"peek"], resource);

@id("not-when-exhausted")
@reason("Wait for tomorrow.")
forbid (principal, action == Action::"peek", resource) when { context.pdp.limits.sent.exhausted };
${policies}`,
  };

  return new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
}

/** One limit as bundle.yaml has it, of `send` and `peek`, counted by sender. */
export function sent(max: number, changes: Readonly<Record<string, string>> = {}): string {
  const members = {
    name: 'sent',
    actions: `['Action::"send"', 'Action::"peek"']`,
    key: '[principal]',
    window: '1h',
    max: String(max),
    ...changes,
  };

  return `{ ${Object.entries(members)
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ')} }`;
}

export async function compiled(files: BundleFiles) {
  const parts = partsOf(parseBundle(files, createCedar(), createProblems()), files);
  if (parts === undefined) throw new Error('the bundle does not read');

  return compileBundle(parts);
}
