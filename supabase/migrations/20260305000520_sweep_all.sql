-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- The sweep, once more: also sessions that nobody works on any more, and idempotency keys that have expired.
--
-- Each kind of work has two halves: a query in leo.sweep that picks and locks rows, passing over those that
-- somebody else holds, and a function that moves the rows with these ids, (ids, context) → how many. The second
-- looks at each row again, as the first saw it before it held the lock.

-- What the sweep of keys goes by: without it, it would read every key of the day each minute.
-- squawk-ignore require-concurrent-index-creation
create index idx_idempotency_keys_created_at on leo.idempotency_keys (created_at);

create function leo.pause_stale_sessions(ids uuid[], context jsonb)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_stale_after constant interval := leo.session_stale_after();
  v_id uuid;
  v_sign timestamptz;
  v_answer jsonb;
  v_count integer := 0;
begin
  foreach v_id in array pause_stale_sessions.ids loop
    -- A statement of its own, with the session locked: whoever changes a gate or a hand-off of it now waits, and
    -- whoever did before is seen.
    select leo.last_sign_of_life(session)
    into v_sign
    from public.exec_implementation_sessions session
    where session.id = v_id and session.status = 'active';

    continue when not found or v_sign >= now() - v_stale_after;

    v_answer := leo.move_exec_session(
      v_id,
      jsonb_build_object(
        'reason', format(
          'no sign of life since %s (session_stale_after is %s)',
          case
            when isfinite(v_sign) then to_char(v_sign at time zone 'utc', 'YYYY-MM-DD HH24:MI "UTC"')
            else 'ever'
          end,
          v_stale_after
        )
      ),
      context || '{"event": "pause"}'
    );

    if v_answer ? 'refusal' then
      raise exception 'session % cannot be paused: %', v_id, v_answer -> 'refusal' ->> 'code';
    end if;

    v_count := v_count + 1;
  end loop;

  return v_count;
end
$$;

revoke execute on function leo.pause_stale_sessions(uuid[], jsonb) from public, anon, authenticated, service_role;

comment on function leo.pause_stale_sessions(uuid[], jsonb) is
  'Event pause of those of the sessions that are active and have given no sign of life for '
  'leo.session_stale_after(); returns how many. To be called with the sessions locked, as the sweep does.';

create function leo.fail_stale_okr_generations(ids uuid[], context jsonb)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_id uuid;
  v_count integer := 0;
begin
  foreach v_id in array fail_stale_okr_generations.ids loop
    if leo.move_okr_generation(v_id, '{"error_message": "Not finished within a day."}', context || '{"event": "fail"}')
      ? 'generation'
    then
      v_count := v_count + 1;
    end if;
  end loop;

  return v_count;
end
$$;

revoke execute on function leo.fail_stale_okr_generations(uuid[], jsonb)
  from public, anon, authenticated, service_role;

comment on function leo.fail_stale_okr_generations(uuid[], jsonb) is
  'Event fail of those of the generations that are running; returns how many. Called by the sweep, with those '
  'that are older than a day.';

create function leo.sweep_rows(function text, ids uuid[], context jsonb, out moved integer, out skipped integer)
language plpgsql
set search_path = ''
as $$
declare
  v_call constant text := format('select leo.%I($1, $2)', sweep_rows.function);
  v_id uuid;
  v_moved integer;
begin
  moved := 0;
  skipped := 0;

  if sweep_rows.ids = '{}' then
    return;
  end if;

  -- All in one go: a subtransaction for each row would be felt by everybody else's snapshots.
  begin
    execute v_call into moved using sweep_rows.ids, sweep_rows.context;

    return;
  exception
    -- A table that is locked as a whole would be waited for with each row.
    when lock_not_available then
      raise;
    when others then
      moved := 0;
  end;

  -- One of them cannot be moved, whatever the reason: it must not keep the others from it.
  foreach v_id in array sweep_rows.ids loop
    begin
      execute v_call into v_moved using array[v_id], sweep_rows.context;
      moved := moved + v_moved;
    exception
      when lock_not_available then
        raise;
      when others then
        skipped := skipped + 1;
        raise warning 'leo.sweep has skipped a row: % of %: %', sweep_rows.function, v_id, sqlerrm;
    end;
  end loop;
end
$$;

revoke execute on function leo.sweep_rows(text, uuid[], jsonb) from public, anon, authenticated, service_role;

comment on function leo.sweep_rows(text, uuid[], jsonb) is
  'Calls leo.<function>(ids, context), which moves rows and returns how many; where that fails, for each row by '
  'itself. How many were moved, and how many could not be (skipped, with a warning each). Called by the sweep.';

