-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- A worker finishes a run and claims the next one in one update. What an update costs beside its rows, above all
-- guard and history, which see a statement as a whole, is paid once and not twice. With the guard of the next
-- migration, a run takes the server less than half the processor time that it took before.

create function leo.finish_and_claim_telemetry_runs(
  finished_run_id uuid,
  outcome jsonb,
  claim jsonb,
  out finished jsonb,
  out claimed jsonb
)
language plpgsql
set search_path = ''
-- The index of the queue has the order. While a queue fills faster than it is analysed, the planner takes it
-- for short and would sort it whole for each claim.
set enable_sort = off
-- A plan for the very limit would be made anew each time, which takes longer than to carry it out.
set plan_cache_mode = force_generic_plan
as $$
declare
  v_limit constant integer := case when claim is null then 0 else coalesce((claim ->> 'limit')::integer, 1) end;
  v_worker constant jsonb := jsonb_strip_nulls(jsonb_build_object('worker', claim -> 'worker'));
  -- Not now(): this transaction may have begun before a run was claimed.
  v_now constant timestamptz := clock_timestamp();
begin
  with finishing as materialized (
    select run.id
    from public.telemetry_analysis_runs run
    where run.run_id = finished_run_id and run.status = 'RUNNING'
    for no key update
  ),
  moved as (
    update public.telemetry_analysis_runs run
    set
      status = case run.run_id when finished_run_id then 'SUCCEEDED' else 'RUNNING' end,
      started_at = case run.run_id when finished_run_id then run.started_at else v_now end,
      metadata = case run.run_id
        when finished_run_id then run.metadata else leo.with_deadline(run.metadata, v_now) || v_worker
      end,
      finished_at = case run.run_id when finished_run_id then v_now else run.finished_at end,
      duration_ms = case run.run_id
        when finished_run_id then leo.duration_ms(run.started_at, v_now) else run.duration_ms
      end,
      output_ref = case run.run_id
        when finished_run_id then coalesce(nullif(outcome -> 'output_ref', 'null'), run.output_ref) else run.output_ref
      end,
      findings_count = case run.run_id
        when finished_run_id then coalesce((outcome ->> 'findings_count')::integer, run.findings_count)
        else run.findings_count
      end,
      top_bottleneck_category = case run.run_id
        when finished_run_id then coalesce(outcome ->> 'top_bottleneck_category', run.top_bottleneck_category)
        else run.top_bottleneck_category
      end,
      reason_code = case run.run_id
        when finished_run_id then coalesce(outcome ->> 'reason_code', run.reason_code) else run.reason_code
      end
    -- Not a join: with one, the planner's guess at the limit could turn into a look at every row.
    where run.id = any (
      array_append(
        array(
          select queued.id
          from public.telemetry_analysis_runs queued
          where queued.status = 'QUEUED'
          order by queued.triggered_at, queued.id
          -- Nobody gets another run for one that is not theirs to finish any more.
          limit case
            when finished_run_id is null or exists (select from finishing) then v_limit else 0
          end
          for no key update skip locked
        ),
        (select finishing.id from finishing)
      )
    )
    returning run.*
  )
  select
    (jsonb_agg(to_jsonb(moved)) filter (where moved.run_id = finished_run_id)) -> 0,
    coalesce(
      jsonb_agg(to_jsonb(moved) order by moved.triggered_at, moved.id) filter (where moved.status = 'RUNNING'), '[]'
    )
  into finished, claimed
  from moved;
end
$$;

revoke execute on function leo.finish_and_claim_telemetry_runs(uuid, jsonb, jsonb)
  from public, anon, authenticated, service_role;

comment on function leo.finish_and_claim_telemetry_runs(uuid, jsonb, jsonb) is
  'The run becomes SUCCEEDED with what the outcome says, if it is RUNNING; if it is not, nothing happens and finished '
  'is null. Up to claim.limit (1) of the oldest QUEUED ones become RUNNING for claim.worker. Either may be null. '
  'Called by the events claim and succeed, which have set the context.';

