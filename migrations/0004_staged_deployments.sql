-- Changes that wait for a second person.
create table proposals (
  id uuid primary key default gen_random_uuid(),
  -- What is proposed, and so who reads the payload.
  kind text not null check (kind ~ '^[a-z][a-z_]{0,63}$'),
  store text not null references stores (name),
  payload jsonb not null,
  proposed_by text not null,
  reason text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  decided_by text,
  decided_at timestamptz,
  outcome text check (outcome in ('approved', 'rejected')),
  check (num_nulls(decided_by, decided_at, outcome) in (0, 3)),
  -- By subject: whoever proposed it may take it back, and may not approve it.
  constraint proposals_two_persons check (outcome is distinct from 'approved' or decided_by <> proposed_by)
);

create index proposals_open on proposals (store, created_at) where outcome is null;

alter table stores
  -- Whether what it enforces is changed by two persons.
  add column two_person boolean not null default false,
  -- Decides, with the digest of a canary, which runs it gets; see services/pdp/assign.ts. Never told to anybody.
  add column assignment_key bytea not null
    default decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex')
    check (octet_length(assignment_key) = 32);

-- Each row describes the whole state from its sequence on: the active digest, and what stands beside it.
alter table deployments
  add column action text not null default 'activate' check (
    action in ('activate', 'canary', 'end_canary', 'freeze', 'shadow', 'monitor', 'promote', 'rollback')
  ),
  -- The sequence that first made this digest active, as rollbacks see it: they go on from there.
  add column origin bigint,
  add column canary_digest text references bundles (digest),
  add column canary_percent int check (canary_percent between 1 and 100),
  add column canary_by text check (canary_by in ('run', 'principal')),
  -- Where this canary began; raising its percentage leaves it.
  add column canary_since bigint,
  add column canary_limits jsonb,
  -- Why it may neither be promoted nor raised; null: it may.
  add column canary_frozen text,
  add column shadow_digest text references bundles (digest),
  add column shadow_since bigint,
  -- {"policies": null} for the store, or the ids of those that are monitored; null: everything is enforced.
  add column monitor jsonb check (jsonb_typeof(monitor) = 'object'),
  -- The second person; null where none was asked.
  add column approved_by text,
  -- Of the change's record in the decision log, which was there before this row; null: from before there were such records.
  add column record_id uuid,
  add constraint deployments_canary check (
    num_nulls(canary_digest, canary_percent, canary_by, canary_since, canary_limits) in (0, 5)
    and (canary_frozen is null or canary_digest is not null) and canary_digest is distinct from digest
  ),
  add constraint deployments_shadow check (
    num_nulls(shadow_digest, shadow_since) in (0, 2) and shadow_digest is distinct from digest
  ),
  add constraint deployments_two_persons check (approved_by <> author);

update deployments set origin = sequence;
alter table deployments alter column origin set not null;

-- What each process counted of a candidate beside the active bundle; added up, they are what limits are held against.
create table candidate_figures (
  store text not null references stores (name),
  role text not null check (role in ('canary', 'shadow')),
  -- The sequence at which the candidate began.
  since bigint not null,
  boot_id uuid not null,
  process_id text not null,
  figures jsonb not null,
  updated_at timestamptz not null default now(),
  primary key (store, role, since, boot_id)
);

grant select, insert on proposals, candidate_figures to palisade_serving;
grant update (decided_by, decided_at, outcome) on proposals to palisade_serving;
grant update (two_person) on stores to palisade_serving;
grant update (figures, updated_at) on candidate_figures to palisade_serving;
