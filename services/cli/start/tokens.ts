import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { authenticateToken, credentialDirectory } from '../../pdp/credentials.ts';
import { createToken } from '../../pdp/token.ts';
import { activeCredentials, insertCredential, revokeCredential } from '../../store/credentials.ts';
import type { Pool } from '../../store/database.ts';
import { AdminExistsError } from '../../store/make-admin.ts';
import { CliError } from '../errors.ts';
import { recordedAdmin } from '../make-admin.ts';

/** Names of the credentials that `palisade start` keeps in its folder: decisions are recorded under them. */
const ADMIN = 'local-admin';
const RUNTIME = 'local-runtime';

/**
 * Makes sure that the folder holds tokens that are good in this database: one that is, stays; else a new one is made, and a
 * credential of the same name is revoked, since its token is lost.
 * @param own whether the database is that of this folder. In another's no admin is made where one is good.
 * @throws CliError where an admin is good there, with what to do.
 */
export async function keepLocalTokens(pool: Pool, home: string, own: boolean): Promise<void> {
  await keepToken(pool, join(home, 'admin.token'), (path) => makeLocalAdmin(pool, path, own));
  await keepToken(pool, join(home, 'runtime.token'), (path) => makeLocalRuntime(pool, path));
}

async function keepToken(pool: Pool, path: string, makeAnew: (path: string) => Promise<void>): Promise<void> {
  const present = await readFile(path, 'utf8').catch(() => undefined);
  const { credentials } = await activeCredentials(pool);
  if (present === undefined || !isGood(credentials, present.trim())) await makeAnew(path);
}

async function makeLocalAdmin(pool: Pool, path: string, own: boolean): Promise<void> {
  try {
    await recordedAdmin(pool, {
      maker: 'start',
      name: ADMIN,
      reason: `${path} holds no token that is good`,
      force: own,
      revokes: ({ name }) => name === ADMIN,
      keep: (token) => writeSecret(path, token),
    });
  } catch (thrown) {
    if (!(thrown instanceof AdminExistsError)) throw thrown;

    throw new CliError(
      `${thrown.message}\nPut its token into ${path}, or take that file away and make one: palisade recover NAME --reason TEXT --force --token-file ${path}`,
    );
  }
}

async function makeLocalRuntime(pool: Pool, path: string): Promise<void> {
  const { credentials } = await activeCredentials(pool);
  const lost = credentials.find(({ name }) => name === RUNTIME);
  if (lost !== undefined) await revokeCredential(pool, lost.id);
  const { token, credentialId, secretHash } = createToken();
  await writeSecret(path, token);
  await insertCredential(pool, {
    id: credentialId,
    name: RUNTIME,
    roles: ['runtime'],
    stores: ['default'],
    principals: null,
    fullDetail: true,
    secretHash,
    createdBy: 'palisade start',
    expiresAt: null,
  });
}

function isGood(credentials: Parameters<typeof credentialDirectory>[0], token: string): boolean {
  try {
    authenticateToken(credentialDirectory(credentials), token, Date.now());

    return true;
  } catch {
    return false;
  }
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
