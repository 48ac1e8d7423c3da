-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create function leo.doctor_of_checkpoints()
returns setof leo.finding
language plpgsql
stable
set search_path = ''
as $$
declare
  v_latest constant timestamptz := now() + interval '1 day';
begin
  return query
  select
    'checkpoint_orphaned',
    'exec_quality_checkpoints',
    checkpoint.id::text,
    format('there is no session %s', checkpoint.session_id),
    format(
      'delete from public.exec_quality_checkpoints where id = %L'
      ' and not exists (select from public.exec_implementation_sessions where id = %L);',
      checkpoint.id, checkpoint.session_id
    )
  from public.exec_quality_checkpoints checkpoint
  where not exists (
    select from public.exec_implementation_sessions session where session.id = checkpoint.session_id
  );

  return query
  select
    'checkpoint_of_another_directive',
    'exec_quality_checkpoints',
    checkpoint.id::text,
    format('says directive %s, and its session %s', checkpoint.sd_id, session.sd_id),
    format(
      'update public.exec_quality_checkpoints checkpoint set sd_id = session.sd_id'
      ' from public.exec_implementation_sessions session'
      ' where checkpoint.id = %L and session.id = checkpoint.session_id and checkpoint.sd_id <> session.sd_id;',
      checkpoint.id
    )
  from public.exec_quality_checkpoints checkpoint
  join public.exec_implementation_sessions session on session.id = checkpoint.session_id
  where checkpoint.sd_id <> session.sd_id;

  return query
  select
    'checkpoint_complete_without_record',
    'exec_quality_checkpoints',
    checkpoint.id::text,
    format(
      'complete without %s',
      concat_ws(
        ' and ',
        case when checkpoint.completed_at is null then 'completed_at' end,
        case when checkpoint.completed_by is null then 'completed_by' end
      )
    ),
    format(
      'update public.exec_quality_checkpoints set completed_at = coalesce(completed_at, %L),'
      ' completed_by = coalesce(completed_by, %L) where id = %L and is_complete'
      ' and (completed_at is null or completed_by is null);',
      coalesce(passed.occurred_at, leo.believable(checkpoint.updated_at), now()),
      coalesce(passed.actor, 'unknown'),
      checkpoint.id
    )
  from public.exec_quality_checkpoints checkpoint
  left join lateral (
    select transition.occurred_at, transition.actor
    from public.state_transitions transition
    where transition.entity_id = checkpoint.id
      and transition.machine = 'quality_checkpoint'
      and transition.to_status = 'complete'
      and transition.from_status is distinct from 'complete'
    order by transition.id desc
    limit 1
  ) as passed on true
  where checkpoint.is_complete and (checkpoint.completed_at is null or checkpoint.completed_by is null);

  return query
  select
    'checkpoint_incomplete_with_record',
    'exec_quality_checkpoints',
    checkpoint.id::text,
    concat_ws(
      ' ', 'incomplete, but completed', 'by ' || checkpoint.completed_by, 'at ' || checkpoint.completed_at
    ),
    format(
      'update public.exec_quality_checkpoints set completed_at = null, completed_by = null where id = %L'
      ' and is_complete is not true and (completed_at is not null or completed_by is not null);',
      checkpoint.id
    )
  from public.exec_quality_checkpoints checkpoint
  where checkpoint.is_complete is not true
    and (checkpoint.completed_at is not null or checkpoint.completed_by is not null);

  return query
  select
    'checkpoint_times_out_of_range',
    'exec_quality_checkpoints',
    checkpoint.id::text,
    mended.detail,
    mended.fix
  from public.exec_quality_checkpoints checkpoint
  -- One that is incomplete has none, whatever its row says: see checkpoint_incomplete_with_record.
  cross join lateral (values (case when checkpoint.is_complete then checkpoint.completed_at end)) as passed (at)
  cross join lateral leo.mend_times(
    'public.exec_quality_checkpoints',
    format('id = %L', checkpoint.id),
    array['completed_at', 'created_at', 'updated_at'],
    array[passed.at, checkpoint.created_at, checkpoint.updated_at],
    array[
      coalesce(
        leo.last_entered_at('quality_checkpoint', checkpoint.id, 'complete'),
        leo.believable(checkpoint.updated_at),
        now()
      ),
      coalesce(leo.believable(checkpoint.updated_at), now()),
      -- Not the present, which would be a sign of life of the session.
      coalesce(leo.believable(passed.at), leo.believable(checkpoint.created_at), now())
    ]
  ) as mended
  where least(passed.at, checkpoint.created_at, checkpoint.updated_at) = '-infinity'
    or greatest(passed.at, checkpoint.created_at, checkpoint.updated_at) > v_latest;

  return query
  select
    'checkpoint_score_out_of_range',
    'exec_quality_checkpoints',
    checkpoint.id::text,
    format('score is %s', coalesce(checkpoint.score::text, 'null, though it is complete')),
    format(
      'update public.exec_quality_checkpoints set score = least(greatest(coalesce(score, 0), 0), 100) where id = %L'
      ' and (score between 0 and 100) is not true;',
      checkpoint.id
    )
  from public.exec_quality_checkpoints checkpoint
  where checkpoint.score not between 0 and 100 or (checkpoint.score is null and checkpoint.is_complete);
