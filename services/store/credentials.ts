import { PdpError } from '../engine/error.ts';
import { announceChange } from './changes.ts';
import type { Client, Database, Pool } from './database.ts';
import { query, withTransaction } from './pool.ts';

/** A principal type, and the ids of it that a credential may assert; no ids: all of the type. */
export interface CredentialPrincipal {
  readonly type: string;
  readonly ids?: readonly string[] | undefined;
}

/** What a credential may be for; the built-in bundle `system` says what each may do. `runtime` stands alone. */
export const ROLES = ['runtime', 'author', 'reviewer', 'approver', 'operator', 'auditor', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** All that administer: what the first credential holds. */
export const ADMINISTRATIVE_ROLES = [
  'author',
  'reviewer',
  'approver',
  'operator',
  'auditor',
  'admin',
] as const satisfies readonly Role[];

/** Stands among an administrative credential's stores for all of them, those to come included. */
export const ALL_STORES = '*';

/** The author of what happens by itself: no person can go by it. */
export const RESERVED_NAME = 'palisade';

/** The subject of whoever calls without a credential. Runs and approvals are told apart by subject, so no credential can go by it. */
export const ANONYMOUS_SUBJECT = 'anonymous';

/** A name that is no file path, option or pattern by mistake, and has one spelling. */
export const CREDENTIAL_NAME = /^[A-Za-z0-9][A-Za-z0-9._@/-]{0,127}$/;

/** What {@link CREDENTIAL_NAME} lets through, for people. */
export const CREDENTIAL_NAME_RULE = 'is letters, digits and . _ @ / -';

export interface NewCredential {
  /** Public part of the token, where there is one. */
  readonly id: string;
  /** The subject that decision records name. */
  readonly name: string;
  readonly roles: readonly Role[];
  readonly stores: readonly string[];
  /** `null`: any principal. */
  readonly principals: readonly CredentialPrincipal[] | null;
  /** Whether it may ask for `detail: FULL`. */
  readonly fullDetail: boolean;
  /** SHA-256 of the token's secret, 32 bytes; `null`: a client certificate proves it. */
  readonly secretHash: Uint8Array | null;
  /** `URI:…` or `DNS:…`: the name in the certificate that proves it; absent or `null`: a token does. */
  readonly certificateSan?: string | null;
  /** SHA-256 of the only public key (SubjectPublicKeyInfo, DER) that such a certificate may have; absent or `null`: any. */
  readonly certificateKey?: Uint8Array | null;
  readonly createdBy: string;
  /** `null`: never. */
  readonly expiresAt: Date | null;
  /** Requests a second, together with `burst`; absent or `null`: the server's default. */
  readonly ratePerSecond?: number | null;
  /** Requests at once. */
  readonly burst?: number | null;
}

/** What may be shown of a credential: all but its hash. */
export interface CredentialInfo extends Omit<NewCredential, 'secretHash'> {
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

/** What a replica needs for checking a token or a certificate without the database. */
export interface ActiveCredential extends CredentialInfo {
  readonly secretHash: Uint8Array | null;
}

const COLUMNS = `id, name, roles, stores, principals, full_detail as "fullDetail", created_at as "createdAt",
  created_by as "createdBy", expires_at as "expiresAt", revoked_at as "revokedAt",
  rate_per_second as "ratePerSecond", burst, certificate_san as "certificateSan", certificate_key as "certificateKey"`;

/**
 * Stores a credential.
 * @throws PdpError `conflict`: an unrevoked one has that name, or that name in its certificates; `not_found`: one of its stores does not exist.
 */
export async function insertCredential(pool: Pool, credential: NewCredential): Promise<void> {
  await withTransaction(pool, async (client) => {
    await raiseRevision(client);
    await insertWithin(client, credential);
  });
}

/** All credentials, revoked and expired ones too, newest first. */
export async function listCredentials(database: Database): Promise<CredentialInfo[]> {
  return query<CredentialInfo>(database, `select ${COLUMNS} from credentials order by created_at desc, id`);
}

/**
 * Revokes a credential for good; revoking it twice is fine, and the first time stays.
 * @throws PdpError `not_found`.
 */
export async function revokeCredential(pool: Pool, id: string): Promise<void> {
  await withTransaction(pool, async (client) => {
    // Before the revision's lock, which its holder may have been waiting for.
    const revoked = await query(
      client,
      'update credentials set revoked_at = coalesce(revoked_at, now()) where id = $1 returning id',
      [id],
    );
    if (revoked.length === 0)
      throw new PdpError('not_found', `there is no credential ${id}`, { field: 'id' });
    await raiseRevision(client);
  });
}

/**
 * Every credential that is not revoked, with the revision at which it was so; both of one moment.
 * Whether one has expired changes with time alone: that is asked where it is used.
 */
export async function activeCredentials(
  database: Database,
): Promise<{ revision: bigint; credentials: readonly ActiveCredential[] }> {
  const rows = await query<ActiveCredential & { revision: string }>(
    database,
    `select revision, ${COLUMNS}, secret_hash as "secretHash"
     from credentials_revision left join credentials on revoked_at is null
     order by id`,
  );
  // The revision comes also where no credential does, with nothing beside it.
  const credentials = rows
    .filter(({ id }) => id !== null)
    .map(({ revision: _, ...credential }) => credential);

  return { revision: BigInt(rows[0]?.revision ?? 0), credentials };
}

/** One text for every cause, so that nothing is learned from it. */
export function unknownCredential(): PdpError {
  return new PdpError('unauthenticated', 'this credential is unknown, revoked or expired');
}

/** Orders all writers of credentials, and wakes those who hold copies: before anything that they add. */
export async function raiseRevision(client: Client): Promise<void> {
  await query(client, 'update credentials_revision set revision = revision + 1');
  await announceChange(client);
}

/**
 * Stores a credential within a transaction that has raised the revision.
 * @throws PdpError as {@link insertCredential} says.
 */
export async function insertWithin(client: Client, credential: NewCredential): Promise<void> {
  if (credential.name === RESERVED_NAME) {
    throw new PdpError('invalid_request', `${RESERVED_NAME} is the author of what limits change`, {
      field: 'name',
    });
  }
  if (credential.name === ANONYMOUS_SUBJECT) {
    throw new PdpError('invalid_request', `${ANONYMOUS_SUBJECT} is who calls without a credential`, {
      field: 'name',
    });
  }

  if (!CREDENTIAL_NAME.test(credential.name)) {
    throw new PdpError('invalid_request', `the name ${CREDENTIAL_NAME_RULE}, at most 128`, { field: 'name' });
  }

  const everywhere = !credential.roles.includes('runtime') && credential.stores.includes(ALL_STORES);
  if (!everywhere) await requireStores(client, credential.stores);
  const inserted = await query(
    client,
    `insert into credentials (id, name, roles, stores, principals, full_detail, secret_hash, created_by, expires_at,
       rate_per_second, burst, certificate_san, certificate_key)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict do nothing
     returning id`,
    [
      credential.id,
      credential.name,
      credential.roles,
      credential.stores,
      credential.principals === null ? null : JSON.stringify(credential.principals),
      credential.fullDetail,
      credential.secretHash,
      credential.createdBy,
      credential.expiresAt,
      credential.ratePerSecond ?? null,
      credential.burst ?? null,
      credential.certificateSan ?? null,
      credential.certificateKey ?? null,
    ],
  );
  if (inserted.length === 0) throw await conflictOf(client, credential);
}

async function conflictOf(client: Client, { name, certificateSan }: NewCredential): Promise<PdpError> {
  const named = await query(client, 'select from credentials where name = $1 and revoked_at is null', [name]);
  if (named.length > 0 || certificateSan == null) {
    return new PdpError(
      'conflict',
      `a credential named ${name} is in use: revoke it first, or choose another name`,
      { field: 'name' },
    );
  }

  return new PdpError(
    'conflict',
    `a credential for certificates of ${certificateSan} is in use: revoke it first`,
    { field: 'certificate.san' },
  );
}

async function requireStores(client: Client, stores: readonly string[]): Promise<void> {
  const rows = await query<{ name: string }>(client, 'select name from stores where name = any($1)', [
    stores,
  ]);
  const known = new Set(rows.map(({ name }) => name));
  const missing = stores.find((store) => !known.has(store));
  if (missing !== undefined)
    throw new PdpError('not_found', `there is no store ${missing}`, { field: 'stores' });
}
