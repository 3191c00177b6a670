-- What allowed calls came to, by the reports that were taken, and what that does to limits; and keys under which a call is made once.

alter table limit_entries
  -- Waits for a report of what the use really cost. One that is not reported in time stays as it was counted.
  add column reserved boolean not null default false,
  -- Whether a report may give some of it back.
  add column refundable boolean not null default false,
  -- What reserved nothing can have cost something.
  drop constraint limit_entries_amount_check,
  add constraint limit_entries_amount_check check (amount > 0 or amount = 0 and reserved);

create index limit_entries_reserved on limit_entries (used_at) where reserved;

-- One row for each decision that was reported on, for as long as a report may come, and once more as long.
create table outcomes (
  decision_id uuid primary key,
  -- SHA-256 of the report in one form: the same again gets the same answer, another one is refused.
  digest bytea not null check (octet_length(digest) = 32),
  failed boolean not null,
  -- Real costs, by the names of limits.
  costs jsonb not null,
  -- Of the report in the decision log.
  record_id uuid not null,
  claimed_at timestamptz not null,
  -- What became of its reservations. null: the report may not be in the log yet, so nothing came of it.
  settled jsonb
);

create index outcomes_claimed on outcomes (claimed_at);
create index outcomes_open on outcomes (claimed_at) where settled is null;

-- Counts decisions, in their order, each by all of its limits or by none. All counters are locked first, in one order for every caller, so
-- callers wait for each other and never in a circle; the clock is read under the locks, so no use is older than one that was counted before it.
-- A decision with a limit that the store does not know, or by another definition, gets no row. Plans are kept, since making one takes longer
-- than what it is for.
create or replace function consume_limits(charges jsonb)
returns table (decision integer, name text, consumed boolean, used bigint, resets_at timestamptz)
language plpgsql security definer set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  moment timestamptz;
  counters bigint[];
  is_moved boolean;
  one record;
  fits boolean;
