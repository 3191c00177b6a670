import type { Database } from '../database.ts';
import { query } from '../pool.ts';
import type { BreakGlass } from './break-glass.ts';

/** What a process has to know of one that is open. */
export interface FollowedGlass
  extends Pick<
    BreakGlass,
    | 'id'
    | 'store'
    | 'principalType'
    | 'principalId'
    | 'actions'
    | 'ticket'
    | 'openedBy'
    | 'approvedBy'
    | 'until'
  > {
  /** Milliseconds until its end, by PostgreSQL's clock. */
  readonly leftMs: number;
}

/** What is open now in all stores. */
export function openGlasses(database: Database): Promise<FollowedGlass[]> {
  return query<FollowedGlass>(
    database,
    `select id, store, principal_type as "principalType", principal_id as "principalId", actions, ticket, opened_by as "openedBy",
            approved_by as "approvedBy", until, (extract(epoch from until - clock_timestamp()) * 1000)::float8 as "leftMs"
     from break_glass where closed_at is null and until > clock_timestamp() order by id`,
  );
}
