import { writeArchive } from '../../../services/bundles/archive.ts';
import { type CompiledBundle, compileBundle } from '../../../services/bundles/compile.ts';
import { bundleDigest } from '../../../services/bundles/digest.ts';
import type { BundleFiles } from '../../../services/bundles/files.ts';
import { loadInWorker } from '../../../services/bundles/worker/load.ts';

/** A bundle in which an agent acts with a level in its context, by these policies. */
export function levelsBundle(version: string, policies: string): BundleFiles {
  const texts = {
    'bundle.yaml': `format_version: 1
name: levels
version: ${version}
description: Acts with a level
owners: [tests]
entity_sources: { Agent: request, Doc: request }
`,
    'schema.cedarschema': `entity Agent;
entity Doc;
action act appliesTo { principal: Agent, resource: Doc, context: { level: Long } };
`,
    'policies.cedar': policies,
  };

  return new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
}

/** Everything is permitted. */
export const PERMIT = '@id("permit") permit(principal, action, resource);\n';

/** A forbid from a level on. */
export function forbidFrom(level: number): string {
  return `@id("from-${level}") forbid(principal, action, resource) when { context.level >= ${level} };\n`;
}

/** A forbid that fails from a level on, because a number overflows. */
export function failFrom(level: number): string {
  return `@id("fail-${level}") forbid(principal, action, resource)
when { context.level >= ${level} && context.level + 9223372036854775807 < 0 };\n`;
}

export async function compileLevels(policies: string, version = '1.0.0'): Promise<CompiledBundle> {
  const files = levelsBundle(version, policies);

  return compileBundle(await loadInWorker(writeArchive(files), bundleDigest(files)));
}
