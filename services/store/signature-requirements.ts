import type { Requirement } from '../bundles/signature/judge.ts';
import { verifyingKey } from '../bundles/signature/keys.ts';
import { PdpError } from '../engine/error.ts';
import type { Database } from './database.ts';
import { query } from './pool.ts';

/** What a store requires, since when and by whom. */
export interface StoredRequirement extends Requirement {
  readonly store: string;
  /** Counts from 1 within the store. */
  readonly sequence: bigint;
  readonly proposedBy: string;
  readonly approvedBy: string;
  readonly reason: string;
  readonly createdAt: Date;
}

interface Row extends Omit<StoredRequirement, 'sequence' | 'keys'> {
  readonly sequence: string;
  readonly keys: unknown;
}

const COLUMNS = `store, sequence, threshold, keys, proposed_by as "proposedBy", approved_by as "approvedBy", reason,
  created_at as "createdAt"`;

/**
 * What a store requires; `undefined`: nothing, and never did. A threshold of 0: nothing any more.
 * @throws PdpError `internal` where the row is not one that we write: nothing can be held against it.
 */
export async function currentRequirement(
  database: Database,
  store: string,
): Promise<StoredRequirement | undefined> {
  const [row] = await query<Row>(
    database,
    `select ${COLUMNS} from signature_requirements where store = $1 order by sequence desc limit 1`,
    [store],
  );

  return row === undefined ? undefined : requirementOf(row);
}

/** Sequence of the requirement of each store that ever had one: replicas poll it. */
export async function requirementSequences(database: Database): Promise<ReadonlyMap<string, bigint>> {
  const rows = await query<{ store: string; sequence: string }>(
    database,
    'select store, max(sequence) as sequence from signature_requirements group by store',
  );

  return new Map(rows.map(({ store, sequence }) => [store, BigInt(sequence)]));
}

/** Adds the next requirement of a store, whose lock the caller holds. @returns its sequence. */
export async function insertRequirement(
  database: Database,
  requirement: Omit<StoredRequirement, 'sequence' | 'createdAt'> & { readonly proposal: string },
): Promise<bigint> {
  const { store, threshold, keys, proposal, proposedBy, approvedBy, reason } = requirement;
  const [row] = await query<{ sequence: string }>(
    database,
    `insert into signature_requirements (store, sequence, threshold, keys, proposal, proposed_by, approved_by, reason)
     select $1, coalesce(max(sequence), 0) + 1, $2, $3, $4, $5, $6, $7 from signature_requirements where store = $1
     returning sequence`,
    [store, threshold, keysText(keys), proposal, proposedBy, approvedBy, reason],
  );
  if (row === undefined) throw new PdpError('internal', 'a signature requirement vanished');

  return BigInt(row.sequence);
}

function keysText(keys: Requirement['keys']): string {
  return JSON.stringify(keys.map(({ id, x }) => ({ kid: id, x })));
}

function requirementOf(row: Row): StoredRequirement {
  const keys = Array.isArray(row.keys) ? (row.keys as readonly unknown[]).map(keyOf) : undefined;
  if (keys === undefined) throw damaged(row.store);

  return { ...row, sequence: BigInt(row.sequence), keys };

  function keyOf(stored: unknown) {
    const { x } = (stored ?? {}) as { readonly x?: unknown };
    if (typeof x !== 'string') throw damaged(row.store);

    try {
      // The id is made of the key again: whoever wrote the row cannot have another key by its name.
      return verifyingKey(x);
    } catch (cause) {
      throw damaged(row.store, cause);
    }
  }
}

function damaged(store: string, cause?: unknown): PdpError {
  return new PdpError('internal', `the signature requirement of the store ${store} is damaged`, { cause });
}
