-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- How a telemetry run comes into being and into the hands of a worker.

-- The queue in its order. Finished runs are not in it, so that a claim takes the same time however many
-- there are.
-- squawk-ignore require-concurrent-index-creation
create index idx_telemetry_runs_queue on public.telemetry_analysis_runs (triggered_at, id)
  where status = 'QUEUED';

create function leo.request_telemetry_run(request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
-- A scope may have no id. A plan for both cases would not look up the scope in an index.
set plan_cache_mode = force_custom_plan
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
    from public.telemetry_analysis_runs run
    where run.scope_type = v_scope_type
      and (run.scope_id = v_scope_id or (run.scope_id is null and v_scope_id is null))
      and run.status = 'RUNNING'
      and leo.telemetry_run_deadline(run) <= v_now
  );

  if v_overdue <> '{}' then
    perform leo.time_out_telemetry_runs(v_overdue, context);
  end if;

  perform leo.set_context(context || '{"event": "request"}');

  select run.*
  into v_run
  from public.telemetry_analysis_runs run
  where run.scope_type = v_scope_type
    and (run.scope_id = v_scope_id or (run.scope_id is null and v_scope_id is null))
    and run.status in ('QUEUED', 'RUNNING')
    and (run.status = 'QUEUED' or leo.telemetry_run_deadline(run) > v_now)
  order by run.triggered_at, run.id
  limit 1;

  if found then
    return jsonb_build_object('decision', 'already_active', 'run', to_jsonb(v_run));
  end if;

  if (request ->> 'force')::boolean is not true then
    select run.*
    into v_run
    from public.telemetry_analysis_runs run
    where run.scope_type = v_scope_type
      and (run.scope_id = v_scope_id or (run.scope_id is null and v_scope_id is null))
      and run.status = 'SUCCEEDED'
      and run.finished_at > v_now - v_staleness
      and run.finished_at <= v_now
    order by run.finished_at desc
    limit 1;

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

revoke execute on function leo.request_telemetry_run(jsonb, jsonb) from public, anon, authenticated, service_role;

comment on function leo.request_telemetry_run(jsonb, jsonb) is
  'Event request: one decision per scope, with the run that it is about: already_active (QUEUED, or RUNNING '
  'within its deadline), fresh (SUCCEEDED within staleness_days, unless force), or enqueued. Called by the '
  'edge function telemetry-runs.';

create function leo.claim_telemetry_runs(request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
-- The index of the queue has the order. While a queue fills faster than it is analysed, the planner takes it
-- for short and would sort it whole for each claim.
set enable_sort = off
as $$
declare
  v_limit constant integer := coalesce((request ->> 'limit')::integer, 1);
  v_now constant timestamptz := clock_timestamp();
  v_runs jsonb;
begin
  perform leo.set_context(context || '{"event": "claim"}');

  with oldest as materialized (
    select run.id
    from public.telemetry_analysis_runs run
    where run.status = 'QUEUED'
    order by run.triggered_at, run.id
    limit v_limit
    for no key update skip locked
  ),
  claimed as (
    update public.telemetry_analysis_runs run
    set
      status = 'RUNNING',
      started_at = v_now,
      metadata = leo.with_deadline(run.metadata, v_now) || leo.pick(request, array['worker'])
    -- Not a join: with one, the planner's guess at the limit could turn into a look at every row.
    where run.id = any (array(select oldest.id from oldest))
    returning run.*
  )
  select coalesce(jsonb_agg(to_jsonb(claimed) order by claimed.triggered_at, claimed.id), '[]')
  into v_runs
  from claimed;

  return jsonb_build_object('runs', v_runs);
end
$$;

revoke execute on function leo.claim_telemetry_runs(jsonb, jsonb) from public, anon, authenticated, service_role;

comment on function leo.claim_telemetry_runs(jsonb, jsonb) is
  'Event claim: up to request.limit (1) of the oldest QUEUED runs become RUNNING for request.worker. No run is '
  'handed out twice, and nobody waits for anybody. Called by the edge functions telemetry-runs and '
  'telemetry-analyzer.';