begin
  -- The update that never happens locks a counter that is there already.
  insert into limit_counters as c (store, name, key)
    select distinct a.store, a.name, a.key
      from jsonb_to_recordset(charges) as a (store text, name text, definition text, key text)
      join limit_definitions d on d.store = a.store and d.name = a.name and d.definition = a.definition
     order by 1, 2, 3
    on conflict (store, name, key) do update set used = c.used where false;
  moment := limit_clock();

  select array_agg(distinct c.counter),
         bool_or(coalesce(c.oldest <= moment - d.span, c.window_start < date_trunc(d.unit, moment, d.time_zone), false))
    into counters, is_moved
    from jsonb_to_recordset(charges) as a (store text, name text, definition text, key text)
    join limit_definitions d on d.store = a.store and d.name = a.name and d.definition = a.definition
    join limit_counters c on c.store = d.store and c.name = d.name and c.key = a.key;
  if is_moved then
    update limit_counters c
       set used = 0, window_start = date_trunc(d.unit, moment, d.time_zone)
      from limit_definitions d
     where c.counter = any (counters) and d.store = c.store and d.name = c.name and d.unit is not null
       and c.window_start < date_trunc(d.unit, moment, d.time_zone);
    perform leave_window(counters, moment, null);
  end if;

  -- Mostly there is room for all of them together, and so for each: then all are counted at once.
  fits := (
    select bool_and(t.fits) from (
      select c.counter is not null and a.amount >= 0 and sum(a.amount) over (partition by c.counter) <= a.max - c.used as fits
        from jsonb_to_recordset(charges) as a (store text, name text, definition text, key text, max bigint, amount bigint)
        left join limit_definitions d on d.store = a.store and d.name = a.name and d.definition = a.definition
        left join limit_counters c on c.store = d.store and c.name = d.name and c.key = a.key) t);
  if fits then
    return query
      with counted as materialized (
        select a.decision, a.id, a.subject, a.amount, coalesce(a.reserved, false) as reserved,
               coalesce(a.refundable, false) as refundable, c.counter, c.name, c.used, c.window_start, c.oldest, d.span, d.unit, d.time_zone
          from jsonb_to_recordset(charges)
                 as a (decision integer, id uuid, subject text, store text, name text, key text, amount bigint,
                       reserved boolean, refundable boolean)
          join limit_definitions d on d.store = a.store and d.name = a.name
          join limit_counters c on c.store = a.store and c.name = a.name and c.key = a.key
      ), entered as (
        insert into limit_entries (decision_id, counter, amount, used_at, window_start, subject, reserved, refundable)
          select n.id, n.counter, n.amount, moment, n.window_start, n.subject, n.reserved, n.refundable
            from counted n where n.amount > 0 or n.reserved
      ), added as (
        update limit_counters c
           set used = c.used + n.amount,
               oldest = case when c.window_start = '-infinity' then coalesce(c.oldest, moment) end
          from (select k.counter, sum(k.amount) as amount from counted k group by k.counter) n
         where c.counter = n.counter and n.amount > 0
      ), sums as (
        select n.*, sum(n.amount) over (partition by n.counter order by n.decision) as added from counted n
      )
      select n.decision, n.name, true, (n.used + n.added)::bigint,
             case when n.unit is null then coalesce(n.oldest, case when n.added > 0 then moment end) + n.span
                  else limit_window_end(n.window_start, n.unit, n.time_zone) end
        from sums n;
    return;
  end if;

  for one in
    select a.decision, a.id, a.subject,
           array_agg(c.counter order by c.counter) as counters,
           array_agg(a.amount order by c.counter) as amounts,
           array_agg(a.max order by c.counter) as maxima,
           array_agg(coalesce(a.reserved, false) order by c.counter) as reserved,
           array_agg(coalesce(a.refundable, false) order by c.counter) as refundable
      from jsonb_to_recordset(charges)
             as a (decision integer, id uuid, subject text, store text, name text, definition text, key text, max bigint,
                   amount bigint, reserved boolean, refundable boolean)
      left join limit_definitions d on d.store = a.store and d.name = a.name and d.definition = a.definition
      left join limit_counters c on c.store = d.store and c.name = d.name and c.key = a.key
     group by a.decision, a.id, a.subject
    having bool_and(c.counter is not null and a.amount >= 0)
     order by a.decision
  loop
    fits := not exists (
      select from unnest(one.counters, one.amounts, one.maxima) as a (counter, amount, max)
        join limit_counters c on c.counter = a.counter
       where a.amount > a.max - c.used);
    if fits then
      insert into limit_entries (decision_id, counter, amount, used_at, window_start, subject, reserved, refundable)
        select one.id, c.counter, a.amount, moment, c.window_start, one.subject, a.reserved, a.refundable
          from unnest(one.counters, one.amounts, one.reserved, one.refundable) as a (counter, amount, reserved, refundable)
          join limit_counters c on c.counter = a.counter
         where a.amount > 0 or a.reserved;
      update limit_counters c
         set used = c.used + a.amount,
             oldest = case when c.window_start = '-infinity' then coalesce(c.oldest, moment) end
        from unnest(one.counters, one.amounts) as a (counter, amount)
       where c.counter = a.counter and a.amount > 0;
    end if;
    return query
      select one.decision::integer, c.name, fits, c.used,
             case when d.unit is null then c.oldest + d.span else limit_window_end(c.window_start, d.unit, d.time_zone) end
        from limit_counters c
        join limit_definitions d on d.store = c.store and d.name = c.name
       where c.counter = any (one.counters);
  end loop;
end
$$;

-- What is used of limits now, without counting anything. A limit that the store does not know gets no row.
create or replace function read_limits(charges jsonb)
returns table (decision integer, name text, used bigint, resets_at timestamptz)
language sql volatile security definer set search_path = public, pg_temp as $$
  with clock as materialized (select limit_clock() as moment)
  select a.decision, a.name,
         case when c.counter is null then 0
              when d.unit is not null then case when c.window_start >= w.start then c.used else 0 end
              else c.used - coalesce((
                select sum(e.amount) from limit_entries e
                 where e.counter = c.counter and e.used_at <= moment - d.span), 0) end::bigint,
         case when d.unit is not null then limit_window_end(greatest(c.window_start, w.start), d.unit, d.time_zone)
              else d.span + (
                select min(e.used_at) from limit_entries e
                 where e.counter = c.counter and e.used_at > moment - d.span and e.amount > 0) end
    from clock
   cross join jsonb_to_recordset(charges) as a (decision integer, store text, name text, definition text, key text)
    join limit_definitions d on d.store = a.store and d.name = a.name and d.definition = a.definition
   cross join lateral (select date_trunc(d.unit, moment, d.time_zone) as start) w
    left join limit_counters c on c.store = a.store and c.name = a.name and c.key = a.key
   order by a.decision, a.name
$$;