create or replace function leo.sweep(request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
-- Row locks are never waited for. This is for a table that somebody has locked as a whole.
set lock_timeout = '1s'
as $$
declare
  v_given constant integer := (request ->> 'limit')::integer;
  -- Of each kind: a sweep after a long pause must not hold thousands of locks. The next one goes on.
  v_limit constant integer := coalesce(v_given, 1000);
  -- A key is cheap to delete, and one comes with every request of a careful client.
  v_key_limit constant integer := coalesce(v_given, 10000);
  -- Whoever has it done, these moves are the sweep's own. The request says who asked for it.
  v_context constant jsonb := coalesce(jsonb_strip_nulls(context), '{}') || '{"actor": "sweep"}';
  v_alive_since constant timestamptz := now() - leo.session_stale_after();
  v_ids uuid[];
  v_swept record;
  v_timed_out integer := 0;
  v_failed integer := 0;
  v_paused integer := 0;
  v_deleted integer := 0;
  v_skipped integer := 0;
begin
  -- One block for each kind, so that trouble with one is not the others'. The order among rows is by chance: where
  -- many cannot be moved, they do not stand before the others each time.

  begin
    v_ids := array(
      select run.id
      from public.telemetry_analysis_runs run
      where run.status = 'RUNNING' and leo.telemetry_run_deadline(run) <= clock_timestamp()
      order by random()
      limit v_limit
      for no key update skip locked
    );
    v_swept := leo.sweep_rows('time_out_telemetry_runs', v_ids, v_context);
    v_timed_out := v_swept.moved;
    v_skipped := v_skipped + v_swept.skipped;
  exception
    when others then
      v_skipped := v_skipped + 1;
      raise warning 'leo.sweep could not look after telemetry runs: %', sqlerrm;
  end;

  begin
    v_ids := array(
      select generation.id
      from public.okr_generation_log generation
      where generation.status = 'running'
        and coalesce(generation.created_at, generation.generation_date::timestamp at time zone 'utc')
          < now() - interval '1 day'
      order by random()
      limit v_limit
      for no key update skip locked
    );
    v_swept := leo.sweep_rows('fail_stale_okr_generations', v_ids, v_context);
    v_failed := v_swept.moved;
    v_skipped := v_skipped + v_swept.skipped;
  exception
    when others then
      v_skipped := v_skipped + 1;
      raise warning 'leo.sweep could not look after OKR generations: %', sqlerrm;
  end;

  begin
    v_ids := array(
      select session.id
      from public.exec_implementation_sessions session
      join public.strategic_directives_v2 sd on sd.id = session.sd_id
      where session.status = 'active'
        -- The first look, at the row alone, passes over most of them.
        and (session.updated_at between v_alive_since and now() + interval '1 day') is not true
        and leo.last_sign_of_life(session) < v_alive_since
        -- There is room for one paused session of a directive. The doctor tells of the other one.
        and not exists (
          select
          from public.exec_implementation_sessions other
          where other.sd_id = session.sd_id and other.status = 'paused'
        )
      order by random()
      limit v_limit
      -- As the move does, but without waiting: who waits for nobody is in no deadlock.
      for update of session skip locked
      for no key update of sd skip locked
    );
    v_swept := leo.sweep_rows('pause_stale_sessions', v_ids, v_context);
    v_paused := v_swept.moved;
    v_skipped := v_skipped + v_swept.skipped;
  exception
    when others then
      v_skipped := v_skipped + 1;
      raise warning 'leo.sweep could not look after sessions: %', sqlerrm;
  end;

  begin
    with expired as materialized (
      select used.caller, used.key
      from leo.idempotency_keys used
      -- As leo.call_once has it.
      where used.created_at <= now() - interval '24 hours'
      order by used.created_at
      limit v_key_limit
      for update skip locked
    )
    delete from leo.idempotency_keys used
    using expired
    where used.caller = expired.caller and used.key = expired.key;

    get diagnostics v_deleted = row_count;
  exception
    when others then
      v_skipped := v_skipped + 1;
      raise warning 'leo.sweep could not look after idempotency keys: %', sqlerrm;
  end;

  return jsonb_build_object(
    'telemetry_runs_timed_out', v_timed_out,
    'okr_generations_failed', v_failed,
    'sessions_paused', v_paused,
    'idempotency_keys_deleted', v_deleted,
    'skipped', v_skipped
  );
end
$$;

revoke execute on function leo.sweep(jsonb, jsonb) from public, anon, authenticated, service_role;

comment on function leo.sweep(jsonb, jsonb) is
  'Ends what nobody will end any more: running telemetry runs past their deadline (time_out), running OKR '
  'generations older than a day (fail), active sessions without a sign of life (pause), and idempotency keys '
  'older than a day (deleted). Up to request.limit of each (1000, of keys 10000); returns how many, and how many '
  'could not be moved (skipped, each with a warning). Waits for no row: what somebody is working on is left to the '
  'next sweep. Called every minute by pg_cron or the local stack, and by the edge function telemetry-runs.';
