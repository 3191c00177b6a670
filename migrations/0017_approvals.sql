-- Who may answer questions of approval, and nothing else: the built-in bundle `system` has what the role may do.
alter table credentials drop constraint credentials_roles, add constraint credentials_roles check (
  cardinality(roles) > 0
  and roles <@ array['runtime', 'author', 'reviewer', 'approver', 'operator', 'auditor', 'admin']
  -- What is governed administers nothing.
  and (not 'runtime' = any (roles) or roles = array['runtime'])
);

-- Whoever held all that administer still does; whom they may answer for is another question.
with raised as (
  update credentials set roles = array['author', 'reviewer', 'approver', 'operator', 'auditor', 'admin']
   where roles @> array['author', 'reviewer', 'operator', 'auditor', 'admin']
  returning id
)
update credentials_revision set revision = revision + 1 where exists (select from raised);

-- A question to people: may this one request be allowed, once? Written by the functions below alone.
create table approvals (
  approval_id uuid primary key,
  number bigint generated always as identity,
  store text not null references stores (name),
  -- Of the credential that asked; nobody else can use the approval.
  subject text not null,
  request_digest text not null check (request_digest ~ '^sha256:[0-9a-f]{64}$'),
  -- The denied decision whose record holds what was asked.
  decision_id uuid not null,
  bundle_digest text not null,
  -- {principal, action, resource, run_id, policies, message, severity}, for people: what is true of them, the record says.
  question jsonb not null,
  -- [{group, count}, ...]: of each group so many approvers.
  groups jsonb not null check (jsonb_typeof(groups) = 'array' and groups <> '[]'),
  -- What counts together against the cap of open questions.
  cap_key text not null,
  status text not null default 'pending' check (status in ('pending', 'approved', 'denied', 'consumed', 'expired')),
  created_at timestamptz not null,
  -- Until then it is answered and used.
  expires_at timestamptz not null check (expires_at > created_at),
  -- When the last answer came that it took.
  decided_at timestamptz,
  consumed_at timestamptz,
  consumed_by uuid,
  -- Whether the record of the decision that consumed it is durable; until then nobody knows whether it was made.
  recorded boolean not null default false,
  check ((status in ('approved', 'denied', 'consumed')) <= (decided_at is not null)),
  check ((status = 'consumed') = (consumed_by is not null) and (consumed_by is null) = (consumed_at is null))
);

create index approvals_request on approvals (store, subject, request_digest, number);
create index approvals_cap on approvals (store, subject, cap_key) where status in ('pending', 'denied');
create index approvals_number on approvals (store, number);
create index approvals_open on approvals (expires_at) where status in ('pending', 'approved');
create index approvals_unrecorded on approvals (consumed_by) where status = 'consumed' and not recorded;

-- What people said, each of them once and by one credential.
create table approval_answers (
  approval_id uuid not null references approvals (approval_id) on delete cascade,
  -- The Cedar entity that answered, such as User::"fay".
  approver text not null,
  -- Of the credential.
  subject text not null,
  answer text not null check (answer in ('approve', 'deny')),
  comment text not null check (length(comment) <= 1024),
  -- Those of the approval's groups that the approver is in.
  groups text[] not null,
  -- Of the change in the decision log.
  record_id uuid not null,
  answered_at timestamptz not null,
  primary key (approval_id, approver),
  unique (approval_id, subject)
);

-- The one clock of approvals. Tests replace it in databases of their own.
create function approval_clock() returns timestamptz language sql volatile as 'select clock_timestamp()';

-- Finds the question that stands for a request, or asks it. Those of one credential follow each other, so that no two replicas ask the same
-- and no cap is passed.
-- `outcome` is null where there is a question, and `too_many` where no other may be asked.
create function ask_approval(asked jsonb)
returns table (approval_id uuid, status text, expires_at timestamptz, is_new boolean, outcome text)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  moment timestamptz;
  found approvals%rowtype;
  memory interval := (asked->>'memory_ms')::bigint * interval '1 millisecond';
  open bigint;
begin
  perform pg_advisory_xact_lock(hashtext('palisade approvals'), hashtext(concat(asked->>'store', ' ', asked->>'subject')));
  moment := approval_clock();

  select * into found from approvals a
   where a.store = asked->>'store' and a.subject = asked->>'subject' and a.request_digest = asked->>'request_digest'
   order by a.number desc limit 1;
  if found.status in ('pending', 'approved') and found.expires_at > moment
     or found.status = 'denied' and found.decided_at > moment - memory then
    return query select found.approval_id, found.status, found.expires_at, false, null::text;
    return;
  end if;

  select count(*) into open from approvals a
   where a.store = asked->>'store' and a.subject = asked->>'subject' and a.cap_key = asked->>'cap_key'
     and (a.status = 'pending' and a.expires_at > moment or a.status = 'denied' and a.decided_at > moment - memory);
  if open >= (asked->>'cap')::bigint then
    return query select null::uuid, null::text, null::timestamptz, false, 'too_many'::text;
    return;
  end if;

  insert into approvals (approval_id, store, subject, request_digest, decision_id, bundle_digest, question, groups, cap_key,
                         created_at, expires_at)
    values ((asked->>'id')::uuid, asked->>'store', asked->>'subject', asked->>'request_digest', (asked->>'decision_id')::uuid,
            asked->>'bundle_digest', asked->'question', asked->'groups', asked->>'cap_key',
            moment, moment + (asked->>'ttl_ms')::bigint * interval '1 millisecond')
    returning * into found;
  return query select found.approval_id, found.status, found.expires_at, true, null::text;
end
$$;

