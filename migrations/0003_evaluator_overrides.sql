-- Bundles that the compiled evaluator was seen to judge other than Cedar's own: replicas serve them by Cedar's. Whoever owns the
-- tables may delete a row, once a version is installed that judges right.
create table evaluator_overrides (
  digest text primary key references bundles (digest),
  -- What each of the two said.
  reason text not null,
  -- The decision on which they differed, and the process that made it.
  decision_id uuid not null,
  process_id text not null,
  created_at timestamptz not null default now()
);

grant select, insert on evaluator_overrides to palisade_serving;
