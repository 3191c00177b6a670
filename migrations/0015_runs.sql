-- Executions of agents whose calls are judged together. A run belongs to one credential, store and principal. A run and those that were started
-- in it are a tree: it has one taint and one set of budgets, and ends as a whole at the latest when its root does.
create table runs (
  run_id uuid primary key,
  store text not null references stores (name),
  -- Of the credential that started it, and that alone may use it.
  subject text not null,
  -- As canonical text of the entity.
  principal text not null,
  parent uuid,
  -- Itself, where it was started in no other.
  root uuid not null,
  depth integer not null check (depth >= 0),
  conversation_id text not null,
  -- What the tree was allowed to read, closed downwards; of a root alone.
  labels text[] not null default '{}',
  -- What was allowed in this run and counts. It only grows, and so do the labels: the two are the version of what a run knows.
  steps bigint not null default 0,
  started_at timestamptz not null,
  -- When it ends by itself; of a tree the same for all.
  ends_at timestamptz not null,
  ended_at timestamptz,
  check ((parent is null) = (root = run_id))
) with (fillfactor = 70);

create index runs_parent on runs (parent) where parent is not null;
create index runs_root on runs (root);
create index runs_open on runs (ends_at) where parent is null and ended_at is null;
create index runs_ended on runs (ended_at) where parent is null and ended_at is not null;

-- How often an action was allowed in a run, and when last.
create table run_actions (
  run_id uuid not null,
  -- As canonical text of the action.
  action text collate "C" not null,
  count bigint not null,
  last_at timestamptz not null,
  primary key (run_id, action)
);

-- A window that is as long as a run is neither a span nor a part of the calendar. Its keys begin with the root of the run.
alter table limit_definitions
  drop constraint limit_definitions_check,
  add constraint limit_definitions_window check (num_nonnulls(span, unit) <= 1 and num_nonnulls(unit, time_zone) in (0, 2));

-- Opens a run. One that is started in another is of the same store and credential, or is not started. Null where it went well, otherwise
-- `parent_unknown`, `parent_ended` or `too_deep`.
create function start_run(wanted jsonb, lasts interval, max_depth integer) returns text
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

  insert into runs (run_id, store, subject, principal, parent, root, depth, conversation_id, started_at, ends_at)
    values (asked.run_id, asked.store, asked.subject, asked.principal, asked.parent, tree.run_id, above.depth + 1,
            asked.conversation_id, moment, tree.ends_at);
  return null;
end
$$;

-- Ends a run and all that were started in it, and says whether it had not ended before. No row: there is no such run.
create function end_run(wanted uuid, of_stores text[], of_subject text) returns table (is_new boolean)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  own runs;
  tree runs;
  moment timestamptz;
begin
  select * into own from runs r where r.run_id = wanted and r.store = any (of_stores) and r.subject = of_subject;
  if not found then return; end if;
  select * into tree from runs r where r.run_id = own.root for update;
  select * into own from runs r where r.run_id = wanted for update;
  moment := least(limit_clock(), tree.ends_at);

  if own.ended_at is null then
    with recursive below as (
      select wanted as run_id
      union all
      select r.run_id from below b join runs r on r.parent = b.run_id and r.ended_at is null
    )
    update runs r set ended_at = moment from below b where r.run_id = b.run_id;
  end if;
  return query select own.ended_at is null;
end
$$;

-- A step of `settle_decision`: counts an allow in its run, if that is open and what it knows is what the decision was judged by. The tree takes
-- the labels of what is read. Null where it went well; `run_closed` where there is no such run or it has ended, `run_moved` where it knows
-- more by now. Where the run is not needed, only counted, nothing stands in the way. The root is locked first, by all in one order.
create function step_run(decision jsonb) returns text
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  wanted record;
  own runs;
  tree runs;
  moment timestamptz;
begin
  select * into wanted from jsonb_to_record(decision -> 'run')
    as a (run_id uuid, principal text, action text, needed boolean, steps bigint, labels integer, takes text[]);
  select * into own from runs
   where run_id = wanted.run_id and store = decision ->> 'store' and subject = decision ->> 'subject' and principal = wanted.principal;
  if not found then return case when wanted.needed then 'run_closed' end; end if;

  -- Runs of one tree wait for each other only where labels are taken.
  if own.root = own.run_id or cardinality(wanted.takes) > 0 then
    select * into tree from runs where run_id = own.root for update;
  else
    select * into tree from runs where run_id = own.root for share;
  end if;
  select * into own from runs where run_id = wanted.run_id for update;
  moment := limit_clock();
  if own.run_id is null or own.ended_at is not null or tree.ends_at <= moment then
    return case when wanted.needed then 'run_closed' end;
  end if;
  if own.steps <> wanted.steps or cardinality(tree.labels) <> wanted.labels then return 'run_moved'; end if;

  if not wanted.takes <@ tree.labels then
    update runs set labels = array(select distinct l from unnest(labels || wanted.takes) l order by l) where run_id = own.root;
  end if;
  update runs set steps = steps + 1 where run_id = own.run_id;
  insert into run_actions as a (run_id, action, count, last_at) values (own.run_id, wanted.action, 1, moment)
    on conflict (run_id, action) do update set count = a.count + 1, last_at = moment;
  return null;
end
$$;

-- Ends trees whose time is over, forgets those that ended longer than `keep` ago with what only they counted, and counts the open ones.
create function sweep_runs(keep interval, at_most integer, out ended bigint, out forgotten bigint, out open bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  moment timestamptz := limit_clock();
  roots uuid[];
  counters bigint[];
begin
  roots := array(
    select run_id from runs where parent is null and ended_at is null and ends_at <= moment
     order by ends_at limit at_most for update skip locked);
  update runs set ended_at = ends_at where root = any (roots) and ended_at is null;
  ended := cardinality(roots);

  roots := array(
    select run_id from runs where parent is null and ended_at < moment - keep
     order by ended_at limit at_most for update skip locked);
  counters := array(
    select c.counter from runs r
      join limit_definitions d on d.store = r.store and num_nonnulls(d.span, d.unit) = 0
      join limit_counters c on c.store = d.store and c.name = d.name
       and c.key >= 'run:' || r.run_id || ':' and c.key < 'run:' || r.run_id || ';'
     where r.run_id = any (roots)
     order by c.store, c.name, c.key
       for update of c);
  delete from limit_entries where counter = any (counters);
  delete from limit_counters where counter = any (counters);
  delete from run_actions a using runs r where r.root = any (roots) and a.run_id = r.run_id;
  delete from runs where root = any (roots);
  forgotten := cardinality(roots);
  open := (select count(*) from runs where parent is null and ended_at is null);
end
$$;

revoke execute on function
  start_run(jsonb, interval, integer), end_run(uuid, text[], text), step_run(jsonb), sweep_runs(interval, integer) from public;
grant execute on function start_run(jsonb, interval, integer), end_run(uuid, text[], text), sweep_runs(interval, integer) to palisade_serving;
grant select on runs, run_actions to palisade_serving;
