import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { BundleFiles } from './files.ts';

/** The bundle format that this version writes and reads. */
export const FORMAT_VERSION = 1;

/** `sha256:` and 64 lower-case hex digits. */
export const DIGEST_PATTERN = /^sha256:[0-9a-f]{64}$/;

/**
 * The identity of a bundle: SHA-256 over the RFC 8785 form of `{format_version, files: {path: sha256 as hex}}`, bytes of
 * the files as they are. An archive's own bytes do not matter, so that any gzip makes the same bundle.
 */
export function bundleDigest(files: BundleFiles): string {
  const hashes = Object.fromEntries([...files].map(([path, bytes]) => [path, sha256(bytes)]));
  const canonical = canonicalize({ format_version: FORMAT_VERSION, files: hashes });
  if (canonical === undefined) throw new Error('an object has a canonical form');

  return `sha256:${sha256(canonical)}`;
}

function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}
