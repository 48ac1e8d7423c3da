-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- For an operator with SQL access, when a row is stuck where no event leads out. It changes the status and
-- nothing else; times, scores and the like are the operator's to set right. What holds for every row still
-- holds: checks, unique constraints, and that a completed session has no incomplete required checkpoint.
create function leo.override_status(machine text, id uuid, status text, reason text)
returns public.state_transitions
language plpgsql
set search_path = ''
as $$
declare
  v_statuses text[];
  v_row_count integer;
  v_transition public.state_transitions;
begin
  v_statuses := array(
    select allowed.from_status
    from leo.state_transitions_allowed allowed
    where allowed.machine = override_status.machine and allowed.from_status is not null
    union
    select allowed.to_status from leo.state_transitions_allowed allowed where allowed.machine = override_status.machine
    order by 1
  );

  if v_statuses = '{}' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('there is no state machine "%s"', override_status.machine),
      hint = (
        select format('There are %s.', string_agg(distinct allowed.machine, ', '))
        from leo.state_transitions_allowed allowed
      );
  end if;

  if override_status.status <> all (v_statuses) or override_status.status is null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('%s has no status "%s"', override_status.machine, override_status.status),
      hint = format('It has %s.', array_to_string(v_statuses, ', '));
  end if;

  if coalesce(override_status.reason, '') !~ '\S' then
    raise exception using errcode = 'invalid_parameter_value', message = 'an override needs a reason';
  end if;

  perform leo.set_context('{"event": "override"}');

  insert into leo.status_overrides (machine, entity_id, reason)
  values (override_status.machine, override_status.id, override_status.reason);

  case override_status.machine
    when 'exec_session' then
      update public.exec_implementation_sessions session
      set status = override_status.status, updated_at = now()
      where session.id = override_status.id;
    when 'quality_checkpoint' then
      update public.exec_quality_checkpoints checkpoint
      set is_complete = override_status.status = 'complete', updated_at = now()
      where checkpoint.id = override_status.id;
    when 'handoff' then
      update public.exec_handoff_preparations handoff
      set handoff_status = override_status.status, updated_at = now()
      where handoff.id = override_status.id;
    when 'telemetry_run' then
      update public.telemetry_analysis_runs run
      set status = override_status.status
      where run.run_id = override_status.id;
    when 'okr_generation' then
      update public.okr_generation_log generation
      set status = override_status.status
      where generation.id = override_status.id;
  end case;

  get diagnostics v_row_count = row_count;

  if v_row_count = 0 then
    raise exception using
      errcode = 'no_data_found',
      message = format('there is no %s with id %s', override_status.machine, override_status.id);
  end if;

  -- The trigger has not used the permission: nothing moved.
  if exists (
    select from leo.status_overrides permitted where permitted.transaction_id = pg_current_xact_id()
  ) then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('%s %s is %s already', override_status.machine, override_status.id, override_status.status);
  end if;

  perform leo.set_context('{}');

  select transition.*
  into v_transition
  from public.state_transitions transition
  where transition.entity_id = override_status.id and transition.machine = override_status.machine
  order by transition.id desc
  limit 1;

  return v_transition;
end
$$;

revoke execute on function leo.override_status(text, uuid, text, text) from public, anon, authenticated, service_role;

comment on function leo.override_status(text, uuid, text, text) is
  'Sets a status past the state machine, for operators (postgres) only: '
  'select * from leo.override_status(''telemetry_run'', ''<run_id>'', ''FAILED'', ''why''). Recorded as event '
  'override with the reason; returns that row of the history.';
