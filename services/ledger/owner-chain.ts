import type { Client } from '../store/database.ts';
import { lastOfChain } from '../store/decisions.ts';
import { insertDecisions } from '../store/insert-decisions.ts';
import { databaseIdentity } from '../store/installation.ts';
import { genesis, linkedText, recordHash } from './chain.ts';
import { columnsOf } from './columns.ts';
import type { RecordEntry } from './record.ts';
import { recordHead } from './record-text.ts';

/** Names the owner of the database in records, where a serving process would stand. */
export const OWNER_PROCESS_ID = 'palisade-owner';

/**
 * Records what the owner of the database does there, in the transaction that does it, without a spool: both are committed, or neither is.
 * All such records of an installation are one chain.
 * @param client within a transaction that orders everybody who calls this, or the chain forks.
 * @throws PdpError as `toStoreError` says; then nothing may be committed.
 */
export async function appendAsOwner(client: Client, entry: RecordEntry): Promise<void> {
  const { installation } = await databaseIdentity(client);
  const owner = { process_id: OWNER_PROCESS_ID, boot_id: installation };
  const last = await lastOfChain(client, owner);
  const at = last === undefined ? genesis(owner) : { seq: last.seq + 1, prevHash: recordHash(last.record) };
  const record = linkedText(recordHead(entry, null), owner, at);

  await insertDecisions(client, [{ ...columnsOf(record), record }]);
}
