-- Takes all that one allowed decision takes from the state of its store, or nothing, in one statement and so in one commit:
--   {"id", "subject", "store", "charges": [as consume_limits has them], and any of "key", "run", "approval"}
-- Each part has a function of its own, which answers null where it took what it was to take, and otherwise why not. They lock in this order,
-- the counters last, so that callers wait for each other and never in a circle, and the counters that many share are held for the least
-- time. A part is called only where the decision has it.
create function settle_decision(decision jsonb, out outcome text, out counts jsonb)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  refused text;
  wanted integer := jsonb_array_length(decision -> 'charges');
  known integer;
  fits boolean;
begin
  -- What follows is undone where a part refuses.
  begin
    if decision ? 'key' then
      refused := claim_key(decision);
    end if;
    if refused is null and decision ? 'run' then
      refused := step_run(decision);
    end if;
    if refused is null and decision ? 'approval' then
      refused := take_approval(decision);
    end if;
    if refused is null and wanted > 0 then
      -- The count as text: JSON's numbers are not exact for everybody.
      select jsonb_agg(jsonb_build_object('name', c.name, 'used', c.used::text, 'resets_at', c.resets_at)), bool_and(c.consumed), count(*)
        into counts, fits, known
        from consume_limits(decision -> 'charges') c;
      refused := case when known < wanted then 'limit_unknown' when not fits then 'over_limit' end;
    end if;
    if refused is not null then
      raise exception using errcode = 'PL001', message = refused;
    end if;
  exception when sqlstate 'PL001' then
    null;
  end;
  outcome := coalesce(refused, 'settled');
  counts := coalesce(counts, '[]');
end
$$;

revoke execute on function settle_decision(jsonb) from public;
grant execute on function settle_decision(jsonb) to palisade_serving;
