import { PdpError } from '../../engine/error.ts';
import { announceChange } from '../changes.ts';
import type { Client, Database, Pool } from '../database.ts';
import { lockStore } from '../deployments.ts';
import { query, withTransaction } from '../pool.ts';
import { enqueueEvent } from '../webhooks/enqueue.ts';
import { type BreakGlass, findGlass, glasses } from './break-glass.ts';
import { glassEvent } from './events.ts';
import { type BeforeGlass, nextState } from './open.ts';

export interface Closing {
  readonly store: string;
  readonly id: string;
  readonly closedBy: string;
  readonly reason: string;
  /** Of its record in the decision log. */
  readonly recordId: string;
}

/**
 * Ends a break-glass. It takes one person always: this brings in nothing.
 * @returns it, and the state from which on it does not hold any more.
 * @throws PdpError `not_found`; `conflict`: it is over; what `beforeCommit` throws.
 */
export async function closeGlass(
  pool: Pool,
  { store, id, closedBy, reason, recordId }: Closing,
  beforeCommit: BeforeGlass,
): Promise<{ readonly glass: BreakGlass; readonly stateSequence: bigint }> {
  return withTransaction(pool, async (client) => {
    await lockStore(client, store);
    const { isOpen } = await findGlass(client, store, id);
    if (!isOpen) throw new PdpError('conflict', `the break-glass ${id} is over already`);

    const stateSequence = await nextState(client, store);
    const [glass] = await glasses(
      client,
      (
        columns,
      ) => `update break_glass set closed_at = clock_timestamp(), closed_by = $2, close_reason = $3, close_record_id = $4
         where id = $1 and closed_at is null returning ${columns}`,
      [id, closedBy, reason, recordId],
    );
    if (glass === undefined)
      throw new PdpError('internal', 'a break-glass vanished under the lock of its store');
    await tellOfEnd(client, glass);
    await announceChange(client);
    await beforeCommit(glass, client);

    return { glass, stateSequence };
  });
}

/** Notes which have ended by themselves; every process has let go of them by its own clocks. */
export async function closeOverdue(pool: Pool): Promise<BreakGlass[]> {
  return withTransaction(pool, async (client) => {
    const over = await glasses(
      client,
      (
        columns,
      ) => `update break_glass set closed_at = until, closed_by = 'palisade', close_reason = 'its time was over'
         where closed_at is null and until <= clock_timestamp() returning ${columns}`,
      [],
    );
    for (const glass of over) await tellOfEnd(client, glass);

    return over;
  });
}

/** Ids of those that are over for longer than `ageMs` and have no report yet, the oldest first. */
export async function unreportedGlasses(database: Database, ageMs: number): Promise<readonly string[]> {
  const rows = await query<{ id: string }>(
    database,
    `select id from break_glass where report_id is null and closed_at < clock_timestamp() - $1::float8 * interval '1 millisecond'
      order by closed_at limit 64`,
    [ageMs],
  );

  return rows.map(({ id }) => id);
}

/** Takes one to report it, within a transaction. @returns `undefined` where somebody else does, or has. */
export async function takeUnreported(client: Client, id: string): Promise<BreakGlass | undefined> {
  const [glass] = await glasses(
    client,
    (columns) =>
      `select ${columns} from break_glass where id = $1 and report_id is null for update skip locked`,
    [id],
  );

  return glass;
}

/** Notes the record of its report. */
export async function noteReport(database: Database, id: string, reportId: string): Promise<void> {
  await glasses(
    database,
    (columns) => `update break_glass set report_id = $2 where id = $1 returning ${columns}`,
    [id, reportId],
  );
}

async function tellOfEnd(client: Client, glass: BreakGlass): Promise<void> {
  const { store, closedAt, closedBy, closeReason } = glass;
  await enqueueEvent(client, {
    store,
    kind: 'break_glass.closed',
    payload: {
      ...glassEvent(glass),
      closed_at: closedAt?.toISOString() ?? null,
      ...{ closed_by: closedBy, close_reason: closeReason },
    },
  });
}
