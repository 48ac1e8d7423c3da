-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create function leo.doctor_of_history()
returns setof leo.finding
language plpgsql
stable
set search_path = ''
as $$
begin
  -- What the history says last about a row has to be what the row says. The row is what everybody goes by, so it
  -- is the history that gets an entry.
  return query
  with latest as materialized (
    select distinct on (transition.machine, transition.entity_id)
      transition.machine, transition.entity_id, transition.to_status, transition.id
    from public.state_transitions transition
    order by transition.machine, transition.entity_id, transition.id desc
  ),
  entities as (
    select
      'exec_session' as machine, 'exec_implementation_sessions' as table_name, session.id, session.sd_id,
      session.status
    from public.exec_implementation_sessions session
    union all
    select
      'quality_checkpoint', 'exec_quality_checkpoints', checkpoint.id, checkpoint.sd_id,
      case when checkpoint.is_complete then 'complete' else 'incomplete' end
    from public.exec_quality_checkpoints checkpoint
    union all
    select 'handoff', 'exec_handoff_preparations', handoff.id, handoff.sd_id, handoff.handoff_status
    from public.exec_handoff_preparations handoff
    union all
    select 'telemetry_run', 'telemetry_analysis_runs', run.run_id, null, run.status
    from public.telemetry_analysis_runs run
    union all
    select 'okr_generation', 'okr_generation_log', generation.id, null, generation.status
    from public.okr_generation_log generation
  )
  select
    case when latest.machine is null then 'history_missing' else 'history_contradicts_status' end,
    entity.table_name,
    entity.id::text,
    case
      when latest.machine is null then
        format('%s, and the history knows nothing of it', coalesce(entity.status, 'null'))
      else
        format(
          '%s, but the history ends with %s', coalesce(entity.status, 'null'), coalesce(latest.to_status, 'null')
        )
    end,
    format(
      'insert into public.state_transitions (machine, entity_id, sd_id, event, from_status, to_status, actor, reason)'
      ' select %L, %2$L, %L, %L, %L, %L, current_user, ''not recorded at the time'' where (select max(id)'
      ' from public.state_transitions where entity_id = %2$L and machine = %1$L) is not distinct from %7$L;',
      entity.machine,
      entity.id,
      entity.sd_id,
      case when latest.machine is null then 'insert' else 'override' end,
      latest.to_status,
      entity.status,
      latest.id
    )
  from entities entity
  left join latest on latest.machine = entity.machine and latest.entity_id = entity.id
  where latest.machine is null or latest.to_status is distinct from entity.status;
end
$$;

revoke execute on function leo.doctor_of_history() from public, anon, authenticated, service_role;

comment on function leo.doctor_of_history() is
  'Rows of every state machine whose history is missing or ends with another status. Called by leo.doctor().';

create function leo.doctor_of_the_rest()
returns setof leo.finding
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  select
    'membership_undecided',
    'user_company_access',
    access.id::text,
    format('is_active of user %s in company %s is null, which gives no access', access.user_id, access.company_id),
    format('update public.user_company_access set is_active = false where id = %L and is_active is null;', access.id)
  from public.user_company_access access
  where access.is_active is null;

  -- Those under way are seen by their own transaction alone.
  return query
  select
    'override_unused',
    'leo.status_overrides',
    permitted.entity_id::text,
    format('an override of %s that its transaction left behind: %s', permitted.machine, left(permitted.reason, 100)),
    format(
      'delete from leo.status_overrides where transaction_id = %L and machine = %L and entity_id = %L;',
      permitted.transaction_id, permitted.machine, permitted.entity_id
    )
  from leo.status_overrides permitted;

  return query
  select
    'idempotency_key_unanswered',
    'leo.idempotency_keys',
    used.caller || ' ' || used.key,
    format('without an answer since %s; whoever repeats the request gets none', used.created_at),
    format(
      'delete from leo.idempotency_keys where caller = %L and key = %L and answer is null and created_at = %L;',
      used.caller, used.key, used.created_at
    )
  from leo.idempotency_keys used
  where used.answer is null and used.created_at < now() - interval '1 hour';
end
$$;

revoke execute on function leo.doctor_of_the_rest() from public, anon, authenticated, service_role;

comment on function leo.doctor_of_the_rest() is
  'Memberships that nobody has decided upon, and what overrides and idempotent requests left behind. Called by '
  'leo.doctor().';
