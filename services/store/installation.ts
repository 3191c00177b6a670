import { PdpError } from '../engine/error.ts';
import type { Database } from './database.ts';
import { query } from './pool.ts';

/** What a poll asks first: whether this is the same database as ever, and whether its credentials have changed. */
export interface Identity {
  /** Made once, with the database: a copy of it has the same. */
  readonly installation: string;
  /** Raised by each change of any credential. */
  readonly revision: bigint;
}

/** @throws PdpError `internal` where the rows that every migrated database has are gone. */
export async function databaseIdentity(database: Database): Promise<Identity> {
  const [row] = await query<{ installation: string; revision: string }>(
    database,
    'select i.id as installation, c.revision from installation i cross join credentials_revision c',
  );
  if (row === undefined) throw new PdpError('internal', 'the database has lost its identity');

  return { installation: row.installation, revision: BigInt(row.revision) };
}
