import { writeArchive } from '../../../services/bundles/archive.ts';
import { type CompiledBundle, compileBundle } from '../../../services/bundles/compile.ts';
import { bundleDigest } from '../../../services/bundles/digest.ts';
import type { BundleFiles } from '../../../services/bundles/files.ts';
import { loadInWorker } from '../../../services/bundles/worker/load.ts';

/** A bundle in which agents may read documents; its version tells one from another. */
export function bundleFiles(version = '1.0.0'): BundleFiles {
  const texts = {
    'bundle.yaml': `format_version: 1
name: docs
version: ${version}
description: Agents read documents
owners: [tests]
entity_sources: { Agent: request, Doc: request }
`,
    'schema.cedarschema':
      'entity Agent; entity Doc; action read appliesTo { principal: Agent, resource: Doc };',
    'read.cedar': '@id("agents-read") permit(principal is Agent, action == Action::"read", resource is Doc);',
  };

  return new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
}

const compiled = new Map<string, Promise<CompiledBundle>>();

/** The same ready to decide. */
export function compiledBundle(version = '1.0.0'): Promise<CompiledBundle> {
  const known = compiled.get(version) ?? compile(bundleFiles(version));
  compiled.set(version, known);

  return known;
}

/** Files of a bundle ready to decide; its rules of reading are checked, and no more. */
export async function compile(files: BundleFiles): Promise<CompiledBundle> {
  return compileBundle(await loadInWorker(writeArchive(files), bundleDigest(files)));
}
