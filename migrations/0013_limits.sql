-- What a limit of a store counts by, and for how long. The first deployment that brings a name fixes it for ever: with another key or window
-- its counters would mean something else. The serving role adds names; nobody changes them.
create table limit_definitions (
  store text not null references stores (name),
  name text not null check (name ~ '^[a-z][a-z0-9_]{0,62}$'),
  -- Key and window in words, equal for equal ones.
  definition text not null,
  -- A sliding window; otherwise a part of the calendar of a time zone.
  span interval check (span > interval '0'),
  unit text check (unit in ('hour', 'day', 'week', 'month')),
  time_zone text,
  created_at timestamptz not null default now(),
  primary key (store, name),
  check (num_nonnulls(span, unit) = 1 and num_nonnulls(unit, time_zone) in (0, 2))
);

-- What is used of a limit under one key. Written by the functions below alone, each under the lock of the row.
create table limit_counters (
  counter bigint generated always as identity primary key,
  store text not null,
  name text not null,
  key text collate "C" not null check (octet_length(key) <= 2048),
  used bigint not null default 0 check (used >= 0),
  -- When the window of the calendar began that `used` counts; of a sliding one always this.
  window_start timestamptz not null default '-infinity',
  -- Of a sliding window: no use that counts is older. null: there is none.
  oldest timestamptz,
  unique (store, name, key),
  foreign key (store, name) references limit_definitions (store, name)
) with (fillfactor = 50);

create index limit_counters_oldest on limit_counters (store, name, oldest);
create index limit_counters_window on limit_counters (store, name, window_start);

-- Uses that may still leave a counter: a sliding window moves on, a decision could not be recorded. Without a foreign key, which would lock and
-- look up the counter for each: whoever deletes a counter sees under its lock that it has none.
create table limit_entries (
  decision_id uuid not null,
  counter bigint not null,
  amount bigint not null check (amount > 0),
  used_at timestamptz not null,
  window_start timestamptz not null,
  -- Of the credential.
  subject text not null,
  -- Whether the decision's record is durable; until then the use is pending.
  recorded boolean not null default false,
  primary key (decision_id, counter)
);

create index limit_entries_counter on limit_entries (counter, used_at);
create index limit_entries_pending on limit_entries (used_at) where not recorded;

-- The one clock of windows. Tests replace it in databases of their own.
create function limit_clock() returns timestamptz language sql volatile as 'select clock_timestamp()';

-- When a window of the calendar ends. Hours are told by their length, since a clock that is put back has one of them twice.
create function limit_window_end(start timestamptz, unit text, time_zone text) returns timestamptz language sql stable as $$
  select case unit
    when 'hour' then start + interval '1 hour'
    else (start at time zone time_zone + ('1 ' || unit)::interval) at time zone time_zone
  end
$$;

-- Counts decisions, in their order, each by all of its limits or by none. All counters are locked first, in one order for every caller, so
-- callers wait for each other and never in a circle; the clock is read under the locks, so no use is older than one that was counted before it.
-- A decision with a limit that the store does not know, or by another definition, gets no row. Plans are kept, since making one takes longer
-- than what it is for.
create function consume_limits(charges jsonb)
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
        select a.decision, a.id, a.subject, a.amount, c.counter, c.name, c.used, c.window_start, c.oldest,
               d.span, d.unit, d.time_zone
          from jsonb_to_recordset(charges)
                 as a (decision integer, id uuid, subject text, store text, name text, key text, amount bigint)
          join limit_definitions d on d.store = a.store and d.name = a.name
          join limit_counters c on c.store = a.store and c.name = a.name and c.key = a.key
      ), entered as (
        insert into limit_entries (decision_id, counter, amount, used_at, window_start, subject)
          select n.id, n.counter, n.amount, moment, n.window_start, n.subject from counted n where n.amount > 0
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
           array_agg(a.max order by c.counter) as maxima
      from jsonb_to_recordset(charges)
             as a (decision integer, id uuid, subject text, store text, name text, definition text, key text, max bigint, amount bigint)
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
      insert into limit_entries (decision_id, counter, amount, used_at, window_start, subject)
        select one.id, c.counter, a.amount, moment, c.window_start, one.subject
          from unnest(one.counters, one.amounts) as a (counter, amount)
          join limit_counters c on c.counter = a.counter
         where a.amount > 0;
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

-- Takes what has left the sliding windows of some counters off them. Whoever calls it holds their locks.
create function leave_window(counters bigint[], moment timestamptz, at_most integer) returns void language plpgsql as $$
begin
  with gone as (
    delete from limit_entries e using (
      select e.decision_id, e.counter
        from limit_counters c
        join limit_definitions d on d.store = c.store and d.name = c.name
        join limit_entries e on e.counter = c.counter and e.used_at <= moment - d.span
       where c.counter = any (counters) and c.oldest <= moment - d.span
       order by e.used_at
       limit at_most) h
     where e.decision_id = h.decision_id and e.counter = h.counter
    returning e.counter, e.amount
  ), sums as (
    select g.counter, sum(g.amount) as amount from gone g group by g.counter
  )
  update limit_counters c set used = c.used - s.amount from sums s where c.counter = s.counter;

  -- Found from where the window begins, so that no search passes what has just been deleted.
  update limit_counters c
     set oldest = (
           select min(e.used_at) from limit_entries e
            where e.counter = c.counter
              and e.used_at > case when at_most is null then moment - d.span else '-infinity' end)
    from limit_definitions d
   where c.counter = any (counters) and d.store = c.store and d.name = c.name and c.oldest <= moment - d.span;
end
$$;

-- What is used of limits now, without counting anything. A limit that the store does not know gets no row.
create function read_limits(charges jsonb)
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
                 where e.counter = c.counter and e.used_at > moment - d.span) end
    from clock
   cross join jsonb_to_recordset(charges) as a (decision integer, store text, name text, definition text, key text)
    join limit_definitions d on d.store = a.store and d.name = a.name and d.definition = a.definition
   cross join lateral (select date_trunc(d.unit, moment, d.time_zone) as start) w
    left join limit_counters c on c.store = a.store and c.name = a.name and c.key = a.key
   order by a.decision, a.name