-- Takes the answer of one person. The approval is locked, so answers follow each other; `outcome` is null where it was taken.
create function answer_approval(answered jsonb) returns table (outcome text, status text)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  moment timestamptz;
  one approvals%rowtype;
  next text;
begin
  select * into one from approvals a where a.approval_id = (answered->>'approval_id')::uuid for update;
  moment := approval_clock();
  if one.approval_id is null then return query select 'unknown'::text, null::text; return; end if;
  if one.status in ('pending', 'approved') and one.expires_at <= moment then
    return query select 'closed'::text, 'expired'::text; return;
  end if;
  if one.status <> 'pending' then return query select 'closed'::text, one.status; return; end if;
  if one.subject = answered->>'subject' then return query select 'own'::text, one.status; return; end if;

  -- Whoever makes a credential has seen its token, and could be that person too.
  if exists (
    select from approval_answers a
      join credentials c on c.name = a.subject and c.created_by = answered->>'subject' and c.created_at >= one.created_at
                         or c.name = answered->>'subject' and c.created_by = a.subject and c.revoked_at is null
     where a.approval_id = one.approval_id) then
    return query select 'not_apart'::text, one.status; return;
  end if;

  insert into approval_answers (approval_id, approver, subject, answer, comment, groups, record_id, answered_at)
    values (one.approval_id, answered->>'approver', answered->>'subject', answered->>'answer', answered->>'comment',
            array(select jsonb_array_elements_text(answered->'groups')), (answered->>'record_id')::uuid, moment)
    on conflict do nothing;
  if not found then return query select 'answered'::text, one.status; return; end if;

  if answered->>'answer' = 'deny' then
    next := 'denied';
  else
    select case when bool_and(g.given >= (g.wanted->>'count')::integer) then 'approved' else 'pending' end into next
      from (select w.wanted, (
              select count(*) from approval_answers a
               where a.approval_id = one.approval_id and a.answer = 'approve' and w.wanted->>'group' = any (a.groups)) as given
              from jsonb_array_elements(one.groups) as w (wanted)) g;
  end if;
  if next <> 'pending' then
    update approvals a set status = next, decided_at = moment where a.approval_id = one.approval_id;
  end if;
  return query select null::text, next;
end
$$;

-- Consumes the approval of a decision, within the transaction that settles it: only for the same request of the same credential, once, before it
-- expires. null where it went well.
create function take_approval(decision jsonb) returns text
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  -- Waits for whoever holds the row, and then sees it as they left it. The clock is read under the lock.
  perform from approvals where approval_id = (decision->'approval'->>'approval_id')::uuid for update;
  update approvals
     set status = 'consumed', consumed_by = (decision->>'id')::uuid, consumed_at = approval_clock()
   where approval_id = (decision->'approval'->>'approval_id')::uuid
     and store = decision->>'store' and subject = decision->>'subject'
     and request_digest = decision->'approval'->>'request_digest'
     and status = 'approved' and expires_at > approval_clock();
  if found then return null; end if;
  return 'approval_gone';
end
$$;

-- The decisions are in the log: nobody gives their approvals back any more.
create function record_approvals(decisions uuid[]) returns void
language sql security definer set search_path = public, pg_temp as $$
  update approvals set recorded = true where consumed_by = any (decisions) and not recorded
$$;

-- The decisions were never made: their approvals are good again, for as long as they would have been.
create function release_approvals(decisions uuid[]) returns void
language sql security definer set search_path = public, pg_temp as $$
  update approvals set status = 'approved', consumed_by = null, consumed_at = null
   where consumed_by = any (decisions) and status = 'consumed' and not recorded
$$;

-- Looks for the records of what was consumed longer than `age` ago. Where there is none nobody knows, and it stays consumed.
create function reconcile_approvals(age interval, at_most integer, out reconciled bigint, out unknown bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  found_ids uuid[];
begin
  found_ids := array(
    select d.decision_id
      from (select consumed_by from approvals where status = 'consumed' and not recorded and consumed_at < approval_clock() - age
             order by consumed_at limit at_most) a
      join decisions d on d.decision_id = a.consumed_by and d.kind = 'decision' and d.decision = 'allow');
  perform record_approvals(found_ids);
  reconciled := cardinality(found_ids);
  select count(*) into unknown from approvals
   where status = 'consumed' and not recorded and consumed_at < approval_clock() - age;
end
$$;

-- Closes what nobody answered or used in time, and tells which.
create function expire_approvals(at_most integer) returns setof approvals
language sql security definer set search_path = public, pg_temp as $$
  update approvals set status = 'expired'
   where approval_id in (
     select approval_id from approvals
      where status in ('pending', 'approved') and expires_at <= approval_clock()
      order by expires_at limit at_most for update skip locked)
  returning *
$$;

-- Forgets what was closed longer than `age` ago: the decision log has it.
create function forget_approvals(age interval, at_most integer) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  forgotten bigint;
begin
  delete from approvals where approval_id in (
    select approval_id from approvals
     where status in ('denied', 'consumed', 'expired') and expires_at < approval_clock() - age
     limit at_most for update skip locked);
  get diagnostics forgotten = row_count;
  return forgotten;
end
$$;

revoke execute on function
  ask_approval(jsonb), answer_approval(jsonb), take_approval(jsonb), record_approvals(uuid[]), release_approvals(uuid[]),
  reconcile_approvals(interval, integer), expire_approvals(integer), forget_approvals(interval, integer) from public;
grant execute on function
  ask_approval(jsonb), answer_approval(jsonb), record_approvals(uuid[]), release_approvals(uuid[]),
  reconcile_approvals(interval, integer), expire_approvals(integer), forget_approvals(interval, integer) to palisade_serving;
grant select on approvals, approval_answers to palisade_serving;
