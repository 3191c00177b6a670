import { filesOf } from '../files-of.ts';

/** The small bundle's manifest with another version, and so of another digest. */
export function manifestOfVersion(version: string): { readonly 'bundle.yaml': string } {
  const manifest = String(Buffer.from(filesOf().get('bundle.yaml') ?? []));

  return { 'bundle.yaml': manifest.replace('version: 1.0.0', `version: ${version}`) };
}
