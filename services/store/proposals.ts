import { PdpError } from '../engine/error.ts';
import type { Client, Database, Pool } from './database.ts';
import { query, withTransaction } from './pool.ts';

/** A change that one person proposed and another one decides on. */
export interface Proposal {
  readonly id: string;
  /** What is proposed, such as `deployment`: whoever applies it reads the payload by that. */
  readonly kind: string;
  readonly store: string;
  /** Plain JSON, as it was proposed. */
  readonly payload: unknown;
  /** A subject, as are those below. */
  readonly proposedBy: string;
  readonly reason: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  /** `null`: it is open, unless it has expired. */
  readonly outcome: 'approved' | 'rejected' | null;
}

/** `payload` is JSON that `JSON.stringify` writes: 64-bit integers stand in it as text. */
export type NewProposal = Pick<Proposal, 'kind' | 'store' | 'payload' | 'proposedBy' | 'reason'> & {
  /** Milliseconds until nobody can approve it any more; three days if absent. */
  readonly lifetimeMs?: number;
};

/** What is to happen within the approving transaction. Throwing leaves the proposal open and the state as it was. */
export type Apply<Result> = (client: Client, proposal: Proposal) => Promise<Result>;

const LIFETIME_MS = 3 * 24 * 60 * 60 * 1_000;

const COLUMNS = `id, kind, store, payload, proposed_by as "proposedBy", reason, created_at as "createdAt",
  expires_at as "expiresAt", decided_by as "decidedBy", decided_at as "decidedAt", outcome`;

/** @throws PdpError `invalid_request` where there is no such store. */
export async function propose(database: Database, proposal: NewProposal): Promise<Proposal> {
  const { kind, store, payload, proposedBy, reason, lifetimeMs = LIFETIME_MS } = proposal;
  const [row] = await query<Proposal>(
    database,
    `insert into proposals (kind, store, payload, proposed_by, reason, expires_at)
     values ($1, $2, $3, $4, $5, now() + $6 * interval '1 millisecond') returning ${COLUMNS}`,
    [kind, store, JSON.stringify(payload), proposedBy, reason, lifetimeMs],
  );
  if (row === undefined) throw new PdpError('internal', 'a proposal vanished');

  return row;
}

/**
 * Approves a proposal and applies it, in one transaction. What the proposal rests on may have changed since: `apply` checks again.
 * @param stores those that the approver may change; `all`: any.
 * @throws PdpError `not_found`; `permission_denied` where the approver proposed it, or may be the same
 * person by a credential that one of the two made; `conflict` where it is decided or has expired; what
 * `apply` throws.
 */
export async function approveProposal<Result>(
  pool: Pool,
  id: string,
  approver: string,
  stores: readonly string[] | 'all',
  apply: Apply<Result>,
): Promise<Result> {
  return withTransaction(pool, async (client) => {
    const proposal = await lockOpen(client, id, stores);
    if (proposal.proposedBy === approver) {
      throw new PdpError(
        'permission_denied',
        'whoever proposed a change cannot approve it; somebody else can',
      );
    }
    await requireApart(client, proposal, approver);
    await decide(client, id, approver, 'approved');

    return apply(client, proposal);
  });
}

/**
 * Closes a proposal for good; whoever proposed it takes it back that way.
 * @throws PdpError as {@link approveProposal}, save that anybody may.
 */
export async function rejectProposal(
  pool: Pool,
  id: string,
  subject: string,
  stores: readonly string[] | 'all',
): Promise<Proposal> {
  return withTransaction(pool, async (client) => {
    await lockOpen(client, id, stores);

    return decide(client, id, subject, 'rejected');
  });
}

/** The newest proposals of these stores, newest first; of them, where asked, only those that can still be decided on. */
export async function listProposals(
  database: Database,
  stores: readonly string[] | 'all',
  { open, limit }: { readonly open: boolean; readonly limit: number },
): Promise<Proposal[]> {
  return query<Proposal>(
    database,
    `select ${COLUMNS} from proposals
     where ($1::text[] is null or store = any($1)) and (not $2 or (outcome is null and expires_at > now()))
     order by created_at desc, id limit $3`,
    [stores === 'all' ? null : stores, open, limit],
  );
}

/** @throws PdpError `not_found`: there is none of these stores. */
export async function findProposal(
  database: Database,
  id: string,
  stores: readonly string[] | 'all',
): Promise<Proposal> {
  const [row] = ID.test(id)
    ? await query<Proposal>(database, `select ${COLUMNS} from proposals where ${OF_STORES}`, [
        id,
        stores === 'all' ? null : stores,
      ])
    : [];
  if (row === undefined) throw unknownProposal(id);

  return row;
}

/** Nobody locks, or waits for, what is another store's. */
const OF_STORES = 'id = $1 and ($2::text[] is null or store = any($2))';

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whoever holds the row's lock decides; whoever comes second finds it decided. */
async function lockOpen(client: Client, id: string, stores: readonly string[] | 'all'): Promise<Proposal> {
  const [row] = ID.test(id)
    ? await query<Proposal & { expired: boolean }>(
        client,
        `select ${COLUMNS}, expires_at <= now() as expired from proposals where ${OF_STORES} for update`,
        [id, stores === 'all' ? null : stores],
      )
    : [];
  if (row === undefined) throw unknownProposal(id);
  if (row.outcome !== null) {
    throw new PdpError('conflict', `${row.decidedBy} has ${row.outcome} the proposal already`);
  }
  if (row.expired) {
    throw new PdpError(
      'conflict',
      `the proposal expired at ${row.expiresAt.toISOString()}; propose it again`,
    );
  }

  return row;
}

/**
 * Whoever makes a credential has seen its token, and could be that person too.
 * @throws PdpError `permission_denied` where the proposer made the approver's credential, or the approver has since made one of the
 * proposer's name.
 */
async function requireApart(
  client: Client,
  { proposedBy, createdAt }: Proposal,
  approver: string,
): Promise<void> {
  const made = await query(
    client,
    `select from credentials
     where (name = $1 and created_by = $2 and revoked_at is null)
       or (name = $2 and created_by = $1 and created_at >= $3)
     limit 1`,
    [approver, proposedBy, createdAt],
  );
  if (made.length === 0) return;

  throw new PdpError(
    'permission_denied',
    `one of ${proposedBy} and ${approver} made the credential of the other: somebody else can approve this`,
  );
}

async function decide(
  client: Client,
  id: string,
  subject: string,
  outcome: 'approved' | 'rejected',
): Promise<Proposal> {
  const [row] = await query<Proposal>(
    client,
    `update proposals set decided_by = $2, decided_at = now(), outcome = $3 where id = $1 returning ${COLUMNS}`,
    [id, subject, outcome],
  );
  if (row === undefined) throw new PdpError('internal', 'a proposal vanished within its transaction');

  return row;
}

function unknownProposal(id: string): PdpError {
  return new PdpError('not_found', `there is no proposal ${id}`, { field: 'id' });
}
