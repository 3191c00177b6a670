-- Who is told of events: what processes that run now, or did within a day, name as their endpoints. Not where those are, nor their secrets.
create table webhook_endpoints (
  name text primary key check (name ~ '^[a-z][a-z0-9-]{0,62}$'),
  -- null: of every store.
  stores text[],
  -- null: every kind.
  events text[],
  seen_at timestamptz not null default now()
);

-- Written by the transaction that makes the event happen, so that nobody hears of what was rolled back, nor misses what was not.
create table webhook_events (
  event_id uuid primary key default gen_random_uuid(),
  store text not null references stores (name),
  kind text not null check (kind ~ '^[a-z_]+\.[a-z_]+$'),
  -- As text, so that each attempt sends the same bytes.
  payload text not null check (octet_length(payload) <= 1048576),
  created_at timestamptz not null default clock_timestamp()
);

-- What an endpoint has not been told yet; a row ends when it has, or when it is given up. Without a foreign key to its endpoint, which may be
-- forgotten at the same moment.
create table webhook_deliveries (
  endpoint text not null,
  event_id uuid not null references webhook_events (event_id),
  -- Those that began. It also says whose attempt is the latest.
  attempts int not null default 0,
  -- When the next one may begin; while one runs, when it is taken for lost.
  next_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  primary key (endpoint, event_id)
);

create index webhook_deliveries_due on webhook_deliveries (endpoint, next_at);
create index webhook_deliveries_event on webhook_deliveries (event_id);

grant select, insert, delete on webhook_endpoints, webhook_events, webhook_deliveries to palisade_serving;
grant update (stores, events, seen_at) on webhook_endpoints to palisade_serving;
grant update (attempts, next_at) on webhook_deliveries to palisade_serving;

-- What lets somebody do for a while what policies that name the fact `breakGlass` forbid. A row says who opened it, and then how it ended; nothing
-- else of it changes.
create table break_glass (
  id uuid primary key,
  store text not null references stores (name),
  principal_type text collate "C" not null check (octet_length(principal_type) <= 1024),
  -- null: every one of the type.
  principal_id text collate "C" check (octet_length(principal_id) <= 1024),
  -- Each as `Type::"id"`, the id as it is; null: all.
  actions text[] check (cardinality(actions) between 1 and 64),
  reason text not null check (reason <> ''),
  ticket text not null check (ticket <> ''),
  opened_by text not null,
  -- The second person; null where none was asked.
  approved_by text,
  proposal uuid unique references proposals (id),
  -- Of the opening's record in the decision log, which was there before this row.
  record_id uuid not null,
  opened_at timestamptz not null,
  until timestamptz not null,
  -- The state of the store from which on it holds.
  state_sequence bigint not null,
  -- When it ended: somebody closed it, or its time was over.
  closed_at timestamptz,
  closed_by text,
  close_reason text,
  -- Of the closing's record, which was there before; null where its time was over.
  close_record_id uuid,
  -- Of the report's record in the decision log.
  report_id uuid,
  constraint break_glass_two_persons check (approved_by <> opened_by),
  constraint break_glass_time check (until > opened_at and until <= opened_at + interval '240 minutes'),
  check (num_nulls(closed_at, closed_by, close_reason) in (0, 3)),
  check (report_id is null or closed_at is not null),
  check (close_record_id is null or closed_at is not null)
);

create index break_glass_store on break_glass (store, opened_at);
create index break_glass_open on break_glass (until) where closed_at is null;
create index break_glass_unreported on break_glass (closed_at) where report_id is null;

-- The break-glass that a decision was made under.
alter table decisions add column break_glass uuid;
create index decisions_break_glass on decisions (break_glass, decision_id) where break_glass is not null;

grant select, insert on break_glass to palisade_serving;
grant update (closed_at, closed_by, close_reason, close_record_id, report_id) on break_glass to palisade_serving;
