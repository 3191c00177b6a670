-- Most decisions come alone and have one limit. Such a one is counted row by row, in a third of the time that the statements for many take.

-- What one decision is to use of one limit, as consume_limits is given it.
create type limit_charge as (
  decision integer,
  id uuid,
  subject text,
  store text,
  name text,
  definition text,
  key text,
  max bigint,
  amount bigint,
  reserved boolean,
  refundable boolean
);

alter function consume_limits(jsonb) rename to consume_many_limits;
revoke execute on function consume_many_limits(jsonb) from palisade_serving;

-- Does what consume_many_limits does, and leaves to that whatever does not simply fit: several charges, a counter that is new, one that has no
-- room, and one whose window has moved on. It locks the same counter that the other would lock first, and reads the clock under that lock.
create function consume_limits(charges jsonb)
returns table (decision integer, name text, consumed boolean, used bigint, resets_at timestamptz)
language plpgsql security definer set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  charge limit_charge;
  counter record;
  moment timestamptz;
begin
  if jsonb_array_length(charges) = 1 then
    charge := jsonb_populate_record(null::limit_charge, charges -> 0);
    select c.*, d.span, d.unit, d.time_zone into counter
      from limit_counters c
      join limit_definitions d on d.store = c.store and d.name = c.name
     where c.store = charge.store and c.name = charge.name and c.key = charge.key and d.definition = charge.definition
       for no key update of c;
    if found then
      moment := limit_clock();
      if charge.amount between 0 and charge.max - counter.used
         and not coalesce(counter.oldest <= moment - counter.span,
                          counter.window_start < date_trunc(counter.unit, moment, counter.time_zone), false) then
        if charge.amount > 0 or charge.reserved then
          insert into limit_entries (decision_id, counter, amount, used_at, window_start, subject, reserved, refundable)
            values (charge.id, counter.counter, charge.amount, moment, counter.window_start, charge.subject,
                    coalesce(charge.reserved, false), coalesce(charge.refundable, false));
        end if;
        if charge.amount > 0 then
          counter.used := counter.used + charge.amount;
          counter.oldest := case when counter.unit is null then coalesce(counter.oldest, moment) end;
          update limit_counters c set used = counter.used, oldest = counter.oldest where c.counter = counter.counter;
        end if;
        decision := charge.decision;
        name := charge.name;
        consumed := true;
        used := counter.used;
        resets_at := case when counter.unit is null then counter.oldest + counter.span
                          else limit_window_end(counter.window_start, counter.unit, counter.time_zone) end;
        return next;
        return;
      end if;
    end if;
  end if;
  return query select * from consume_many_limits(charges);
end
$$;

revoke execute on function consume_limits(jsonb) from public;
grant execute on function consume_limits(jsonb) to palisade_serving;
