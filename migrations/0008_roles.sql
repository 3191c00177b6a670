-- What a credential may do is told by roles; which role may do what, the built-in bundle `system` decides.
alter table credentials add column roles text[];

-- An admin could do everything so far, and still can.
update credentials
set roles = case role when 'runtime' then array['runtime'] else array['author', 'reviewer', 'operator', 'auditor', 'admin'] end;

alter table credentials
  alter column roles set not null,
  drop column role,
  add constraint credentials_roles check (
    cardinality(roles) > 0
    and roles <@ array['runtime', 'author', 'reviewer', 'operator', 'auditor', 'admin']
    -- What is governed administers nothing.
    and (not 'runtime' = any (roles) or roles = array['runtime'])
  );

-- For which stores a bundle was pushed: only they see it and can run it. A row is never taken away.
create table bundle_stores (
  digest text not null references bundles (digest),
  -- `*`: all of them, those to come included.
  store text not null,
  created_at timestamptz not null default now(),
  created_by text not null,
  primary key (digest, store)
);

-- Until now all could see it.
insert into bundle_stores (digest, store, created_by) select digest, '*', created_by from bundles;

grant select, insert on bundle_stores to palisade_serving;
