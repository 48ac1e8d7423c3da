-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- When a telemetry run should have ended. A worker that dies says nothing, so every running run has a
-- deadline, also one that a client set RUNNING by itself.

create function leo.telemetry_run_timeout(metadata jsonb)
returns interval
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_timeout_ms constant jsonb := metadata -> 'timeout_ms';
begin
  -- metadata is anybody's: what is no sensible number, at most a day, counts as not given.
  return interval '1 millisecond' * case
    when jsonb_typeof(v_timeout_ms) <> 'number' then 120000
    when v_timeout_ms::numeric between 1 and 86400000 then v_timeout_ms::double precision
    else 120000
  end;
end
$$;

revoke execute on function leo.telemetry_run_timeout(jsonb) from public, anon, authenticated, service_role;

comment on function leo.telemetry_run_timeout(jsonb) is
  'How long a run may go without a sign of life: metadata.timeout_ms, or two minutes.';

create function leo.telemetry_run_deadline(run public.telemetry_analysis_runs)
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
declare
  -- No timeout is longer than a day, so this is never too early, and no row is active for ever, whatever else
  -- it says. One that says it was last changed in the future is not believed at all.
  v_latest constant timestamptz := case
    when run.updated_at <= clock_timestamp() then run.updated_at + interval '1 day'
    else '-infinity'
  end;
  v_deadline timestamptz;
begin
  -- What clients wrote may be no time, or one that no timeout can be added to: such a row must not keep the
  -- sweep from its work.
  begin
    v_deadline := (run.metadata ->> 'deadline_at')::timestamptz;
  exception
    when data_exception then
      null;
  end;

  begin
    v_deadline := coalesce(v_deadline, coalesce(run.started_at, run.updated_at) + leo.telemetry_run_timeout(run.metadata));
  exception
    when data_exception then
      null;
  end;

  return least(v_deadline, v_latest);
end
$$;

revoke execute on function leo.telemetry_run_deadline(public.telemetry_analysis_runs)
  from public, anon, authenticated, service_role;

comment on function leo.telemetry_run_deadline(public.telemetry_analysis_runs) is
  'When a running run is overdue: metadata.deadline_at, or its timeout after the start where a client left '
  'that out; a day after its last change at the latest.';

create function leo.with_deadline(metadata jsonb, at timestamptz)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return case jsonb_typeof(metadata) when 'object' then metadata else '{}' end
    || jsonb_build_object('deadline_at', at + leo.telemetry_run_timeout(metadata));
end
$$;

revoke execute on function leo.with_deadline(jsonb, timestamptz)
  from public, anon, authenticated, service_role;

comment on function leo.with_deadline(jsonb, timestamptz) is
  'The metadata of a run that gave a sign of life: deadline_at is its timeout from then.';

create function leo.duration_ms(started_at timestamptz, finished_at timestamptz)
returns integer
language plpgsql
immutable
strict
set search_path = ''
as $$
begin
  if not isfinite(duration_ms.started_at) then
    return null;
  end if;

  -- started_at may come from a client with a clock of its own; integer ends after 24 days.
  return least(greatest(extract(epoch from finished_at - started_at) * 1000, 0), 2147483647)::integer;
end
$$;

revoke execute on function leo.duration_ms(timestamptz, timestamptz)
  from public, anon, authenticated, service_role;

comment on function leo.duration_ms(timestamptz, timestamptz) is
  'Whole milliseconds between two times, from 0 to the greatest integer; null where either is.';

create function leo.time_out_telemetry_runs(ids uuid[], context jsonb)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  perform leo.set_context(context || '{"event": "time_out", "reason": "past its deadline"}');

  update public.telemetry_analysis_runs run
  set
    status = 'TIMED_OUT',
    finished_at = clock_timestamp(),
    duration_ms = leo.duration_ms(run.started_at, clock_timestamp()),
    reason_code = 'DEADLINE_EXCEEDED'
  where run.id = any (time_out_telemetry_runs.ids)
    -- Looked at again when the row is locked: the worker may have given a sign of life meanwhile.
    and run.status = 'RUNNING'
    and leo.telemetry_run_deadline(run) <= clock_timestamp();

  get diagnostics v_count = row_count;

  return v_count;
end
$$;

revoke execute on function leo.time_out_telemetry_runs(uuid[], jsonb)
  from public, anon, authenticated, service_role;

comment on function leo.time_out_telemetry_runs(uuid[], jsonb) is
  'Event time_out: those of the runs (by id, not run_id) that are RUNNING and past their deadline become '
  'TIMED_OUT; returns how many. Called by the sweep, and by a request for the same scope.';
