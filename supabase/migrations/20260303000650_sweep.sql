-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create function leo.sweep(request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  -- Of each kind: a sweep after a long pause must not hold thousands of locks. The next one goes on.
  v_limit constant integer := coalesce((request ->> 'limit')::integer, 1000);
  v_context constant jsonb := '{"actor": "sweep"}' || jsonb_strip_nulls(context);
  v_overdue constant uuid[] := array(
    select run.id
    from public.telemetry_analysis_runs run
    where run.status = 'RUNNING' and leo.telemetry_run_deadline(run) <= clock_timestamp()
    order by run.id
    limit v_limit
    for no key update skip locked
  );
  v_timed_out integer;
  v_failed integer;
begin
  v_timed_out := leo.time_out_telemetry_runs(v_overdue, v_context);

  perform leo.set_context(v_context || '{"event": "fail", "reason": "not finished within a day"}');

  with stale as materialized (
    select generation.id
    from public.okr_generation_log generation
    where generation.status = 'running'
      and coalesce(generation.created_at, generation.generation_date::timestamp at time zone 'utc')
        < now() - interval '1 day'
    order by generation.id
    limit v_limit
    for no key update skip locked
  )
  update public.okr_generation_log generation
  set status = 'failed', error_message = 'Not finished within a day.'
  where generation.id = any (array(select stale.id from stale));

  get diagnostics v_failed = row_count;

  return jsonb_build_object('telemetry_runs_timed_out', v_timed_out, 'okr_generations_failed', v_failed);
end
$$;

revoke execute on function leo.sweep(jsonb, jsonb) from public, anon, authenticated, service_role;

comment on function leo.sweep(jsonb, jsonb) is
  'Ends what nobody will end any more: running telemetry runs past their deadline (time_out) and running OKR '
  'generations older than a day (fail), up to request.limit (1000) of each; returns how many. Passes over what '
  'somebody is working on. Called by the edge function telemetry-runs.';
