import { PdpError } from '../engine/error.ts';
import { insertWithin, type NewCredential, raiseRevision } from './credentials.ts';
import type { Client, Database, Pool } from './database.ts';
import { sqlStateOf, toStoreError } from './database-error.ts';
import { assertMigrated, MigrationError } from './migrate.ts';
import { query, withTransaction } from './pool.ts';

/** A credential as people know it. */
export interface NamedCredential {
  readonly id: string;
  readonly name: string;
}

export interface AdminRequest {
  readonly credential: NewCredential;
  /** Whether it is made also where an admin credential is good. */
  readonly force: boolean;
  /** Which of the other admin credentials end with it, expired ones included. */
  readonly revokes: (other: NamedCredential) => boolean;
}

export interface MadeAdmin {
  /** The admin credentials that were good until then, the oldest first. */
  readonly goodBefore: readonly NamedCredential[];
  readonly revoked: readonly NamedCredential[];
  /** The role that logged in to the database. */
  readonly databaseRole: string;
}

/** An admin credential is good: it makes further ones, and nobody else does without force. */
export class AdminExistsError extends PdpError {
  constructor(admins: readonly NamedCredential[]) {
    const names = admins.map(({ id, name }) => `${name} (${id})`).join(', ');
    super('conflict', `an admin credential exists that is neither revoked nor expired: ${names}`);
  }
}

/**
 * Makes an admin credential as the owner of the database. Of several at once, without force, one wins.
 * @param beforeCommit what must be done too, within the transaction; where it fails, nothing is changed.
 * @throws AdminExistsError; PdpError `permission_denied`: not the owner; `unavailable`: no database, or one that is not migrated as this
 * version wants it; `conflict`: an unrevoked credential has that name; what `beforeCommit` throws.
 */
export async function makeAdmin(
  pool: Pool,
  { credential, force, revokes }: AdminRequest,
  beforeCommit: (client: Client, made: MadeAdmin) => Promise<void>,
): Promise<MadeAdmin> {
  return withTransaction(pool, async (client) => {
    await assertOwner(client);
    await assertMigrated(client);
    // Its lock orders everybody who writes credentials: who comes second sees what came first.
    await raiseRevision(client);
    const admins = await unrevokedAdmins(client);
    const goodBefore = admins.filter(({ good }) => good).map(named);
    if (goodBefore.length > 0 && !force) throw new AdminExistsError(goodBefore);

    const revoked = admins.map(named).filter(revokes);
    await revoke(client, revoked);
    await insertWithin(client, credential);
    const made = { goodBefore, revoked, databaseRole: await databaseRole(client) };
    await beforeCommit(client, made);

    return made;
  });
}

/** What the serving role must not be told apart by is its name: whoever may delete credentials owns them. Nothing is deleted. */
async function assertOwner(client: Client): Promise<void> {
  try {
    await client.query('delete from credentials where false');
  } catch (thrown) {
    throw NOT_OWNER[sqlStateOf(thrown) ?? '']?.(thrown) ?? toStoreError(thrown);
  }
}

const NOT_OWNER: Readonly<Record<string, (cause: unknown) => PdpError>> = {
  // insufficient_privilege
  '42501': (cause) =>
    new PdpError(
      'permission_denied',
      'this database role does not own the tables: PALISADE_MIGRATE_DATABASE_URL must be that of the role that runs palisade migrate',
      { cause },
    ),
  // undefined_table
  '42P01': (cause) =>
    new MigrationError('unavailable', 'the database is not migrated: run palisade migrate', { cause }),
};

async function unrevokedAdmins(
  database: Database,
): Promise<(NamedCredential & { readonly good: boolean })[]> {
  return query(
    database,
    `select id, name, expires_at is null or expires_at > now() as good from credentials
     where 'admin' = any (roles) and revoked_at is null order by created_at, id`,
  );
}

function named({ id, name }: NamedCredential): NamedCredential {
  return { id, name };
}

async function revoke(client: Client, credentials: readonly NamedCredential[]): Promise<void> {
  await query(client, 'update credentials set revoked_at = now() where id = any ($1)', [
    credentials.map(({ id }) => id),
  ]);
}

async function databaseRole(database: Database): Promise<string> {
  const [row] = await query<{ role: string }>(database, 'select session_user::text as role');

  return row?.role ?? '';
}