-- The decisions are in the log: their uses are not pending any more. Where a row is locked its use is on its way out.
create or replace function record_limit_uses(decisions uuid[]) returns void
language sql security definer set search_path = public, pg_temp as $$
  with chosen as (
    select decision_id, counter, window_start, reserved from limit_entries
     where decision_id = any (decisions) and not recorded
     order by decision_id, counter
       for update skip locked
  ), kept as (
    update limit_entries e set recorded = true from chosen h
     where e.decision_id = h.decision_id and e.counter = h.counter and (h.reserved or h.window_start = '-infinity')
  )
  -- A window of the calendar ends as a whole, so its counter needs no list of what it counts, but for what may still be reported.
  delete from limit_entries e using chosen h
   where e.decision_id = h.decision_id and e.counter = h.counter and h.window_start > '-infinity' and not h.reserved
$$;

-- Keeps the first report on a decision, before it is recorded. The same report again takes over where the attempt before it is older than
-- `patience` and came to nothing; another report changes nothing. Says whether the record is to be written by whoever asks, and
-- whether that of the attempt before is in the log.
create function claim_outcome(
  decision uuid, report_digest bytea, has_failed boolean, real_costs jsonb, record uuid, patience interval)
returns table (digest bytea, settled jsonb, is_own boolean, is_recorded boolean)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  moment timestamptz := limit_clock();
begin
  insert into outcomes as o (decision_id, digest, failed, costs, record_id, claimed_at)
    values (decision, report_digest, has_failed, real_costs, record, moment)
    on conflict (decision_id) do update set record_id = record, claimed_at = moment
      where o.digest = report_digest and o.settled is null and o.claimed_at <= moment - patience
        and not exists (select from decisions d where d.decision_id = o.record_id and d.kind = 'outcome');
  return query
    select o.digest, o.settled, o.record_id = record,
           exists (select from decisions d where d.decision_id = o.record_id and d.kind = 'outcome')
      from outcomes o where o.decision_id = decision;
end
$$;

-- The record of this attempt could not be written: the next one, of the same report, need not wait.
create function abandon_outcome(decision uuid, record uuid) returns void
language sql security definer set search_path = public, pg_temp as $$
  update outcomes set claimed_at = claimed_at - interval '1 minute' where decision_id = decision and record_id = record and settled is null
$$;

-- Settles reports that are in the log, each once: a use counts for what it really cost. Less than what was reserved counts only where that is
-- refundable; a failure without a cost has cost nothing. More counts too, also beyond the maximum, as far as a bigint goes. A reservation
-- that is older than `period`, or whose window of the calendar is over, stays as it is. Counters are locked first, in everybody's order.
create function settle_outcomes(decisions uuid[], period interval) returns table (decision_id uuid, settled jsonb)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  moment timestamptz;
  counters bigint[];
  report outcomes;
begin
  counters := array(
    select counter from limit_counters
     where counter in (select e.counter from limit_entries e where e.decision_id = any (decisions) and e.reserved)
     order by store, name, key
       for update);
  moment := limit_clock();

  for report in
    select * from outcomes o where o.decision_id = any (decisions) order by o.decision_id for update
  loop
    if report.settled is null then
      with open as materialized (
        select e.counter, c.name, e.amount,
               case when r.cost < e.amount and not e.refundable then e.amount
                    else e.amount + least(r.cost - e.amount, 9223372036854775807 - c.used) end as charged
          from limit_entries e
          join limit_counters c on c.counter = e.counter and c.window_start = e.window_start
         cross join lateral (
           select coalesce((report.costs ->> c.name)::bigint, case when report.failed then 0 else e.amount end) as cost) r
         where e.decision_id = report.decision_id and e.reserved and e.used_at > moment - period
      ), counted as (
        update limit_counters c set used = c.used + (n.charged - n.amount) from open n where c.counter = n.counter
      ), kept as (
        update limit_entries e set amount = n.charged, recorded = true, reserved = false
          from open n
         where e.decision_id = report.decision_id and e.counter = n.counter and e.window_start = '-infinity' and n.charged > 0
      ), gone as (
        delete from limit_entries e using open n
         where e.decision_id = report.decision_id and e.counter = n.counter and (e.window_start > '-infinity' or n.charged = 0)
      )
      select coalesce(jsonb_agg(
               jsonb_build_object('name', n.name, 'reserved', n.amount::text, 'charged', n.charged::text) order by n.name), '[]')
        into report.settled from open n;
      update outcomes o set settled = report.settled where o.decision_id = report.decision_id;
    end if;
    decision_id := report.decision_id;
    settled := report.settled;
    return next;
  end loop;

  update limit_counters c
     set oldest = (select min(e.used_at) from limit_entries e where e.counter = c.counter and e.amount > 0)
   where c.counter = any (counters) and c.window_start = '-infinity';
end
$$;

