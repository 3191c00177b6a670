import { appendAsOwner } from '../ledger/owner-chain.ts';
import { automatic, changeEntry, NOT_DEPLOYED, newRecordId } from '../pdp/change-record.ts';
import { createToken } from '../pdp/token.ts';
import { ADMINISTRATIVE_ROLES, ALL_STORES } from '../store/credentials.ts';
import type { Pool } from '../store/database.ts';
import { isAway } from '../store/database-error.ts';
import { type AdminRequest, type MadeAdmin, makeAdmin } from '../store/make-admin.ts';
import { createPool } from '../store/pool.ts';
import { CliError } from './errors.ts';
import { migrationConnection } from './migration-role.ts';

/** How an admin is made, as records have it, and by which command: no credential's name has a space, so nobody passes for one. */
const MAKERS = {
  bootstrap: 'palisade token create --bootstrap',
  recover: 'palisade recover',
  start: 'palisade start',
} as const;

export type AdminMaker = keyof typeof MAKERS;

export interface WantedAdmin extends Omit<AdminRequest, 'credential'> {
  readonly maker: AdminMaker;
  readonly name: string;
  readonly reason: string;
  /** Keeps the token before the credential is committed: none is made whose token is lost. */
  readonly keep?: (token: string) => Promise<void>;
}

export interface NewAdmin extends MadeAdmin {
  readonly id: string;
  readonly token: string;
  /** Of the record that tells of it. */
  readonly recordId: string;
}

/**
 * Makes an admin credential for all stores with all that administer, and in the same transaction the record that tells of it.
 * @throws PdpError as `makeAdmin` says; CliError where it is not known whether it was committed.
 */
export async function recordedAdmin(
  pool: Pool,
  { maker, name, reason, keep, ...request }: WantedAdmin,
): Promise<NewAdmin> {
  const { token, credentialId: id, secretHash } = createToken();
  const recordId = newRecordId(Date.now());
  const author = MAKERS[maker];
  const credential = {
    id,
    name,
    roles: ADMINISTRATIVE_ROLES,
    stores: [ALL_STORES],
    principals: null,
    fullDetail: false,
    secretHash,
    createdBy: author,
    expiresAt: null,
  };
  let committing = false;

  try {
    const made = await makeAdmin(pool, { ...request, credential }, async (client, made) => {
      const { goodBefore, revoked, databaseRole } = made;
      const entry = changeEntry(automatic(author), recordId, {
        ...NOT_DEPLOYED,
        ...{ store: null, action: maker, author, reason },
        admin: {
          credential: { id, name },
          database_role: databaseRole,
          good_before: goodBefore.map((one) => ({ ...one })),
          revoked: revoked.map((one) => ({ ...one })),
        },
      });
      await appendAsOwner(client, entry);
      await keep?.(token);
      committing = true;
    });

    return { ...made, id, token, recordId };
  } catch (thrown) {
    if (!committing) throw thrown;

    throw new CliError(
      `PostgreSQL did not confirm the credential ${name} (${id}): whether it was made, palisade token list will show`,
    );
  }
}

/**
 * The same in the database of PALISADE_MIGRATE_DATABASE_URL.
 * @throws CliError where no database answers there; else as {@link recordedAdmin}.
 */
export async function recordedAdminAsOwner(wanted: WantedAdmin): Promise<NewAdmin> {
  const pool = createPool({
    connection: migrationConnection(),
    applicationName: `palisade ${wanted.maker}`,
    max: 1,
  });
  try {
    return await recordedAdmin(pool, wanted);
  } catch (thrown) {
    if (!isAway(thrown)) throw thrown;

    const why = thrown instanceof Error && thrown.cause instanceof Error ? `: ${thrown.cause.message}` : '';
    throw new CliError(
      `no database answers at PALISADE_MIGRATE_DATABASE_URL; nothing was changed. Bring PostgreSQL back first${why}`,
    );
  } finally {
    await pool.end();
  }
}
