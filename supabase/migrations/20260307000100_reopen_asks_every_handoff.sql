-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- Two hand-offs of a session were rejected, the earlier one was revised, sent and accepted: reopen asked the latest
-- one only, and the session of an accepted hand-off became active again. Now it asks whether any stands.

create or replace function leo.move_exec_session(session_id uuid, request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_event constant text := context ->> 'event';
  v_session public.exec_implementation_sessions;
  v_from text;
  v_to text;
  v_refusal jsonb;
  v_handoff public.exec_handoff_preparations;
  v_other public.exec_implementation_sessions;
begin
  -- Its gates and scores are not looked after here.
  if v_event = 'complete' then
    raise exception 'event complete is leo.complete_exec_session';
  end if;

  perform leo.set_context(context || jsonb_build_object('reason', request ->> 'reason'));

  select session.*
  into v_session
  from public.exec_implementation_sessions session
  where session.id = move_exec_session.session_id
  for update;

  if not found then
    return leo.refusal('not_found', jsonb_build_object('entity', 'exec_session', 'id', move_exec_session.session_id));
  end if;

  if (request ->> 'attempt')::integer <> v_session.attempt then
    return leo.refusal('stale_attempt', jsonb_build_object('attempt', v_session.attempt));
  end if;

  v_from := v_session.status;
  v_refusal := leo.refuse_transition('exec_session', v_event, v_from);

  if v_refusal is not null then
    return v_refusal;
  end if;

  if v_event = 'reopen' then
    -- One that is open or accepted stands, also where a later one was rejected before it was revised. Locked, so that
    -- it stays as it is until the session is active again.
    select handoff.*
    into v_handoff
    from public.exec_handoff_preparations handoff
    where handoff.session_id = v_session.id
    order by handoff.handoff_status <> 'rejected' desc, handoff.created_at desc nulls last, handoff.id desc
    limit 1
    for share;

    if v_handoff.handoff_status is distinct from 'rejected' then
      return leo.refusal(
        'illegal_transition',
        jsonb_build_object(
          'current', v_from,
          'event', v_event,
          'allowed', leo.events_allowed('exec_session', v_from) - v_event,
          'handoff', case
            when v_handoff.id is not null then
              jsonb_build_object('id', v_handoff.id, 'status', v_handoff.handoff_status)
          end,
          'detail', format(
            'A session is reopened after its hand-off was rejected; %s.',
            coalesce('there is one that is ' || v_handoff.handoff_status, 'there is none')
          )
        )
      );
    end if;
  end if;

  select allowed.to_status
  into v_to
  from leo.state_transitions_allowed allowed
  where allowed.machine = 'exec_session' and allowed.event = v_event and allowed.from_status = v_from;

  -- With the directive locked, no other session of it can reach the status before this one does.
  perform from public.strategic_directives_v2 sd where sd.id = v_session.sd_id for no key update;

  select other.*
  into v_other
  from public.exec_implementation_sessions other
  where other.sd_id = v_session.sd_id and other.status = v_to and other.id <> v_session.id;

  if found then
    return leo.refuse_for_session('status_taken', v_other);
  end if;

  update public.exec_implementation_sessions session
  set
    status = v_to,
    completed_at = case
      when v_to in ('failed', 'cancelled') then now()
      when v_to = 'active' then null
      else session.completed_at
    end,
    updated_at = now()
  where session.id = v_session.id
  returning session.* into v_session;

  return jsonb_build_object('session', to_jsonb(v_session), 'attempt', v_session.attempt, 'from', v_from);
end
$$;
