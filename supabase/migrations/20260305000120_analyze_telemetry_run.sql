-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- What a worker does with a run that it has claimed. Both functions answer with the run as it stands then,
-- beside a refusal too: whoever worked on it learns how it ended.

create function leo.with_run(answer jsonb, run_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
  -- Volatile, so that it sees what was committed while the move waited for it.
  return coalesce(
    (
      select jsonb_build_object('run', to_jsonb(run)) || with_run.answer
      from public.telemetry_analysis_runs run
      where run.run_id = with_run.run_id
    ),
    with_run.answer
  );
end
$$;

revoke execute on function leo.with_run(jsonb, uuid) from public, anon, authenticated, service_role;

comment on function leo.with_run(jsonb, uuid) is
  'The answer, with the telemetry run as it stands where it brings none and there is one.';

create function leo.analyze_telemetry_run(run_id uuid, request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_run public.telemetry_analysis_runs;
  v_refusal jsonb;
  v_event text := 'succeed';
  v_outcome jsonb;
begin
  -- Without a lock: the run can be cancelled or timed out while it is analysed. What it ends with is decided
  -- by the move, under a lock.
  select run.* into v_run from public.telemetry_analysis_runs run where run.run_id = analyze_telemetry_run.run_id;

  if not found then
    return leo.refusal(
      'not_found', jsonb_build_object('entity', 'telemetry_run', 'id', analyze_telemetry_run.run_id)
    );
  end if;

  v_refusal := leo.refuse_transition('telemetry_run', v_event, v_run.status);

  if v_refusal is not null then
    return leo.with_run(v_refusal, analyze_telemetry_run.run_id);
  end if;

  begin
    -- As of the claim, so that another look at the same metrics finds the same. A client's clock may be ahead.
    v_outcome := leo.find_bottlenecks(
      v_run.scope_type, v_run.scope_id, least(v_run.started_at, clock_timestamp())
    );
  exception
    when no_data_found then
      v_event := 'fail';
      v_outcome := jsonb_build_object('error_class', 'unknown_scope', 'error_message', sqlerrm);
    -- A cancelled query is not among the others: whoever stopped it would wait for a work that goes on.
    when others then
      v_event := 'fail';
      v_outcome := jsonb_build_object('error_class', 'sqlstate_' || sqlstate, 'error_message', left(sqlerrm, 2000));
  end;

  return leo.with_run(
    leo.move_telemetry_run(
      analyze_telemetry_run.run_id, v_outcome, context || jsonb_build_object('event', v_event)
    ),
    analyze_telemetry_run.run_id
  );
end
$$;

revoke execute on function leo.analyze_telemetry_run(uuid, jsonb, jsonb)
  from public, anon, authenticated, service_role;

comment on function leo.analyze_telemetry_run(uuid, jsonb, jsonb) is
  'Analyses a RUNNING run, by run_id, and records the outcome: succeed with what find_bottlenecks finds, or fail '
  'with error_class unknown_scope or sqlstate_<code> where the metrics could not be read. The run is not locked '
  'meanwhile: one that was cancelled or timed out stays so, and the answer is a refusal, beside run as it '
  'stands. To be called with a statement_timeout that ends at the deadline of the run. Called by the edge '
  'function telemetry-analyzer.';

create function leo.abandon_telemetry_run(run_id uuid, request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_id constant uuid := (
    select run.id from public.telemetry_analysis_runs run where run.run_id = abandon_telemetry_run.run_id
  );
  v_answer jsonb := '{}';
begin
  if leo.time_out_telemetry_runs(array[v_id], context) = 0 then
    v_answer := leo.move_telemetry_run(abandon_telemetry_run.run_id, request, context || '{"event": "fail"}');
  end if;

  return leo.with_run(v_answer, abandon_telemetry_run.run_id);
end
$$;

revoke execute on function leo.abandon_telemetry_run(uuid, jsonb, jsonb)
  from public, anon, authenticated, service_role;

comment on function leo.abandon_telemetry_run(uuid, jsonb, jsonb) is
  'Ends a RUNNING run, by run_id, whose analysis broke off: past its deadline as the sweep would (TIMED_OUT), '
  'before it with event fail and the error_class and error_message of the request. A run that has ended '
  'already stays as it is, and the answer is a refusal, beside run as it stands. Called by the edge function '
  'telemetry-analyzer.';
