-- Signatures travel beside bundles. Rows are added and never changed; whether one counts is judged where it is used.
create table bundle_signatures (
  digest text not null references bundles (digest),
  -- The one store that it is for, and the key that it names: both stand in the text, which alone is believed.
  store text not null references stores (name),
  key_id text not null check (key_id ~ '^[A-Za-z0-9_-]{43}$'),
  signature text not null check (octet_length(signature) <= 1024),
  -- Newest last.
  number bigint generated always as identity unique,
  created_at timestamptz not null default now(),
  created_by text not null,
  primary key (digest, store, key_id, signature)
);

-- Whose signatures a store wants. The newest row holds; one without keys: nobody's any more.
create table signature_requirements (
  store text not null references stores (name),
  sequence bigint not null check (sequence > 0),
  threshold int not null check (threshold >= 0),
  -- [{"kid": thumbprint, "x": 32 bytes in base64url}, ...]
  keys jsonb not null check (jsonb_typeof(keys) = 'array'),
  proposal uuid not null unique references proposals (id),
  proposed_by text not null,
  approved_by text not null,
  reason text not null,
  created_at timestamptz not null default now(),
  primary key (store, sequence),
  constraint signature_requirements_threshold check (
    threshold <= jsonb_array_length(keys) and (threshold = 0) = (jsonb_array_length(keys) = 0)
  ),
  constraint signature_requirements_two_persons check (approved_by <> proposed_by)
);

grant select, insert on bundle_signatures, signature_requirements to palisade_serving;