create or replace function leo.claim_telemetry_runs(request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
  perform leo.set_context(context || '{"event": "claim"}');

  return jsonb_build_object(
    'runs', (leo.finish_and_claim_telemetry_runs(null, null, request)).claimed
  );
end
$$;

revoke execute on function leo.claim_telemetry_runs(jsonb, jsonb) from public, anon, authenticated, service_role;

create or replace function leo.move_telemetry_run(run_id uuid, request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_event constant text := context ->> 'event';
  v_reason constant text := coalesce(request ->> 'reason', request ->> 'error_message');
  v_is_evident constant boolean := v_event = 'succeed' and leo.is_telemetry_evidence(request);
  v_claim constant jsonb := case
    when v_event in ('succeed', 'fail') and jsonb_typeof(request -> 'claim_next') = 'object'
      then request -> 'claim_next' || '{"limit": 1}'
  end;
  -- One update says one reason, and that of the run is none of the next one.
  v_claims_along constant boolean := v_claim is not null and v_event = 'succeed' and v_reason is null;
  v_tried boolean := false;
  v_from text;
  v_run jsonb;
  v_next jsonb;
  v_moved record;
  v_refusal jsonb;
  v_now timestamptz;
begin
  if v_event in ('heartbeat', 'succeed', 'fail', 'cancel', 'fail_enqueue') is not true then
    raise exception 'move_telemetry_run does not serve the event %', coalesce(v_event, 'null');
  end if;

  perform leo.set_context(context || jsonb_build_object('reason', v_reason));

  loop
    -- A success is tried, which is one statement, and explained only where it may not be.
    if v_is_evident then
      v_moved := leo.finish_and_claim_telemetry_runs(run_id, request, case when v_claims_along then v_claim end);
      v_from := 'RUNNING';
      v_run := v_moved.finished;
      v_next := v_moved.claimed -> 0;
      exit when v_run is not null;
    end if;

    select run.status
    into v_from
    from public.telemetry_analysis_runs run
    where run.run_id = move_telemetry_run.run_id
    for no key update;

    if not found then
      return leo.refusal(
        'not_found', jsonb_build_object('entity', 'telemetry_run', 'id', move_telemetry_run.run_id)
      );
    end if;

    v_refusal := leo.refuse_transition('telemetry_run', v_event, v_from);

    if v_refusal is not null then
      return v_refusal;
    end if;

    if v_event = 'succeed' and not v_is_evident then
      return leo.refusal(
        'invalid_request',
        jsonb_build_object(
          'issues', jsonb_build_array(
            jsonb_build_object(
              'path', jsonb_build_array('output_ref', 'rows_scanned'),
              'message', 'Say how many rows were scanned, or send reason_code INSUFFICIENT_DATA.'
            )
          )
        )
      );
    end if;

    -- It was claimed between the two looks; it is locked now, so that the next try is the last.
    if v_is_evident then
      if v_tried then
        raise exception 'telemetry_run % is % and could not be made SUCCEEDED', move_telemetry_run.run_id, v_from;
      end if;

      v_tried := true;
      continue;
    end if;

    -- Not now(): this transaction may have begun before the run was claimed.
    v_now := clock_timestamp();

    update public.telemetry_analysis_runs run
    set
      status = allowed.to_status,
      metadata = case v_event when 'heartbeat' then leo.with_deadline(run.metadata, v_now) else run.metadata end,
      finished_at = case v_event when 'heartbeat' then run.finished_at else v_now end,
      duration_ms = case v_event
        when 'heartbeat' then run.duration_ms else leo.duration_ms(run.started_at, v_now)
      end,
      error_class = case
        when v_event in ('fail', 'fail_enqueue')
          then coalesce(leo.mask_secrets(request ->> 'error_class'), run.error_class)
        else run.error_class
      end,
      error_message = case
        when v_event in ('fail', 'fail_enqueue')
          then coalesce(leo.mask_secrets(request ->> 'error_message'), run.error_message)
        else run.error_message
      end
    from leo.state_transitions_allowed allowed
    where run.run_id = move_telemetry_run.run_id
      and allowed.machine = 'telemetry_run'
      and allowed.event = v_event
      and allowed.from_status = v_from
    returning to_jsonb(run) into v_run;

    exit;
  end loop;

  if v_claim is not null and not v_claims_along then
    v_next := leo.claim_telemetry_runs(v_claim, context - 'reason') -> 'runs' -> 0;
  end if;

  return jsonb_build_object('run', v_run, 'from', v_from)
    || case when v_claim is null then '{}' else jsonb_build_object('next', v_next) end;
end
$$;

revoke execute on function leo.move_telemetry_run(uuid, jsonb, jsonb)
  from public, anon, authenticated, service_role;
