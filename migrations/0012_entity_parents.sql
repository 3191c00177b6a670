-- Which entities a store's entities stand directly under now. It follows from the newest versions and is written with them, so that
-- a write finds what it touches above and below without reading all that the store holds.
create table entity_parents (
  store text not null references stores (name),
  -- SHA-256 of an entity's type and id: both are too long for several of them to fit into one entry of an index.
  key bytea not null check (octet_length(key) = 32),
  parent_key bytea not null check (octet_length(parent_key) = 32),
  type text collate "C" not null,
  id text collate "C" not null,
  parent_type text collate "C" not null,
  parent_id text collate "C" not null,
  primary key (store, key, parent_key)
);

create index entity_parents_below on entity_parents (store, parent_key, key);

grant select, insert, delete on entity_parents to palisade_serving;
