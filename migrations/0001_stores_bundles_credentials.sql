-- The role that serves gets its rights through this group: grant palisade_serving to <login role>;
do $$
begin
  if not exists (select from pg_roles where rolname = 'palisade_serving') then
    create role palisade_serving nologin;
  end if;
exception
  -- Roles belong to the server: another database of it made the role at the same moment.
  when duplicate_object or unique_violation then null;
  when insufficient_privilege then
    raise exception 'the role palisade_serving is missing, and the migrating role may not create it'
      using hint = 'as an administrator run: create role palisade_serving nologin; then palisade migrate again';
end
$$;

grant usage on schema public to palisade_serving;
grant select on palisade_migrations to palisade_serving;

-- A policy store: a named line of deployments, and the tenant boundary.
create table stores (
  name text primary key check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  -- Of the newest deployment; 0 before the first. Whoever deploys locks this row, so numbers appear in their order.
  sequence bigint not null default 0,
  created_at timestamptz not null default now()
);

insert into stores (name) values ('default');

-- Immutable, and addressed by content: rows are added and never changed.
create table bundles (
  digest text primary key check (digest ~ '^sha256:[0-9a-f]{64}$'),
  -- The order of the list, newest last.
  number bigint generated always as identity unique,
  name text not null,
  version text not null,
  description text not null,
  manifest jsonb not null,
  cedar_version text not null,
  archive bytea not null,
  size bigint not null generated always as (octet_length(archive)) stored,
  created_at timestamptz not null default now(),
  created_by text not null,
  unique (name, version)
);

-- An archive is compressed already.
alter table bundles alter column archive set storage external;

create table deployments (
  store text not null references stores (name),
  sequence bigint not null check (sequence > 0),
  digest text not null references bundles (digest),
  author text not null,
  reason text not null,
  created_at timestamptz not null default now(),
  primary key (store, sequence)
);

create table credentials (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  -- The subject that decision records name. It outlives its tokens, but only one of them is good at a time.
  name text not null check (name ~ '^[A-Za-z0-9][A-Za-z0-9._@/-]{0,127}$'),
  role text not null check (role in ('runtime', 'admin')),
  stores text[] not null,
  -- [{type, ids?}, ...] that it may assert; null: any.
  principals jsonb check (jsonb_typeof(principals) = 'array'),
  full_detail boolean not null,
  secret_hash bytea not null unique check (octet_length(secret_hash) = 32),
  created_at timestamptz not null default now(),
  created_by text not null,
  expires_at timestamptz,
  revoked_at timestamptz
);

create unique index credentials_live_name on credentials (name) where revoked_at is null;

-- Raised, under the lock of its only row, by each transaction that changes credentials: replicas poll it.
create table credentials_revision (
  only_row boolean primary key default true check (only_row),
  revision bigint not null
);

insert into credentials_revision (revision) values (0);

grant select, insert on stores, bundles, deployments, credentials to palisade_serving;
grant update (sequence) on stores to palisade_serving;
grant update (revoked_at) on credentials to palisade_serving;
grant select, update (revision) on credentials_revision to palisade_serving;
