import { randomUUID } from 'node:crypto';
import { PdpError } from '../../engine/error.ts';
import { exceedsLimit, LIMITS } from '../../engine/limits.ts';
import { announceChange } from '../changes.ts';
import type { Client, Pool } from '../database.ts';
import { lockStore } from '../deployments.ts';
import { query, withTransaction } from '../pool.ts';
import { type Proposal, propose } from '../proposals.ts';
import { enqueueEvent } from '../webhooks/enqueue.ts';
import { type BreakGlass, type GlassScope, glasses } from './break-glass.ts';
import { glassEvent, scopeEvent } from './events.ts';

/** The kind of a proposal to open one. */
export const GLASS_PROPOSAL = 'break_glass';

/** An emergency is over, or another one, when nobody has approved for so long. */
const PROPOSAL_MS = 60 * 60 * 1_000;

/** Plain JSON: what is proposed. */
interface Payload {
  readonly principal_type: string;
  readonly principal_id: string | null;
  readonly actions: readonly string[] | null;
  readonly ticket: string;
  readonly minutes: number;
}

export interface NewGlass extends GlassScope {
  readonly store: string;
  readonly reason: string;
  readonly ticket: string;
  readonly minutes: number;
  readonly openedBy: string;
}

/** Of its record in the decision log, and who has approved it. */
export interface Opening {
  readonly recordId: string;
  /** `null`: nobody was asked. */
  readonly approvedBy: string | null;
  readonly proposal: string | null;
}

/** Told of a break-glass before it is committed, within its transaction; where it fails, nothing is changed. */
export type BeforeGlass = (glass: BreakGlass, client: Client) => Promise<void>;

/** It is open, or waits for a second person. */
export type RequestedGlass = { readonly glass: BreakGlass } | { readonly proposal: Proposal };

/**
 * Opens a break-glass or, where changes of the store take two persons, proposes it.
 * @throws PdpError `not_found`: no such store; `too_large`: too many are open; what `beforeCommit` throws.
 */
export async function requestGlass(
  pool: Pool,
  wanted: NewGlass,
  recordId: string,
  beforeCommit: BeforeGlass,
): Promise<RequestedGlass> {
  return withTransaction(pool, async (client) => {
    const { twoPerson } = await lockStore(client, wanted.store);
    if (!twoPerson) {
      const opening = { recordId, approvedBy: null, proposal: null };

      return { glass: await openGlass(client, wanted, opening, beforeCommit) };
    }

    await requireRoom(client, wanted.store);
    const { store, openedBy, reason } = wanted;
    const proposal = await propose(client, {
      kind: GLASS_PROPOSAL,
      ...{ store, payload: payloadOf(wanted), reason },
      proposedBy: openedBy,
      lifetimeMs: PROPOSAL_MS,
    });
    await enqueueEvent(client, {
      store,
      kind: 'break_glass.proposed',
      payload: {
        proposal: proposal.id,
        ...scopeEvent(wanted),
        ...{ ticket: wanted.ticket, reason, minutes: wanted.minutes, proposed_by: openedBy },
        expires_at: proposal.expiresAt.toISOString(),
      },
    });

    return { proposal };
  });
}

/**
 * Opens what was proposed, within the transaction that approves it. Its time begins now.
 * @throws PdpError as {@link requestGlass}.
 */
export async function openProposed(
  client: Client,
  { id, store, reason, proposedBy, payload }: Proposal,
  { recordId, approvedBy }: Pick<Opening, 'recordId' | 'approvedBy'>,
  beforeCommit: BeforeGlass,
): Promise<BreakGlass> {
  const { principal_type, principal_id, actions, ticket, minutes } = payload as Payload;
  const wanted = { principalType: principal_type, principalId: principal_id, actions, ticket, minutes };
  await lockStore(client, store);

  return openGlass(
    client,
    { ...wanted, store, reason, openedBy: proposedBy },
    { recordId, approvedBy, proposal: id },
    beforeCommit,
  );
}

function payloadOf({ principalType, principalId, actions, ticket, minutes }: NewGlass): Payload {
  return { principal_type: principalType, principal_id: principalId, actions, ticket, minutes };
}

/** Whoever calls it holds the store's lock, so its clock is read after that: a wait takes nothing off the time. */
async function openGlass(
  client: Client,
  wanted: NewGlass,
  { recordId, approvedBy, proposal }: Opening,
  beforeCommit: BeforeGlass,
): Promise<BreakGlass> {
  const { store, principalType, principalId, actions, reason, ticket, minutes, openedBy } = wanted;
  await requireRoom(client, store);
  const sequence = await nextState(client, store);
  const [glass] = await glasses(
    client,
    (
      columns,
    ) => `insert into break_glass (id, store, principal_type, principal_id, actions, reason, ticket, opened_by,
         approved_by, proposal, record_id, state_sequence, opened_at, until)
       select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, moment, moment + $13::int * interval '1 minute'
         from clock_timestamp() as moment
       returning ${columns}`,
    [
      ...[randomUUID(), store, principalType, principalId, actions, reason, ticket, openedBy],
      ...[approvedBy, proposal, recordId, sequence, minutes],
    ],
  );
  if (glass === undefined) throw new PdpError('internal', 'a break-glass vanished');

  await enqueueEvent(client, { store, kind: 'break_glass.opened', payload: glassEvent(glass) });
  await announceChange(client);
  await beforeCommit(glass, client);

  return glass;
}

/** The number of the state that a change makes, under the store's lock. */
export async function nextState(client: Client, store: string): Promise<bigint> {
  const [row] = await query<{ state: string }>(
    client,
    'update stores set state_sequence = state_sequence + 1 where name = $1 returning state_sequence as state',
    [store],
  );
  if (row === undefined) throw new PdpError('internal', 'a store vanished under its lock');

  return BigInt(row.state);
}

async function requireRoom(client: Client, store: string): Promise<void> {
  const [row] = await query<{ count: number }>(
    client,
    'select count(*)::int4 as count from break_glass where store = $1 and closed_at is null and until > clock_timestamp()',
    [store],
  );
  if ((row?.count ?? 0) >= LIMITS.open_break_glass) throw exceedsLimit('open_break_glass', 'store');
}
