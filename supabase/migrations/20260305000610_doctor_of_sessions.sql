-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create function leo.doctor_of_sessions()
returns setof leo.finding
language plpgsql
stable
set search_path = ''
as $$
declare
  v_alive_since constant timestamptz := now() - leo.session_stale_after() - interval '5 minutes';
  v_latest constant timestamptz := now() + interval '1 day';
begin
  return query
  select
    'session_silent',
    'exec_implementation_sessions',
    session.id::text,
    format(
      'active, without a sign of life since %s%s', leo.last_sign_of_life(session),
      case when sibling.statuses @> '{paused}' then '; the directive has a paused session already' end
    ),
    case
      when not sibling.statuses @> '{paused}' then 'select leo.sweep(''{}'', ''{}'');'
      when not sibling.statuses @> '{cancelled,failed}' then
        format(
          'select leo.move_exec_session(session.id, ''{"reason": "no sign of life"}'', ''{"event": "%s"}'')'
          ' from public.exec_implementation_sessions session where session.id = %L and session.status = ''active'''
          ' and leo.last_sign_of_life(session) < now() - leo.session_stale_after();',
          case when sibling.statuses @> '{cancelled}' then 'fail' else 'cancel' end,
          session.id
        )
    end
  from public.exec_implementation_sessions session
  cross join lateral (
    select array(
      select other.status
      from public.exec_implementation_sessions other
      where other.sd_id = session.sd_id and other.id <> session.id
    ) as statuses
  ) as sibling
  where session.status = 'active'
    and (session.updated_at between v_alive_since and v_latest) is not true
    and leo.last_sign_of_life(session) < v_alive_since;

  return query
  select
    'session_ended_without_time',
    'exec_implementation_sessions',
    session.id::text,
    format('%s without completed_at', session.status),
    format(
      'update public.exec_implementation_sessions set completed_at = %L where id = %L and completed_at is null'
      ' and status = %L;',
      greatest(
        coalesce(
          leo.last_entered_at('exec_session', session.id, session.status), leo.believable(session.updated_at), now()
        ),
        leo.believable(session.started_at)
      ),
      session.id,
      session.status
    )
  from public.exec_implementation_sessions session
  where session.completed_at is null and session.status in ('completed', 'failed', 'cancelled');

  return query
  select
    'session_open_with_end',
    'exec_implementation_sessions',
    session.id::text,
    format('%s, but completed_at is %s', session.status, session.completed_at),
    format(
      'update public.exec_implementation_sessions set completed_at = null where id = %L'
      ' and status in (''active'', ''paused'') and completed_at is not null;',
      session.id
    )
  from public.exec_implementation_sessions session
  where session.completed_at is not null and session.status in ('active', 'paused');

  return query
  select
    'session_ends_before_start',
    'exec_implementation_sessions',
    session.id::text,
    format('started at %s and ended before that, at %s', session.started_at, session.completed_at),
    format(
      'update public.exec_implementation_sessions set started_at = least(created_at, completed_at) where id = %L'
      ' and completed_at < started_at;',
      session.id
    )
  from public.exec_implementation_sessions session
  where session.completed_at < session.started_at
    and session.status in ('completed', 'failed', 'cancelled')
    -- Otherwise one of them is out of range, which comes first.
    and session.completed_at > '-infinity'
    and session.started_at <= v_latest;

  return query
  select
    'session_times_out_of_range',
    'exec_implementation_sessions',
    session.id::text,
    mended.detail,
    mended.fix
  from public.exec_implementation_sessions session
  -- One that is open has none, whatever its row says: see session_open_with_end.
  cross join lateral (
    values (case when session.status in ('completed', 'failed', 'cancelled') then session.completed_at end)
  ) as ended (at)
  cross join lateral (
    select
      coalesce(
        leo.believable(ended.at),
        case
          when ended.at is not null then
            greatest(
              coalesce(
                leo.last_entered_at('exec_session', session.id, session.status),
                leo.believable(session.updated_at),
                now()
              ),
              leo.believable(session.started_at)
            )
        end
      ) as completed_at
  ) as known
  cross join lateral leo.mend_times(
    'public.exec_implementation_sessions',
    format('id = %L', session.id),
    array['started_at', 'completed_at', 'created_at', 'updated_at'],
    array[session.started_at, ended.at, session.created_at, session.updated_at],
    array[
      least(coalesce(leo.believable(session.created_at), now()), known.completed_at),
      known.completed_at,
      coalesce(leo.believable(session.started_at), leo.believable(session.updated_at), now()),
      -- Not the present, which would be a sign of life.
      coalesce(leo.believable(leo.last_sign_of_life(session)), now())
    ]
  ) as mended
  where least(session.started_at, ended.at, session.created_at, session.updated_at) = '-infinity'
    or greatest(session.started_at, ended.at, session.created_at, session.updated_at) > v_latest;

  return query
  select
    'session_completed_with_open_gates',
    'exec_implementation_sessions',
    session.id::text,
    format('completed, with incomplete required gates: %s', gates.names),
    case
      -- Where reopening it would contradict what has come of it, or is not possible.
      when exists (
        select
        from public.exec_handoff_preparations handoff
        where handoff.session_id = session.id and handoff.handoff_status in ('sent', 'accepted')
      ) or exists (
        select
        from public.exec_implementation_sessions other
        where other.sd_id = session.sd_id and other.status in ('active', 'paused')
      ) then
        format(
          'update public.exec_quality_checkpoints gate set is_required = false'
          ' from public.exec_implementation_sessions session where session.id = %L and session.status = ''completed'''
          ' and gate.session_id = session.id and gate.is_required is distinct from false'
          ' and gate.is_complete is distinct from true;',
          session.id
        )
      else
        format(
          E'select leo.override_status(''exec_session'', session.id, ''active'', ''completed with open gates'')'
          ' from public.exec_implementation_sessions session where session.id = %1$L and session.status = ''completed'''
          ' and exists (select from leo.incomplete_gates gate where gate.session_id = session.id);\n'
          'update public.exec_implementation_sessions set completed_at = null where id = %1$L'
          ' and status = ''active'' and completed_at is not null;',
          session.id
        )
    end
  from public.exec_implementation_sessions session
  join (
    select
      gate.session_id,
      left(string_agg(left(gate.checkpoint_name, 40), ', ' order by gate.checkpoint_name), 200) as names
    from leo.incomplete_gates gate
    group by gate.session_id
  ) as gates on gates.session_id = session.id
  where session.status = 'completed';

  return query
  select
    'session_orphaned',
    'exec_implementation_sessions',
    session.id::text,
    format('there is no directive %s', session.sd_id),
    format(
      E'delete from public.exec_quality_checkpoints where session_id = %1$L%2$s;\n'
      'delete from public.exec_handoff_preparations where session_id = %1$L%2$s;\n'
      'delete from public.exec_implementation_sessions where id = %1$L%2$s;',
      session.id,
      format(' and not exists (select from public.strategic_directives_v2 where id = %L)', session.sd_id)
    )
  from public.exec_implementation_sessions session
  where not exists (select from public.strategic_directives_v2 sd where sd.id = session.sd_id);

  -- Only where the history is whole: rows from before it begin in the middle.
  return query
  select
    'session_attempt_contradicts_history',
    'exec_implementation_sessions',
    session.id::text,
    format('attempt is %s, but it became active %s times', session.attempt, history.attempts),
    case
      when session.attempt < history.attempts then
        -- Never lower: somebody might hold the number. It takes the trigger that keeps everybody else from this.
        format(
          E'begin;\nset local lock_timeout = ''2s'';\n'
          'alter table public.exec_implementation_sessions disable trigger count_attempts;\n'
          'update public.exec_implementation_sessions set attempt = %1$s where id = %2$L and attempt < %1$s;\n'
          'alter table public.exec_implementation_sessions enable trigger count_attempts;\ncommit;',
          history.attempts, session.id
        )
      else
        -- The attempts that were not recorded, each with its way back to the status that the session has.
        format(
          'insert into public.state_transitions (machine, entity_id, sd_id, event, from_status, to_status, actor,'
          ' reason) select ''exec_session'', id, sd_id, ''override'', move.was, move.now, current_user,'
          ' ''attempt that was not recorded'' from public.exec_implementation_sessions,'
          ' generate_series(1, %1$s) as missing (number), (values (1, %2$L, %3$L), (2, %3$L, %2$L))'
          ' as move (place, was, now) where id = %4$L and status = %2$L and %5$s = (select max(transition.id)'
          ' from public.state_transitions transition where transition.entity_id = %4$L)'
          ' order by missing.number, move.place;',
          session.attempt - history.attempts,
          session.status,
          case session.status when 'active' then 'paused' else 'active' end,
          session.id,
          history.last_id
        )
    end
  from public.exec_implementation_sessions session
  join (
    select
      transition.entity_id,
      1 + count(*) filter (where transition.from_status is not null and transition.to_status = 'active') as attempts,
      max(transition.id) as last_id
    from public.state_transitions transition
    where transition.machine = 'exec_session'
    group by transition.entity_id
    having bool_or(transition.from_status is null)
  ) as history on history.entity_id = session.id
  where session.attempt <> history.attempts;
