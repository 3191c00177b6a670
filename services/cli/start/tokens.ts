import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { authenticateToken, credentialDirectory } from '../../pdp/credentials.ts';
import { createToken } from '../../pdp/token.ts';
import {
  ADMINISTRATIVE_ROLES,
  ALL_STORES,
  activeCredentials,
  insertCredential,
  type NewCredential,
  revokeCredential,
} from '../../store/credentials.ts';
import type { Pool } from '../../store/database.ts';

/** The credentials that `palisade start` keeps in its folder, by the name that decisions are recorded under. */
const LOCAL_CREDENTIALS = [
  {
    name: 'local-admin',
    file: 'admin.token',
    roles: ADMINISTRATIVE_ROLES,
    stores: [ALL_STORES],
    fullDetail: false,
  },
  { name: 'local-runtime', file: 'runtime.token', roles: ['runtime'], stores: ['default'], fullDetail: true },
] as const;

/**
 * Makes sure that the folder holds tokens that are good in this database: one that is, stays; else a new one is made, and a
 * credential of the same name is revoked, since its token is lost.
 */
export async function keepLocalTokens(pool: Pool, home: string): Promise<void> {
  for (const wanted of LOCAL_CREDENTIALS) {
    const { credentials } = await activeCredentials(pool);
    const path = join(home, wanted.file);
    const present = await readFile(path, 'utf8').catch(() => undefined);
    if (present !== undefined && isGood(credentials, present.trim())) continue;

    const lost = credentials.find(({ name }) => name === wanted.name);
    if (lost !== undefined) await revokeCredential(pool, lost.id);
    const { token, credentialId, secretHash } = createToken();
    await writeSecret(path, token);
    await insertCredential(pool, credentialOf(wanted, credentialId, secretHash));
  }
}

function isGood(credentials: Parameters<typeof credentialDirectory>[0], token: string): boolean {
  try {
    authenticateToken(credentialDirectory(credentials), token, Date.now());

    return true;
  } catch {
    return false;
  }
}

function credentialOf(
  { name, roles, stores, fullDetail }: (typeof LOCAL_CREDENTIALS)[number],
  id: string,
  secretHash: Uint8Array,
): NewCredential {
  return {
    id,
    name,
    roles,
    stores,
    principals: null,
    fullDetail,
    secretHash,
    createdBy: 'palisade start',
    expiresAt: null,
  };
}

/** Whole or not at all, and never readable by others, not even for a moment. */
async function writeSecret(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
