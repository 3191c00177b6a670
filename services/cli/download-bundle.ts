import { LIMITS } from '../engine/limits.ts';
import { createAdminClient } from './client.ts';

/** The archive of a bundle that a running Palisade has. @throws CliError as the client of administration does. */
export function downloadBundle(digest: string): Promise<Uint8Array> {
  const path = `/v1/bundles/${encodeURIComponent(digest)}/archive`;

  return createAdminClient().download(path, LIMITS.bundle_bytes);
}
