-- Operators lift an override once a version is installed that judges right. The row stays, and another one may follow it.
alter table evaluator_overrides
  drop constraint evaluator_overrides_pkey,
  add column number bigint generated always as identity primary key,
  add column lifted_at timestamptz,
  add column lifted_by text,
  add column lift_reason text,
  -- Of the change's record in the decision log.
  add column lift_record_id uuid,
  add constraint evaluator_overrides_lifted check (num_nulls(lifted_at, lifted_by, lift_reason, lift_record_id) in (0, 4));

create unique index evaluator_overrides_in_force on evaluator_overrides (digest) where lifted_at is null;

grant update (lifted_at, lifted_by, lift_reason, lift_record_id) on evaluator_overrides to palisade_serving;
