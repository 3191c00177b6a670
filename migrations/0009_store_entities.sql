-- One sequence for all that decides in a store: each deployment and each write of entities takes the next number, under the lock of
-- the store's row. `sequence` stays the number of the newest deployment among deployments.
alter table stores
  add column state_sequence bigint not null default 0,
  -- Entities that it holds now, so that its limit costs no count.
  add column entity_count bigint not null default 0 check (entity_count >= 0);

update stores set state_sequence = sequence;
alter table stores add constraint stores_state_sequence check (state_sequence >= sequence);

-- Where a deployment stands among the writes of entities.
alter table deployments add column state_sequence bigint;
update deployments set state_sequence = sequence;
alter table deployments
  alter column state_sequence set not null,
  add constraint deployments_state_sequence unique (store, state_sequence);

-- What a store holds of the entity types whose source it is. Rows are added and never changed: at a sequence, an entity is its
-- newest row up to there, so what a decision was made by can be read again.
create table entity_versions (
  store text not null references stores (name),
  -- Compared by bytes, as Cedar does. Both are bounded because they are the key of an index.
  type text collate "C" not null check (octet_length(type) between 1 and 1024),
  id text collate "C" not null check (octet_length(id) <= 1024),
  sequence bigint not null check (sequence > 0),
  -- {"uid", "attrs", "parents", "tags"} as Cedar JSON, whose integers are exact; null: deleted.
  document text check (octet_length(document) <= 262144),
  author text not null,
  written_at timestamptz not null default now(),
  -- Of the write's record in the decision log.
  record_id uuid not null,
  primary key (store, type, id, sequence)
);

-- How replicas read what is new to them.
create index entity_versions_changes on entity_versions (store, sequence, type, id);

grant select, insert on entity_versions to palisade_serving;
grant update (state_sequence, entity_count) on stores to palisade_serving;
