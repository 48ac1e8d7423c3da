-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create function leo.is_telemetry_evidence(request jsonb)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_rows_scanned constant jsonb := request -> 'output_ref' -> 'rows_scanned';
begin
  return request ->> 'reason_code' is not distinct from 'INSUFFICIENT_DATA'
    or (jsonb_typeof(v_rows_scanned) is not distinct from 'number' and v_rows_scanned::numeric > 0);
end
$$;

revoke execute on function leo.is_telemetry_evidence(jsonb) from public, anon, authenticated, service_role;

comment on function leo.is_telemetry_evidence(jsonb) is
  'Whether a run may count as SUCCEEDED: it says what it scanned (output_ref.rows_scanned), or that there was '
  'too little (reason_code INSUFFICIENT_DATA). Without this, a failed analysis passes for a fresh one.';

create function leo.move_telemetry_run(run_id uuid, request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_event constant text := context ->> 'event';
  v_masked constant jsonb := jsonb_strip_nulls(
    jsonb_build_object(
      'error_class', leo.mask_secrets(request ->> 'error_class'),
      'error_message', leo.mask_secrets(request ->> 'error_message')
    )
  );
  v_given jsonb;
  v_run public.telemetry_analysis_runs;
  v_from text;
  v_refusal jsonb;
  v_now timestamptz;
  v_answer jsonb;
begin
  v_given := case v_event
    when 'heartbeat' then '{}'
    when 'cancel' then '{}'
    when 'succeed'
      then leo.pick(request, array['output_ref', 'findings_count', 'top_bottleneck_category', 'reason_code'])
    when 'fail' then leo.pick(v_masked, array['error_class', 'error_message'])
    when 'fail_enqueue' then leo.pick(v_masked, array['error_class', 'error_message'])
  end;

  if v_given is null then
    raise exception 'move_telemetry_run does not serve the event %', coalesce(v_event, 'null');
  end if;

  perform leo.set_context(
    context || jsonb_build_object('reason', coalesce(request ->> 'reason', request ->> 'error_message'))
  );

  select run.*
  into v_run
  from public.telemetry_analysis_runs run
  where run.run_id = move_telemetry_run.run_id
  for no key update;

  if not found then
    return leo.refusal(
      'not_found', jsonb_build_object('entity', 'telemetry_run', 'id', move_telemetry_run.run_id)
    );
  end if;

  v_from := v_run.status;
  v_refusal := leo.refuse_transition('telemetry_run', v_event, v_from);

  if v_refusal is not null then
    return v_refusal;
  end if;

  if v_event = 'succeed' and not leo.is_telemetry_evidence(request) then
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

  -- Not now(): this transaction may have begun before the run was claimed.
  v_now := clock_timestamp();
  v_run := jsonb_populate_record(v_run, v_given);

  update public.telemetry_analysis_runs run
  set
    status = allowed.to_status,
    metadata = case v_event when 'heartbeat' then leo.with_deadline(run.metadata, v_now) else run.metadata end,
    finished_at = case v_event when 'heartbeat' then run.finished_at else v_now end,
    duration_ms = case v_event
      when 'heartbeat' then run.duration_ms else leo.duration_ms(run.started_at, v_now)
    end,
    output_ref = v_run.output_ref,
    findings_count = v_run.findings_count,
    top_bottleneck_category = v_run.top_bottleneck_category,
    reason_code = v_run.reason_code,
    error_class = v_run.error_class,
    error_message = v_run.error_message
  from leo.state_transitions_allowed allowed
  where run.id = v_run.id
    and allowed.machine = 'telemetry_run'
    and allowed.event = v_event
    and allowed.from_status = v_from
  returning run.* into v_run;

  v_answer := jsonb_build_object('run', to_jsonb(v_run), 'from', v_from);

  if v_event in ('succeed', 'fail') and jsonb_typeof(request -> 'claim_next') = 'object' then
    v_answer := v_answer || jsonb_build_object(
      'next',
      leo.claim_telemetry_runs(request -> 'claim_next' || '{"limit": 1}', context - 'reason') -> 'runs' -> 0
    );
  end if;

  return v_answer;
end
$$;

revoke execute on function leo.move_telemetry_run(uuid, jsonb, jsonb)
  from public, anon, authenticated, service_role;

comment on function leo.move_telemetry_run(uuid, jsonb, jsonb) is
  'Events heartbeat, succeed, fail, cancel and fail_enqueue of a run, by run_id; from is the status that it '
  'left. succeed and fail hand out the next run of the queue with request.claim_next: next, null where there '
  'is none. Refuses with not_found, illegal_transition (current, event, allowed), or invalid_request for a '
  'success without evidence. Called by the edge functions telemetry-runs and telemetry-analyzer.';
