-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- The events of a session that need no more than a look at its neighbours, and the report of its progress.
-- Lock, then look in a new statement, then act: see 20260302000200_exec_session_events.sql.

create function leo.move_exec_session(session_id uuid, request jsonb, context jsonb)
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
    -- Locked, so that it stays rejected until the session is active again.
    select handoff.*
    into v_handoff
    from public.exec_handoff_preparations handoff
    where handoff.session_id = v_session.id
    order by handoff.created_at desc nulls last, handoff.id desc
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
            'A session is reopened after its latest hand-off was rejected; %s.',
            coalesce('that is ' || v_handoff.handoff_status, 'there is none')
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

revoke execute on function leo.move_exec_session(uuid, jsonb, jsonb) from public, anon, authenticated, service_role;

comment on function leo.move_exec_session(uuid, jsonb, jsonb) is
  'Events pause, resume, fail, cancel, retry and reopen (context.event, request.reason): the session, its '
  'attempt, and the status that it left (from). Refuses with not_found, stale_attempt (attempt), '
  'illegal_transition (current, event, allowed; of reopen also handoff) or status_taken (id, status, use, '
  'allowed). Called by the edge function exec-sessions.';

create function leo.update_exec_session(session_id uuid, request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_session public.exec_implementation_sessions;
begin
  perform leo.set_context(context || '{"event": "update"}');

  select session.*
  into v_session
  from public.exec_implementation_sessions session
  where session.id = update_exec_session.session_id
  for no key update;

  if not found then
    return leo.refusal(
      'not_found', jsonb_build_object('entity', 'exec_session', 'id', update_exec_session.session_id)
    );
  end if;

  if (request ->> 'attempt')::integer <> v_session.attempt then
    return leo.refusal('stale_attempt', jsonb_build_object('attempt', v_session.attempt));
  end if;

  if v_session.status <> 'active' then
    return leo.refuse_transition('exec_session', 'update', v_session.status);
  end if;

  v_session := jsonb_populate_record(
    v_session,
    leo.pick(
      request,
      array[
        'implementation_progress', 'pre_impl_checklist', 'sub_agent_results', 'test_coverage_pct',
        'performance_metrics', 'security_scan_results', 'accessibility_audit', 'before_screenshots',
        'after_screenshots', 'demo_urls'
      ]
    )
  );

  update public.exec_implementation_sessions session
  set
    implementation_progress = v_session.implementation_progress,
    pre_impl_checklist = v_session.pre_impl_checklist,
    sub_agent_results = v_session.sub_agent_results,
    test_coverage_pct = v_session.test_coverage_pct,
    performance_metrics = v_session.performance_metrics,
    security_scan_results = v_session.security_scan_results,
    accessibility_audit = v_session.accessibility_audit,
    before_screenshots = v_session.before_screenshots,
    after_screenshots = v_session.after_screenshots,
    demo_urls = v_session.demo_urls,
    updated_at = now()
  where session.id = v_session.id
  returning session.* into v_session;

  return jsonb_build_object('session', to_jsonb(v_session), 'attempt', v_session.attempt);
end
$$;

revoke execute on function leo.update_exec_session(uuid, jsonb, jsonb) from public, anon, authenticated, service_role;

comment on function leo.update_exec_session(uuid, jsonb, jsonb) is
  'Progress and evidence of an active session; what is not given stays. Refuses with not_found, stale_attempt '
  '(attempt) or illegal_transition (current, event update, allowed). Called by the edge function '
  'exec-sessions.';
