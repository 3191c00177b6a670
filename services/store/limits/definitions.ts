import { PdpError } from '../../engine/error.ts';
import type { Client } from '../database.ts';
import { sqlStateOf } from '../database-error.ts';
import { query } from '../pool.ts';

/** What the counters of a limit are bound to for as long as its store knows the name. */
export interface LimitDefinition {
  readonly name: string;
  /** Key and window in words, equal for equal ones. */
  readonly definition: string;
  readonly window:
    | { readonly kind: 'run' }
    | { readonly kind: 'sliding'; readonly spanMs: number }
    | { readonly kind: 'calendar'; readonly unit: string; readonly timeZone: string };
}

/**
 * Makes limits known in a store, within the transaction that deploys their bundle and holds the store's lock.
 * @throws PdpError `precondition_failed` where the store has known a name with another key or window, or PostgreSQL does not know a
 * time zone.
 */
export async function defineLimits(
  client: Client,
  store: string,
  definitions: readonly LimitDefinition[],
): Promise<void> {
  for (const definition of definitions) await defineLimit(client, store, definition);
}

async function defineLimit(
  client: Client,
  store: string,
  { name, definition, window }: LimitDefinition,
): Promise<void> {
  const [known] = await query<{ definition: string }>(
    client,
    'select definition from limit_definitions where store = $1 and name = $2',
    [store, name],
  );
  if (known !== undefined) {
    if (known.definition === definition) return;
    throw refused(
      `the limit ${name} counts ${known.definition} in the store ${store}, and would count ${definition}: give it another name`,
    );
  }

  const calendar = window.kind === 'calendar' ? window : undefined;
  if (calendar !== undefined) await requireTimeZone(client, name, calendar.timeZone);
  await query(
    client,
    `insert into limit_definitions (store, name, definition, span, unit, time_zone)
     values ($1, $2, $3, $4::float8 * interval '1 millisecond', $5, $6)`,
    [
      store,
      name,
      definition,
      window.kind === 'sliding' ? window.spanMs : null,
      calendar?.unit ?? null,
      calendar?.timeZone ?? null,
    ],
  );
}

/** Its own database of time zones may be older than that of Node, by which `check` has judged the name. */
async function requireTimeZone(client: Client, name: string, timeZone: string): Promise<void> {
  try {
    await query(client, 'select now() at time zone $1', [timeZone]);
  } catch (error) {
    if (!(error instanceof PdpError) || sqlStateOf(error.cause) !== '22023') throw error;
    throw refused(`PostgreSQL does not know the time zone ${timeZone} of the limit ${name}`);
  }
}

function refused(message: string): PdpError {
  return new PdpError('precondition_failed', message, { field: 'digest' });
}
