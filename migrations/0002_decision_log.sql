-- The role that erases inputs and, later, drops what retention lets go; the serving role may do neither.
do $$
begin
  if not exists (select from pg_roles where rolname = 'palisade_erasing') then
    create role palisade_erasing nologin;
  end if;
exception
  -- Roles belong to the server: another database of it made the role at the same moment.
  when duplicate_object or unique_violation then null;
  when insufficient_privilege then
    raise exception 'the role palisade_erasing is missing, and the migrating role may not create it'
      using hint = 'as an administrator run: create role palisade_erasing nologin; then palisade migrate again';
end
$$;

-- One row per decision record. The columns only help to find it: `record` is the truth, exactly as it was hashed.
-- In the columns a NUL, which Postgres refuses in a text, stands as U+FFFD.
create table decisions (
  -- UUIDv7, so a range of it is a range of time.
  decision_id uuid not null primary key,
  kind text not null,
  time timestamptz not null,
  store text,
  subject text not null,
  principal_type text,
  principal_id text,
  action_type text,
  action_id text,
  resource_type text,
  resource_id text,
  decision text,
  -- Of an error, its code.
  reason_code text not null,
  bundle_digest text,
  trace_id text not null,
  process_id text not null,
  boot_id uuid not null,
  seq bigint not null,
  record text not null,
  -- The transaction that brought the row: whoever follows the log reads in this order, since rows of an earlier time may come later.
  landed xid8 not null default pg_current_xact_id()
) partition by range (decision_id);

create index decisions_store on decisions (store, decision_id);
-- An identifier may be longer than an index takes.
create index decisions_principal on decisions (left(principal_id, 200), decision_id);
create index decisions_trace on decisions (trace_id);
create index decisions_chain on decisions (process_id, boot_id, seq, decision_id);
create index decisions_landed on decisions (landed, decision_id);

create table decisions_default partition of decisions default;

-- The encrypted requests, apart from the records so that they can be erased: the chain does not cover them.
create table decision_inputs (
  decision_id uuid not null primary key,
  kek_id text not null,
  wrapped_key bytea not null,
  nonce bytea not null,
  ciphertext bytea not null
) partition by range (decision_id);

create table decision_inputs_default partition of decision_inputs default;

-- Ciphertext does not compress.
alter table decision_inputs alter column ciphertext set storage external;
alter table decision_inputs_default alter column ciphertext set storage external;

-- Spool lines that are no records any more (damaged on disk), or that Postgres refuses. Kept as bytes, so that nothing is lost.
create table refused_records (
  -- SHA-256 of the line.
  digest bytea primary key check (octet_length(digest) = 32),
  line bytea not null,
  problem text not null,
  refused_at timestamptz not null default now()
);

grant select, insert on decisions, decision_inputs, refused_records to palisade_serving;
grant select on decisions to palisade_erasing;
grant select, delete on decision_inputs to palisade_erasing;
grant usage on schema public to palisade_erasing;
