import { getBundle } from './bundles.ts';
import type { Database } from './database.ts';
import { query } from './pool.ts';

/** A signature beside a bundle, as it was pushed. Whether it counts is judged where it is used. */
export interface StoredSignature {
  readonly store: string;
  /** The key that it names. */
  readonly keyId: string;
  /** The JWS. */
  readonly text: string;
  readonly createdAt: Date;
  /** The subject whose credential pushed it. */
  readonly createdBy: string;
}

/** Signatures that are listed, newest first. */
const LISTED = 200;
/** Signatures of each key that are looked at, newest first: verifying one for the first time takes part of a millisecond of the thread that decides. */
const LOOKED_AT = 4;

const COLUMNS =
  'store, key_id as "keyId", signature as text, created_at as "createdAt", created_by as "createdBy"';

/**
 * The newest signatures of a bundle, newest first.
 * @param stores those that may be seen; `all`: any.
 * @throws PdpError `not_found`: no such bundle.
 */
export async function listSignatures(
  database: Database,
  digest: string,
  stores: readonly string[] | 'all',
): Promise<StoredSignature[]> {
  await getBundle(database, digest);

  return query<StoredSignature>(
    database,
    `select ${COLUMNS} from bundle_signatures
     where digest = $1 and ($2::text[] is null or store = any($2)) order by number desc limit ${LISTED}`,
    [digest, stores === 'all' ? null : stores],
  );
}

/** Texts of the newest signatures of a bundle that claim to be by these keys for this store, a few of each. */
export async function signaturesBy(
  database: Database,
  { digest, store }: { readonly digest: string; readonly store: string },
  keyIds: readonly string[],
): Promise<string[]> {
  const rows = await query<{ signature: string }>(
    database,
    `select signature from (
       select signature, row_number() over (partition by key_id order by number desc) as place
       from bundle_signatures where digest = $1 and store = $2 and key_id = any($3)
     ) as newest where place <= ${LOOKED_AT}`,
    [digest, store, keyIds],
  );

  return rows.map(({ signature }) => signature);
}
