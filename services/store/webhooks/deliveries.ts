import type { Database, Pool } from '../database.ts';
import { query, withTransaction } from '../pool.ts';

/** Who wants to be told of what; `null`: of all. */
export interface Subscription {
  readonly name: string;
  readonly stores: readonly string[] | null;
  readonly events: readonly string[] | null;
}

/** An attempt to tell an endpoint of an event, which this process alone makes until its lease is over. */
export interface Delivery {
  readonly endpoint: string;
  readonly event_id: string;
  /** Number of this attempt, from 1. */
  readonly attempts: number;
  readonly store: string;
  readonly kind: string;
  /** JSON. */
  readonly payload: string;
  readonly created_at: Date;
}

/** What waits for an endpoint. */
export interface Waiting {
  readonly endpoint: string;
  readonly events: number;
  /** Milliseconds for which the oldest has waited, by PostgreSQL's clock. */
  readonly oldestMs: number;
}

/** Names an endpoint, so that from now on events wait for it. Whoever named it last says what it wants. */
export async function nameEndpoint(
  database: Database,
  { name, stores, events }: Subscription,
): Promise<void> {
  await query(
    database,
    `insert into webhook_endpoints (name, stores, events) values ($1, $2, $3)
     on conflict (name) do update set stores = excluded.stores, events = excluded.events, seen_at = now()`,
    [name, stores, events],
  );
}

/**
 * Takes what is due for an endpoint, oldest first. What nobody finishes within the lease is due again.
 * @param leaseMs longer than an attempt can take.
 */
export async function takeDeliveries(
  database: Database,
  endpoint: string,
  { leaseMs, atMost }: { readonly leaseMs: number; readonly atMost: number },
): Promise<Delivery[]> {
  const taken = await query<Delivery>(
    database,
    `with due as materialized (
       select event_id from webhook_deliveries where endpoint = $1 and next_at <= clock_timestamp()
        order by next_at limit $3 for update skip locked
     ), taken as (
       update webhook_deliveries d
          set attempts = d.attempts + 1, next_at = clock_timestamp() + $2::float8 * interval '1 millisecond'
         from due where d.endpoint = $1 and d.event_id = due.event_id
       returning d.endpoint, d.event_id, d.attempts
     )
     select t.*, e.store, e.kind, e.payload, e.created_at from taken t join webhook_events e using (event_id)`,
    [endpoint, leaseMs, atMost],
  );

  return taken.sort((one, other) => one.created_at.getTime() - other.created_at.getTime());
}

/** The endpoint has been told. */
export async function finishDelivery(database: Database, { endpoint, event_id }: Delivery): Promise<void> {
  await query(database, 'delete from webhook_deliveries where endpoint = $1 and event_id = $2', [
    endpoint,
    event_id,
  ]);
}

/** The attempt failed; unless somebody else has begun another since, the next one is in `waitMs`. */
export async function postponeDelivery(
  database: Database,
  { endpoint, event_id, attempts }: Delivery,
  waitMs: number,
): Promise<void> {
  await query(
    database,
    `update webhook_deliveries set next_at = clock_timestamp() + $4::float8 * interval '1 millisecond'
     where endpoint = $1 and event_id = $2 and attempts = $3`,
    [endpoint, event_id, attempts, waitMs],
  );
}

/**
 * Gives up what is older than `ageMs`, and forgets events that nobody waits for and endpoints that nobody has named for long.
 * @returns how many were given up, by endpoint.
 */
export async function clearDeliveries(pool: Pool, ageMs: number): Promise<ReadonlyMap<string, number>> {
  return withTransaction(pool, async (client) => {
    const given = await query<{ endpoint: string; events: string }>(
      client,
      `with gone as (
         delete from webhook_deliveries where created_at < now() - $1::float8 * interval '1 millisecond' returning endpoint
       )
       select endpoint, count(*) as events from gone group by endpoint`,
      [ageMs],
    );
    await query(
      client,
      'delete from webhook_events e where not exists (select from webhook_deliveries d where d.event_id = e.event_id)',
    );
    await query(client, `delete from webhook_endpoints where seen_at < now() - interval '1 day'`);

    return new Map(given.map(({ endpoint, events }) => [endpoint, Number(events)]));
  });
}

/** What waits for each endpoint, whoever is to tell it. */
export async function waitingDeliveries(database: Database): Promise<Waiting[]> {
  const rows = await query<{ endpoint: string; events: string; age: string }>(
    database,
    `select endpoint, count(*) as events, extract(epoch from now() - min(created_at)) * 1000 as age
     from webhook_deliveries group by endpoint`,
  );

  return rows.map(({ endpoint, events, age }) => ({
    endpoint,
    events: Number(events),
    oldestMs: Math.max(0, Number(age)),
  }));
}
