import { PdpError } from '../../engine/error.ts';
import type { Database } from '../database.ts';
import { query } from '../pool.ts';

/** For whom and for what policies may yield. */
export interface GlassScope {
  readonly principalType: string;
  /** `null`: every one of the type. */
  readonly principalId: string | null;
  /** Keys of actions; `null`: all. */
  readonly actions: readonly string[] | null;
}

/** What lets policies that name the fact `breakGlass` yield for a while. */
export interface BreakGlass extends GlassScope {
  readonly id: string;
  readonly store: string;
  readonly reason: string;
  readonly ticket: string;
  /** A subject, as are those below. */
  readonly openedBy: string;
  /** The second person; `null` where none was asked. */
  readonly approvedBy: string | null;
  readonly openedAt: Date;
  /** When it ends by itself. */
  readonly until: Date;
  /** Of the state from which on it holds. */
  readonly stateSequence: bigint;
  readonly recordId: string;
  /** When it ended; `null`: nobody has closed it, and nobody has seen yet that its time is over. */
  readonly closedAt: Date | null;
  /** `palisade` where its time was over. */
  readonly closedBy: string | null;
  readonly closeReason: string | null;
  /** Of its record; `null` where its time was over. */
  readonly closeRecordId: string | null;
  /** Of the report's record; `null`: there is none yet. */
  readonly reportId: string | null;
  /** Whether it holds, by PostgreSQL's clock. */
  readonly isOpen: boolean;
}

const GLASS = `id, store, principal_type as "principalType", principal_id as "principalId", actions, reason, ticket,
  opened_by as "openedBy", approved_by as "approvedBy", opened_at as "openedAt", until, state_sequence as "stateSequence",
  record_id as "recordId", closed_at as "closedAt", closed_by as "closedBy", close_reason as "closeReason",
  close_record_id as "closeRecordId", report_id as "reportId",
  closed_at is null and until > clock_timestamp() as "isOpen"`;

type Row = Omit<BreakGlass, 'stateSequence'> & { readonly stateSequence: string };

/** Runs a statement whose rows are of the table; `returning` stands for all that is told of one. */
export async function glasses(
  database: Database,
  text: (columns: string) => string,
  values: readonly unknown[],
): Promise<BreakGlass[]> {
  const rows = await query<Row>(database, text(GLASS), values);

  return rows.map((row) => ({ ...row, stateSequence: BigInt(row.stateSequence) }));
}

/** Those of a store, newest first. */
export function listGlasses(
  database: Database,
  store: string,
  { open, limit }: { readonly open: boolean; readonly limit: number },
): Promise<BreakGlass[]> {
  return glasses(
    database,
    (columns) =>
      `select ${columns} from break_glass
       where store = $1 and (not $2 or (closed_at is null and until > clock_timestamp())) order by opened_at desc, id limit $3`,
    [store, open, limit],
  );
}

/** @throws PdpError `not_found`: the store has none of this id. */
export async function findGlass(database: Database, store: string, id: string): Promise<BreakGlass> {
  const [glass] = ID.test(id)
    ? await glasses(
        database,
        (columns) => `select ${columns} from break_glass where store = $1 and id = $2`,
        [store, id],
      )
    : [];
  if (glass === undefined) throw unknownGlass(id);

  return glass;
}

export function unknownGlass(id: string): PdpError {
  return new PdpError('not_found', `there is no break-glass ${id}`, { field: 'id' });
}

export const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