end
$$;

revoke execute on function leo.doctor_of_sessions() from public, anon, authenticated, service_role;

comment on function leo.doctor_of_sessions() is
  'What is wrong with implementation sessions: silent, times that contradict their status or cannot be, completed '
  'with open gates, without a directive, an attempt that the history does not bear out. Called by leo.doctor().';

create function leo.doctor_of_directives()
returns setof leo.finding
language plpgsql
stable
set search_path = ''
as $$
begin
  -- The events keep a directive to one session that is open or completed; unique (sd_id, status) alone does not. The
  -- furthest stays: beside a completed session no other can be completed, nor paused beside a paused one. Those that
  -- go can be retried once there is room for them.
  return query
  select
    'directive_with_two_sessions',
    'exec_implementation_sessions',
    extra.id::text,
    format(
      '%s, beside session %s of the same directive, which is %s%s', extra.status, extra.first_id, extra.first_status,
      case when ending.event is null then '; its failed or its cancelled session has to go first' end
    ),
    case
      when ending.event is not null then
        format(
          'select leo.move_exec_session(%L, ''{"reason": "another session of the directive stands"}'','
          ' ''{"event": "%s"}'') from public.exec_implementation_sessions where id = %L and status = %L;',
          extra.id, ending.event, extra.first_id, extra.first_status
        )
    end
  from (
    select
      session.*,
      row_number() over of_directive as place,
      first_value(session.id) over of_directive as first_id,
      first_value(session.status) over of_directive as first_status
    from public.exec_implementation_sessions session
    where session.status in ('active', 'paused', 'completed')
    window of_directive as (
      partition by session.sd_id
      order by array_position(array['completed', 'active', 'paused'], session.status::text), session.id
    )
  ) as extra
  left join lateral (
    select way.event
    from (values (1, 'cancel', 'cancelled'), (2, 'fail', 'failed')) as way (place, event, status)
    where not exists (
      select
      from public.exec_implementation_sessions other
      where other.sd_id = extra.sd_id and other.status = way.status
    )
    order by way.place
    -- The third of three takes what the second leaves.
    offset extra.place - 2
    limit 1
  ) as ending on true
  where extra.place > 1;

  -- The two sides of what the trigger update_sd_after_exec_completion does. A directive in another phase, LEAD_FINAL
  -- or one that only the full system knows, has been moved on by somebody.
  return query
  select
    'directive_behind_its_session',
    'strategic_directives_v2',
    sd.id::text,
    format('in %s, though its session %s is completed', coalesce(sd.current_phase, 'no phase'), completed.id),
    format(
      'update public.strategic_directives_v2 set current_phase = ''PLAN_VERIFY'', phase_progress = 0,'
      ' progress_percentage = greatest(progress_percentage, 70), is_working_on = false, active_session_id = null,'
      ' updated_at = current_timestamp where id = %L and current_phase is not distinct from %L'
      ' and exists (select from public.exec_implementation_sessions where id = %L and status = ''completed'');',
      sd.id, sd.current_phase, completed.id
    )
  from public.strategic_directives_v2 sd
  join public.exec_implementation_sessions completed on completed.sd_id = sd.id and completed.status = 'completed'
  where coalesce(sd.current_phase, 'LEAD_APPROVAL') in ('LEAD_APPROVAL', 'PLAN_PRD', 'EXEC_IMPLEMENTATION')
    and not exists (
      select
      from public.exec_implementation_sessions other
      where other.sd_id = sd.id and other.status in ('active', 'paused')
    );

  return query
  select
    'directive_ahead_of_its_session',
    'strategic_directives_v2',
    sd.id::text,
    format('in PLAN_VERIFY, though its session %s is %s', open.id, open.status),
    format(
      'update public.strategic_directives_v2 set current_phase = ''EXEC_IMPLEMENTATION'','
      ' updated_at = current_timestamp where id = %L and current_phase = ''PLAN_VERIFY'''
      ' and exists (select from public.exec_implementation_sessions where id = %L and status = %L);',
      sd.id, open.id, open.status
    )
  from public.strategic_directives_v2 sd
  cross join lateral (
    select session.id, session.status
    from public.exec_implementation_sessions session
    where session.sd_id = sd.id and session.status in ('active', 'paused')
    order by session.status
    limit 1
  ) as open
  where sd.current_phase = 'PLAN_VERIFY'
    and not exists (
      select
      from public.exec_implementation_sessions completed
      where completed.sd_id = sd.id and completed.status = 'completed'
    );
end
$$;

revoke execute on function leo.doctor_of_directives() from public, anon, authenticated, service_role;

comment on function leo.doctor_of_directives() is
  'What is wrong between strategic directives and their sessions: more than one, or a phase that does not fit. '
  'Called by leo.doctor().';
