-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- Request was planned anew each time, as no one plan looked up a scope in an index, with an id and without. That
-- setting held for all that the function calls: the insert, its guard and the history were planned anew too, which
-- took more than half of the time. A scope is looked up in two branches now, of which one is never looked into. And
-- the newest of the runs without a scope id is found by index, where the whole table was read for it.
create or replace function leo.request_telemetry_run(request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_scope_type constant text := coalesce(request ->> 'scope_type', 'workspace');
  v_scope_id constant text := request ->> 'scope_id';
  v_staleness constant interval
    := interval '1 day' * coalesce((request ->> 'staleness_days')::double precision, 7);
  v_now timestamptz;
  v_overdue uuid[];
  v_run public.telemetry_analysis_runs;
begin
  -- One decision per scope at a time. A row to lock there is not, where a scope has no run yet.
  perform pg_advisory_xact_lock(
    hashtextextended(jsonb_build_array('leo.telemetry_run', v_scope_type, v_scope_id)::text, 0)
  );
  v_now := clock_timestamp();

  -- A run past its deadline ends here and does not wait for the sweep: if it gave a sign of life after all,
  -- there would be two active ones.
  v_overdue := array(
    select run.id
    from (
      select own.*
      from public.telemetry_analysis_runs own
      where own.scope_type = v_scope_type and own.scope_id = v_scope_id
      union all
      select own.*
      from public.telemetry_analysis_runs own
      where v_scope_id is null and own.scope_type = v_scope_type and own.scope_id is null
    ) run
    where run.status = 'RUNNING' and leo.telemetry_run_deadline(run) <= v_now
  );

  if v_overdue <> '{}' then
    perform leo.time_out_telemetry_runs(v_overdue, context);
  end if;

  perform leo.set_context(context || '{"event": "request"}');

  select run.*
  into v_run
  from (
    select own.*
    from public.telemetry_analysis_runs own
    where own.scope_type = v_scope_type and own.scope_id = v_scope_id
    union all
    select own.*
    from public.telemetry_analysis_runs own
    where v_scope_id is null and own.scope_type = v_scope_type and own.scope_id is null
  ) run
  where run.status in ('QUEUED', 'RUNNING')
    and (run.status = 'QUEUED' or leo.telemetry_run_deadline(run) > v_now)
  order by run.triggered_at, run.id
  limit 1;

  if found then
    return jsonb_build_object('decision', 'already_active', 'run', to_jsonb(v_run));
  end if;

  if (request ->> 'force')::boolean is not true then
    select run.*
    into v_run
    from (
      (
        select own.*
        from public.telemetry_analysis_runs own
        where own.scope_type = v_scope_type
          and own.scope_id = v_scope_id
          and own.status = 'SUCCEEDED'
          and own.finished_at > v_now - v_staleness
          and own.finished_at <= v_now
        order by own.finished_at desc
        limit 1
      )
      union all
      (
        select own.*
        from public.telemetry_analysis_runs own
        where v_scope_id is null
          and own.scope_type = v_scope_type
          and own.scope_id is null
          and own.status = 'SUCCEEDED'
          and own.finished_at > v_now - v_staleness
          and own.finished_at <= v_now
        -- The order of the index, in which all nulls are one scope; by finished_at alone they would be sorted.
        order by own.scope_id, own.finished_at desc
        limit 1
      )
    ) run;

    if found then
      return jsonb_build_object('decision', 'fresh', 'run', to_jsonb(v_run));
    end if;
  end if;

  insert into public.telemetry_analysis_runs (
    run_id, scope_type, scope_id, triggered_by, correlation_id, metadata
  )
  values (
    gen_random_uuid(),
    v_scope_type,
    v_scope_id,
    coalesce(request ->> 'triggered_by', 'SESSION_START'),
    request ->> 'correlation_id',
    coalesce(nullif(request -> 'metadata', 'null'), '{}') || leo.pick(request, array['timeout_ms'])
  )
  returning * into v_run;

  return jsonb_build_object('decision', 'enqueued', 'run', to_jsonb(v_run));
end
$$;
