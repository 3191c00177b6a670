import type { Database } from '../database.ts';
import { query } from '../pool.ts';

/** A key of one credential in one store. */
export interface IdempotencyKey {
  readonly store: string;
  /** Of the credential. */
  readonly subject: string;
  readonly key: string;
}

/** What stands under a key. */
export interface KeptKey {
  /** SHA-256 of what was asked first, 64 hex digits. */
  readonly digest: string;
  /** As it was kept; absent: the decision may not be recorded. */
  readonly reply: string | undefined;
}

const FIND = {
  name: 'find_key',
  text: `
  select encode(digest, 'hex') as digest, reply from idempotency_keys
   where store = $1 and subject = $2 and key = $3
     and claimed_at > limit_clock() - $4::float8 * interval '1 millisecond'`,
};

/** @returns `undefined` where nothing stands under the key, or not any more. */
export async function findKey(
  database: Database,
  { store, subject, key }: IdempotencyKey,
  periodMs: number,
): Promise<KeptKey | undefined> {
  const [row] = await query<{ digest: string; reply: string | null }>(database, FIND, [
    store,
    subject,
    key,
    periodMs,
  ]);

  return row === undefined ? undefined : { digest: row.digest, reply: row.reply ?? undefined };
}

/** Keeps the reply of a decision that has a key and is recorded. */
export async function keepReply(database: Database, decisionId: string, reply: string): Promise<void> {
  await query(database, 'select keep_reply($1, $2)', [decisionId, reply]);
}

/** Decisions that were never made: their keys are free again. */
export async function releaseKeys(database: Database, decisionIds: readonly string[]): Promise<void> {
  await query(database, 'select release_keys($1)', [decisionIds]);
}
