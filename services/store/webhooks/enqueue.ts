import { columnText } from '../column-text.ts';
import type { Client } from '../database.ts';
import { query } from '../pool.ts';
import type { EventKind } from './kinds.ts';

/** Plain JSON; 64-bit integers stand in it as text. */
export type EventValue =
  | string
  | number
  | boolean
  | null
  | readonly EventValue[]
  | { readonly [name: string]: EventValue };

/** Something that happens in a store, for those outside who want to be told. */
export interface NewEvent {
  readonly store: string;
  readonly kind: EventKind;
  /** Nothing of a request but what names it: it leaves for others. */
  readonly payload: { readonly [name: string]: EventValue };
}

/** A text that a caller chose is cut at so many UTF-16 units, a list at so many members: an event always has room. */
const TEXT_UNITS = 1_024;
const LIST_MEMBERS = 20;
/** Endpoints that no process has named for longer are not told. */
const FORGOTTEN_AFTER = '1 day';

/**
 * Makes an event known to every endpoint that wants its kind in its store, once the transaction commits. Where none does, nothing is kept.
 * @throws PdpError as `toStoreError` says.
 */
export async function enqueueEvent(client: Client, { store, kind, payload }: NewEvent): Promise<void> {
  await query(
    client,
    `with wanting as materialized (
       select name from webhook_endpoints
        where seen_at > now() - interval '${FORGOTTEN_AFTER}'
          and (stores is null or $1 = any (stores)) and (events is null or $2 = any (events))
     ), added as (
       insert into webhook_events (store, kind, payload)
       select $1, $2, $3 where exists (select from wanting)
       returning event_id
     )
     insert into webhook_deliveries (endpoint, event_id) select name, event_id from wanting, added`,
    [store, kind, payloadText(payload)],
  );
}

function payloadText(payload: NewEvent['payload']): string {
  return JSON.stringify(payload, (_, value: unknown) => {
    if (typeof value === 'string') return cut(columnText(value));

    return Array.isArray(value) ? value.slice(0, LIST_MEMBERS) : value;
  });
}

function cut(text: string): string {
  return text.length <= TEXT_UNITS ? text : `${text.slice(0, TEXT_UNITS - 1).toWellFormed()}…`;
}
