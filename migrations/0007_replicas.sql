-- Which Palisade this is. What a process saves on its disk names it, so that it is never taken for what another one has deployed.
create table installation (
  only_row boolean primary key default true check (only_row),
  id uuid not null default gen_random_uuid()
);

insert into installation default values;

-- What each start of a process says of itself, once it serves. A row is news, not truth: it ends with its process or grows old.
create table replicas (
  boot_id uuid primary key,
  process_id text not null check (octet_length(process_id) <= 128),
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  -- Since PostgreSQL had last confirmed what it decides by, when it said so.
  age_ms bigint not null check (age_ms >= 0),
  -- {"<store>": {"sequence", "digest", "canary", "state", "wanted", "problem"}, ...}
  stores jsonb not null check (jsonb_typeof(stores) = 'object')
);

create index replicas_seen on replicas (seen_at);

grant select on installation to palisade_serving;
grant select, insert, delete on replicas to palisade_serving;
grant update (seen_at, age_ms, stores) on replicas to palisade_serving;
