import type { Database } from './database.ts';
import { query } from './pool.ts';

/** A candidate's time beside the active bundle of a store. */
export interface Trial {
  readonly store: string;
  readonly role: 'canary' | 'shadow';
  /** The sequence at which it began. */
  readonly since: bigint;
}

/** Whose figures: one start of one process. */
export interface FiguresSource {
  readonly bootId: string;
  readonly processId: string;
}

/** Puts what a process has counted so far in place of what it had before. */
export async function storeFigures(
  database: Database,
  { store, role, since }: Trial,
  { bootId, processId }: FiguresSource,
  figures: object,
): Promise<void> {
  await query(
    database,
    `insert into candidate_figures (store, role, since, boot_id, process_id, figures) values ($1, $2, $3, $4, $5, $6)
     on conflict (store, role, since, boot_id) do update set figures = excluded.figures, updated_at = now()`,
    [store, role, since, bootId, processId, JSON.stringify(figures)],
  );
}

/** What every process has counted, those that are gone included. */
export async function listFigures(database: Database, { store, role, since }: Trial): Promise<unknown[]> {
  const rows = await query<{ figures: unknown }>(
    database,
    'select figures from candidate_figures where store = $1 and role = $2 and since = $3',
    [store, role, since],
  );

  return rows.map(({ figures }) => figures);
}