-- Settles reports that are in the log and whose process did not come to it, ends reservations that are too old to be reported, and forgets
-- reports that nobody can repeat any more. A report that is not in the log changes nothing.
create function sweep_outcomes(period interval, age interval, at_most integer) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  moment timestamptz := limit_clock();
  found_ids uuid[];
begin
  found_ids := array(
    select o.decision_id
      from (select decision_id, record_id from outcomes where settled is null and claimed_at < moment - age
             order by claimed_at limit at_most) o
      join decisions d on d.decision_id = o.record_id and d.kind = 'outcome');
  perform settle_outcomes(found_ids, period);

  with late as (
    select decision_id, counter, window_start, amount from limit_entries
     where reserved and recorded and used_at <= moment - period
     order by used_at limit at_most
       for update skip locked
  ), kept as (
    update limit_entries e set reserved = false from late l
     where e.decision_id = l.decision_id and e.counter = l.counter and l.window_start = '-infinity' and l.amount > 0
  )
  delete from limit_entries e using late l
   where e.decision_id = l.decision_id and e.counter = l.counter and (l.window_start > '-infinity' or l.amount = 0);

  delete from outcomes o using (
    select decision_id from outcomes where claimed_at <= moment - 2 * period
     order by claimed_at limit at_most for update skip locked) l
   where o.decision_id = l.decision_id;
  return cardinality(found_ids);
end
$$;

-- Under which key a credential asked what in a store, and the reply that it got. A key is claimed by the statement that settles its decision.
create table idempotency_keys (
  store text not null,
  -- Of the credential.
  subject text not null,
  key text collate "C" not null check (octet_length(key) between 1 and 128),
  -- SHA-256 of what was asked, whatever bundle decides it.
  digest bytea not null check (octet_length(digest) = 32),
  decision_id uuid not null,
  claimed_at timestamptz not null,
  -- null: the decision may not be recorded.
  reply text,
  primary key (store, subject, key)
);

create index idempotency_keys_claimed on idempotency_keys (claimed_at);
create index idempotency_keys_decision on idempotency_keys (decision_id);

-- A step of `settle_decision`: claims a key for a decision. Null where it went well, `key_taken` where another decision has it and the time of the
-- key is not over. Of two at once the second one waits for the first.
create function claim_key(decision jsonb) returns text
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  wanted record;
begin
  select * into wanted from jsonb_to_record(decision -> 'key') as a (key text, digest text, period interval);
  insert into idempotency_keys as k (store, subject, key, digest, decision_id, claimed_at)
    values (decision ->> 'store', decision ->> 'subject', wanted.key, decode(wanted.digest, 'hex'), (decision ->> 'id')::uuid, limit_clock())
    on conflict (store, subject, key) do update
      set digest = excluded.digest, decision_id = excluded.decision_id, claimed_at = excluded.claimed_at, reply = null
      where k.claimed_at <= excluded.claimed_at - wanted.period;
  return case when not found then 'key_taken' end;
end
$$;

-- Keeps the reply of a decision that is recorded, for whoever asks the same again under its key.
create function keep_reply(decision uuid, told text) returns void
language sql security definer set search_path = public, pg_temp as $$
  update idempotency_keys set reply = told where decision_id = decision and reply is null
$$;

-- The decisions were never made: their keys are free again.
create function release_keys(decisions uuid[]) returns void
language sql security definer set search_path = public, pg_temp as $$
  delete from idempotency_keys where decision_id = any (decisions) and reply is null
$$;

-- Forgets keys whose time is over.
create function sweep_keys(period interval, at_most integer) returns void
language sql security definer set search_path = public, pg_temp as $$
  delete from idempotency_keys k using (
    select store, subject, key from idempotency_keys where claimed_at <= limit_clock() - period
     order by claimed_at limit at_most for update skip locked) l
   where k.store = l.store and k.subject = l.subject and k.key = l.key
$$;

revoke execute on function claim_key(jsonb), keep_reply(uuid, text), release_keys(uuid[]), sweep_keys(interval, integer) from public;
grant execute on function keep_reply(uuid, text), release_keys(uuid[]), sweep_keys(interval, integer) to palisade_serving;
grant select on idempotency_keys to palisade_serving;

revoke execute on function
  claim_outcome(uuid, bytea, boolean, jsonb, uuid, interval), abandon_outcome(uuid, uuid),
  settle_outcomes(uuid[], interval), sweep_outcomes(interval, interval, integer)
  from public;
grant execute on function
  claim_outcome(uuid, bytea, boolean, jsonb, uuid, interval), abandon_outcome(uuid, uuid),
  settle_outcomes(uuid[], interval), sweep_outcomes(interval, interval, integer)
  to palisade_serving;
grant select on outcomes to palisade_serving;
