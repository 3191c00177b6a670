-- What one agent may ask of people and open at all, whatever it calls its runs; and whose answers are those of one person.

-- By when a question stops to count: what was denied is kept for long, and is not to be read again for each that is asked.
create index approvals_counting on approvals (store, subject, coalesce(decided_at, expires_at)) where status in ('pending', 'denied');
drop index approvals_cap;

-- Finds the question that stands for a request, or asks it. Those of one credential follow each other, so that no two replicas ask the same
-- and no cap is passed.
-- `outcome` is null where there is a question, and `too_many` where no other may be asked.
create or replace function ask_approval(asked jsonb)
returns table (approval_id uuid, status text, expires_at timestamptz, is_new boolean, outcome text)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  moment timestamptz;
  found approvals%rowtype;
  memory interval := (asked->>'memory_ms')::bigint * interval '1 millisecond';
  of_key bigint;
  of_principal bigint;
begin
  perform pg_advisory_xact_lock(hashtext('palisade approvals'), hashtext(concat(asked->>'store', ' ', asked->>'subject')));
  moment := approval_clock();

  select * into found from approvals a
   where a.store = asked->>'store' and a.subject = asked->>'subject' and a.request_digest = asked->>'request_digest'
   order by a.number desc limit 1;
  if found.status in ('pending', 'approved') and found.expires_at > moment
     or found.status = 'denied' and found.decided_at > moment - memory then
    -- What would run is shown out of the record of a decision. That of the first who asked may have come to nothing, and then nobody could answer.
    -- Mostly it is on its way, and whoever asks again and again must not keep a question from being seen.
    if found.status = 'pending' and found.created_at <= moment - interval '10 seconds'
       and not exists (select from decisions d where d.decision_id = found.decision_id) then
      update approvals a set decision_id = (asked->>'decision_id')::uuid where a.approval_id = found.approval_id;
    end if;
    return query select found.approval_id, found.status, found.expires_at, false, null::text;
    return;
  end if;

  -- A run is whatever the caller says, so the principal counts as well, in whichever runs it asks.
  select count(*) filter (where a.cap_key = asked->>'cap_key'),
         count(*) filter (where a.question->'principal' = asked->'question'->'principal')
    into of_key, of_principal
    from approvals a
   where a.store = asked->>'store' and a.subject = asked->>'subject'
     and a.status in ('pending', 'denied') and coalesce(a.decided_at, a.expires_at) > moment - memory
     and (a.status = 'pending' and a.expires_at > moment or a.status = 'denied' and a.decided_at > moment - memory);
  if of_key >= (asked->>'cap')::bigint or of_principal >= (asked->>'cap_of_principal')::bigint then
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
create or replace function answer_approval(answered jsonb) returns table (outcome text, status text)
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

  -- Whoever makes a credential has seen its token, and could be that agent or person too, in whichever order they come. One that was revoked
  -- before the question has asked and answered nothing of it.
  if exists (
    select from credentials c
     where c.name = one.subject and c.created_by = answered->>'subject'
       and (c.revoked_at is null or c.revoked_at >= one.created_at)) then
    return query select 'own_agent'::text, one.status; return;
  end if;
  if exists (
    select from approval_answers a
      join credentials c on c.name = a.subject and c.created_by = answered->>'subject'
                            and (c.revoked_at is null or c.revoked_at >= one.created_at)
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

-- Opens a run. One that is started in another is of the same store and credential, or is not started. Null where it went well, otherwise
-- `parent_unknown`, `parent_ended`, `too_deep` or `too_many`. How many are in the tree is counted without holding up others, so starts at the same
-- moment may pass the cap by as many as they are.
create function start_run(wanted jsonb, lasts interval, max_depth integer, max_tree integer) returns text
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  asked record;
  above runs;
  tree runs;
  moment timestamptz;
begin
  select * into asked from jsonb_to_record(wanted)
    as a (run_id uuid, store text, subject text, principal text, parent uuid, conversation_id text);
  if asked.parent is null then
    moment := limit_clock();
    insert into runs (run_id, store, subject, principal, root, depth, conversation_id, started_at, ends_at)
      values (asked.run_id, asked.store, asked.subject, asked.principal, asked.run_id, 0, asked.conversation_id, moment, moment + lasts);
    return null;
  end if;

  select * into above from runs where run_id = asked.parent and store = asked.store and subject = asked.subject;
  if not found then return 'parent_unknown'; end if;
  -- The root first, as everybody does: while it is held, nothing of the tree ends.
  select * into tree from runs where run_id = above.root for share;
  select * into above from runs where run_id = asked.parent;
  moment := limit_clock();
  if above.run_id is null or above.ended_at is not null or tree.ends_at <= moment then return 'parent_ended'; end if;
  if above.depth >= max_depth then return 'too_deep'; end if;
  if (select count(*) from (select from runs where root = tree.run_id limit max_tree) r) >= max_tree then return 'too_many'; end if;

  insert into runs (run_id, store, subject, principal, parent, root, depth, conversation_id, started_at, ends_at)
    values (asked.run_id, asked.store, asked.subject, asked.principal, asked.parent, tree.run_id, above.depth + 1,
            asked.conversation_id, moment, tree.ends_at);
  return null;
end
$$;

revoke execute on function start_run(jsonb, interval, integer, integer) from public;
grant execute on function start_run(jsonb, interval, integer, integer) to palisade_serving;
