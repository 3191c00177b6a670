import type { BundleSignature } from '../bundles/signature/jws.ts';
import { PdpError } from '../engine/error.ts';
import { exceedsLimit, LIMITS } from '../engine/limits.ts';
import { getBundle } from './bundles.ts';
import { announceChange } from './changes.ts';
import type { Database, Pool } from './database.ts';
import { lockStore } from './deployments.ts';
import { query, withTransaction } from './pool.ts';

/**
 * Puts a signature beside its bundle. The same text twice is one signature.
 * @param known whether a key that the store requires made it; others are let in up to `bundle_signatures`, since one may sign
 * before a requirement is set.
 * @returns whether it was not there before.
 * @throws PdpError `not_found`: no such store, or no such bundle of it; `precondition_failed`: the bundle has another name; `too_large`.
 */
export async function insertSignature(
  pool: Pool,
  { text, keyId, statement }: BundleSignature,
  { known, createdBy }: { readonly known: boolean; readonly createdBy: string },
): Promise<{ created: boolean }> {
  const { digest, bundle, store } = statement;

  return withTransaction(pool, async (client) => {
    // Whoever holds this lock counts what the others have inserted.
    await lockStore(client, store);
    const { name } = await getBundle(client, digest, [store]);
    if (name !== bundle) {
      throw new PdpError('precondition_failed', `the signature is for ${bundle}, and ${digest} is ${name}`, {
        field: 'signature',
      });
    }

    const inserted = await query(
      client,
      `insert into bundle_signatures (digest, store, key_id, signature, created_by) values ($1, $2, $3, $4, $5)
       on conflict do nothing returning number`,
      [digest, store, keyId, text, createdBy],
    );
    if (inserted.length === 0) return { created: false };

    if (!known && (await countSignatures(client, digest, store)) > LIMITS.bundle_signatures) {
      throw exceedsLimit('bundle_signatures', 'signature');
    }
    await announceChange(client);

    return { created: true };
  });
}

async function countSignatures(database: Database, digest: string, store: string): Promise<number> {
  const [row] = await query<{ count: number }>(
    database,
    'select count(*)::int4 as count from bundle_signatures where digest = $1 and store = $2',
    [digest, store],
  );

  return row?.count ?? 0;
}