$$;

-- The decisions are in the log: their uses are not pending any more. Where a row is locked its use is on its way out.
create function record_limit_uses(decisions uuid[]) returns void
language sql security definer set search_path = public, pg_temp as $$
  with chosen as (
    select decision_id, counter, window_start from limit_entries
     where decision_id = any (decisions) and not recorded
     order by decision_id, counter
       for update skip locked
  ), kept as (
    update limit_entries e set recorded = true from chosen h
     where e.decision_id = h.decision_id and e.counter = h.counter and h.window_start = '-infinity'
  )
  -- A window of the calendar ends as a whole, so its counter needs no list of what it counts.
  delete from limit_entries e using chosen h
   where e.decision_id = h.decision_id and e.counter = h.counter and h.window_start > '-infinity'
$$;

-- The decisions were never made: what they used is free again, unless its window is over.
create function release_limit_uses(decisions uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform from limit_counters
    where counter in (select counter from limit_entries where decision_id = any (decisions))
    order by store, name, key
      for update;
  with gone as (
    delete from limit_entries where decision_id = any (decisions) and not recorded
    returning counter, window_start, amount
  ), sums as (
    select counter, window_start, sum(amount) as amount from gone group by counter, window_start
  )
  update limit_counters c set used = c.used - s.amount
    from sums s
   where c.counter = s.counter and c.window_start = s.window_start;
end
$$;

-- Looks for the records of uses that are pending for longer than `age`. One whose decision is not in the log stays counted.
create function reconcile_limit_uses(age interval, at_most integer, out reconciled bigint, out pending bigint, out unknown bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  found_ids uuid[];
begin
  found_ids := array(
    select distinct e.decision_id
      from (select decision_id from limit_entries where not recorded and used_at < limit_clock() - age
             order by used_at limit at_most) e
      join decisions d on d.decision_id = e.decision_id and d.kind = 'decision' and d.decision = 'allow');
  perform record_limit_uses(found_ids);
  reconciled := cardinality(found_ids);
  select count(*), count(*) filter (where used_at < limit_clock() - age) into pending, unknown
    from limit_entries where not recorded;
end
$$;

-- Takes off what has left sliding windows of which nobody asks, and forgets counters of which nothing is used.
create function sweep_limits(at_most integer) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  moment timestamptz := limit_clock();
  counters bigint[];
  forgotten bigint;
begin
  counters := array(
    select c.counter from limit_definitions d
      join limit_counters c on c.store = d.store and c.name = d.name and c.oldest <= moment - d.span
     limit at_most
       for update of c skip locked);
  perform leave_window(counters, moment, at_most);

  -- One search for each of the two indexes. Uses of a window that is over are kept a day longer, for whoever looks into them.
  counters := array(
    select c.counter from limit_definitions d
      join limit_counters c on c.store = d.store and c.name = d.name and c.oldest is null
     where d.unit is null and not exists (select from limit_entries e where e.counter = c.counter)
     limit at_most
       for update of c skip locked)
  || array(
    select c.counter from limit_definitions d
      join limit_counters c on c.store = d.store and c.name = d.name
       and c.window_start < date_trunc(d.unit, moment, d.time_zone)
     where not exists (
       select from limit_entries e where e.counter = c.counter and e.used_at > moment - interval '1 day')
     limit at_most
       for update of c skip locked);
  delete from limit_entries where counter = any (counters);
  delete from limit_counters where counter = any (counters);
  get diagnostics forgotten = row_count;
  return forgotten;
end
$$;

revoke execute on function
  consume_limits(jsonb), leave_window(bigint[], timestamptz, integer), read_limits(jsonb), record_limit_uses(uuid[]),
  release_limit_uses(uuid[]), reconcile_limit_uses(interval, integer), sweep_limits(integer) from public;
grant execute on function
  consume_limits(jsonb), read_limits(jsonb), record_limit_uses(uuid[]), release_limit_uses(uuid[]),
  reconcile_limit_uses(interval, integer), sweep_limits(integer) to palisade_serving;
grant select on limit_definitions, limit_counters, limit_entries to palisade_serving;
grant insert on limit_definitions to palisade_serving;