end
$$;

revoke execute on function leo.doctor_of_checkpoints() from public, anon, authenticated, service_role;

comment on function leo.doctor_of_checkpoints() is
  'What is wrong with quality checkpoints: orphaned, of another directive than their session, a record that '
  'contradicts is_complete, times that cannot be, scores out of range. Called by leo.doctor().';

create function leo.doctor_of_handoffs()
returns setof leo.finding
language plpgsql
stable
set search_path = ''
as $$
declare
  v_latest constant timestamptz := now() + interval '1 day';
begin
  return query
  select
    'handoff_orphaned',
    'exec_handoff_preparations',
    handoff.id::text,
    format('there is no session %s', handoff.session_id),
    format(
      'delete from public.exec_handoff_preparations where id = %L'
      ' and not exists (select from public.exec_implementation_sessions where id = %L);',
      handoff.id, handoff.session_id
    )
  from public.exec_handoff_preparations handoff
  where not exists (select from public.exec_implementation_sessions session where session.id = handoff.session_id);

  return query
  select
    'handoff_of_another_directive',
    'exec_handoff_preparations',
    handoff.id::text,
    format('says directive %s, and its session %s', handoff.sd_id, session.sd_id),
    format(
      'update public.exec_handoff_preparations handoff set sd_id = session.sd_id'
      ' from public.exec_implementation_sessions session'
      ' where handoff.id = %L and session.id = handoff.session_id and handoff.sd_id <> session.sd_id;',
      handoff.id
    )
  from public.exec_handoff_preparations handoff
  join public.exec_implementation_sessions session on session.id = handoff.session_id
  where handoff.sd_id <> session.sd_id;

  -- The one that has come furthest stays, or else the oldest.
  return query
  select
    'handoff_open_twice',
    'exec_handoff_preparations',
    open.id::text,
    format(
      '%s, beside hand-off %s of the same session %s, which is %s', open.handoff_status, open.first_id,
      open.session_id, open.first_status
    ),
    format(
      E'select leo.override_status(''handoff'', open.id, ''rejected'', ''another hand-off is open'')'
      ' from public.exec_handoff_preparations open, public.exec_handoff_preparations other where open.id = %1$L'
      ' and open.handoff_status = %2$L and other.id = %3$L and other.handoff_status <> ''rejected'';\n'
      'update public.exec_handoff_preparations set sent_at = coalesce(sent_at, now()),'
      ' response_at = coalesce(response_at, now()) where id = %1$L and handoff_status = ''rejected'''
      ' and (sent_at is null or response_at is null);',
      open.id, open.handoff_status, open.first_id
    )
  from (
    select
      handoff.*,
      row_number() over of_session as place,
      first_value(handoff.id) over of_session as first_id,
      first_value(handoff.handoff_status) over of_session as first_status
    from public.exec_handoff_preparations handoff
    where handoff.handoff_status <> 'rejected'
    window of_session as (
      partition by handoff.session_id
      order by
        array_position(array['accepted', 'sent', 'ready', 'preparing'], handoff.handoff_status),
        handoff.created_at nulls last,
        handoff.id
    )
  ) as open
  where open.place > 1;

  return query
  select
    'handoff_without_times',
    'exec_handoff_preparations',
    handoff.id::text,
    format(
      '%s without %s', handoff.handoff_status,
      concat_ws(
        ' and ',
        case when handoff.sent_at is null then 'sent_at' end,
        case when handoff.response_at is null and handoff.handoff_status <> 'sent' then 'response_at' end
      )
    ),
    case handoff.handoff_status
      when 'sent' then
        format(
          'update public.exec_handoff_preparations set sent_at = %L where id = %L and handoff_status = ''sent'''
          ' and sent_at is null;',
          known.sent_at, handoff.id
        )
      else
        format(
          'update public.exec_handoff_preparations set sent_at = coalesce(sent_at, %L),'
          ' response_at = coalesce(response_at, %L) where id = %L and handoff_status = %L'
          ' and (sent_at is null or response_at is null);',
          least(known.sent_at, leo.believable(handoff.response_at)),
          greatest(known.response_at, leo.believable(handoff.sent_at)),
          handoff.id,
          handoff.handoff_status
        )
    end
  from public.exec_handoff_preparations handoff
  cross join lateral (
    select
      coalesce(
        leo.last_entered_at('handoff', handoff.id, 'sent'), leo.believable(handoff.updated_at), now()
      ) as sent_at,
      coalesce(
        leo.last_entered_at('handoff', handoff.id, handoff.handoff_status), leo.believable(handoff.updated_at), now()
      ) as response_at
  ) as known
  where (handoff.handoff_status in ('sent', 'accepted', 'rejected') and handoff.sent_at is null)
    or (handoff.handoff_status in ('accepted', 'rejected') and handoff.response_at is null);

  return query
  select
    'handoff_with_times_to_come',
    'exec_handoff_preparations',
    handoff.id::text,
    format(
      '%s, but %s', handoff.handoff_status,
      concat_ws(
        ' and ',
        case when handoff.handoff_status <> 'sent' then 'sent at ' || handoff.sent_at end,
        'answered at ' || handoff.response_at
      )
    ),
    format(
      'update public.exec_handoff_preparations set %sresponse_at = null where id = %L and handoff_status = %L'
      ' and (%sresponse_at is not null);',
      case when handoff.handoff_status <> 'sent' then 'sent_at = null, ' end,
      handoff.id,
      handoff.handoff_status,
      case when handoff.handoff_status <> 'sent' then 'sent_at is not null or ' end
    )
  from public.exec_handoff_preparations handoff
  where (handoff.handoff_status in ('preparing', 'ready') and handoff.sent_at is not null)
    or (handoff.handoff_status in ('preparing', 'ready', 'sent') and handoff.response_at is not null);

  return query
  select
    'handoff_answered_before_sent',
    'exec_handoff_preparations',
    handoff.id::text,
    format('sent at %s and answered before that, at %s', handoff.sent_at, handoff.response_at),
    format(
      'update public.exec_handoff_preparations set sent_at = response_at where id = %L and response_at < sent_at;',
      handoff.id
    )
  from public.exec_handoff_preparations handoff
  where handoff.response_at < handoff.sent_at
    and handoff.handoff_status in ('accepted', 'rejected')
    -- Otherwise one of them is out of range, which comes first.
    and handoff.response_at > '-infinity'
    and handoff.sent_at <= v_latest;

  return query
  select
    'handoff_times_out_of_range',
    'exec_handoff_preparations',
    handoff.id::text,
    mended.detail,
    mended.fix
  from public.exec_handoff_preparations handoff
  -- Of one that has not been sent or answered, whatever its row says: see handoff_with_times_to_come.
  cross join lateral (
    values (
      case when handoff.handoff_status in ('sent', 'accepted', 'rejected') then handoff.sent_at end,
      case when handoff.handoff_status in ('accepted', 'rejected') then handoff.response_at end
    )
  ) as went (sent_at, response_at)
  cross join lateral (
    select
      coalesce(
        leo.believable(went.response_at),
        case
          when went.response_at is not null then
            greatest(
              coalesce(
                leo.last_entered_at('handoff', handoff.id, handoff.handoff_status),
                leo.believable(handoff.updated_at),
                now()
              ),
              leo.believable(went.sent_at)
            )
        end
      ) as response_at
  ) as known
  cross join lateral leo.mend_times(
    'public.exec_handoff_preparations',
    format('id = %L', handoff.id),
    array['prepared_at', 'sent_at', 'response_at', 'created_at', 'updated_at'],
    array[handoff.prepared_at, went.sent_at, went.response_at, handoff.created_at, handoff.updated_at],
    array[
      least(coalesce(leo.believable(handoff.created_at), now()), leo.believable(went.sent_at)),
      least(
        coalesce(leo.last_entered_at('handoff', handoff.id, 'sent'), leo.believable(handoff.updated_at), now()),
        known.response_at
      ),
      known.response_at,
      coalesce(leo.believable(handoff.prepared_at), now()),
      -- Not the present, which would be a sign of life of the session.
      coalesce(
        greatest(
          leo.believable(handoff.created_at), leo.believable(went.sent_at), leo.believable(went.response_at)
        ),
        now()
      )
    ]
  ) as mended
  where least(handoff.prepared_at, went.sent_at, went.response_at, handoff.created_at, handoff.updated_at)
      = '-infinity'
    or greatest(handoff.prepared_at, went.sent_at, went.response_at, handoff.created_at, handoff.updated_at)
      > v_latest;

  return query
  select
    'handoff_of_open_session',
    'exec_handoff_preparations',
    handoff.id::text,
    format('%s, but its session %s is %s', handoff.handoff_status, session.id, session.status),
    format(
      E'select leo.override_status(''handoff'', handoff.id, ''rejected'', ''its session is not completed'')'
      ' from public.exec_handoff_preparations handoff'
      ' join public.exec_implementation_sessions session on session.id = handoff.session_id'
      ' where handoff.id = %1$L and handoff.handoff_status = %2$L and session.status <> ''completed'';\n'
      'update public.exec_handoff_preparations set response_at = now() where id = %1$L'
      ' and handoff_status = ''rejected'' and response_at is not distinct from %3$L;',
      handoff.id, handoff.handoff_status, handoff.response_at
    )
  from public.exec_handoff_preparations handoff
  join public.exec_implementation_sessions session on session.id = handoff.session_id
  where handoff.handoff_status in ('sent', 'accepted') and session.status <> 'completed';

  -- Whoever makes a hand-off accepted by a plain update is not asked who sent it.
  return query
  select
    'handoff_accepted_by_sender',
    'exec_handoff_preparations',
    handoff.id::text,
    format('sent and accepted by %s', answered.actor),
    format(
      E'select leo.override_status(''handoff'', id, ''sent'', ''accepted by its sender'')'
      ' from public.exec_handoff_preparations where id = %1$L and handoff_status = ''accepted'''
      ' and response_at is not distinct from %2$L;\n'
      'update public.exec_handoff_preparations set response_at = null where id = %1$L and handoff_status = ''sent'''
      ' and response_at is not null;',
      handoff.id, handoff.response_at
    )
  from public.exec_handoff_preparations handoff
  cross join lateral (
    select transition.actor
    from public.state_transitions transition
    where transition.entity_id = handoff.id and transition.machine = 'handoff' and transition.to_status = 'sent'
    order by transition.id desc
    limit 1
  ) as sent
  cross join lateral (
    select transition.actor
    from public.state_transitions transition
    where transition.entity_id = handoff.id and transition.machine = 'handoff' and transition.to_status = 'accepted'
    order by transition.id desc
    limit 1
  ) as answered
  where handoff.handoff_status = 'accepted' and answered.actor = sent.actor;
end
$$;

revoke execute on function leo.doctor_of_handoffs() from public, anon, authenticated, service_role;

comment on function leo.doctor_of_handoffs() is
  'What is wrong with hand-offs: orphaned, two open ones of a session, times that contradict their status or cannot '
  'be, of a session that is not completed, accepted by the sender. Called by leo.doctor().';
