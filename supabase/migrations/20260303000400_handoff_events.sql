-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- Lock order: the session, then its hand-off, so that reopening a session and moving its hand-off exclude
-- each other. Before the hand-off is locked it is only asked for its session, which never changes hands.

create function leo.refuse_open_handoff(session_id uuid, beside uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_other public.exec_handoff_preparations;
begin
  select handoff.*
  into v_other
  from public.exec_handoff_preparations handoff
  where handoff.session_id = refuse_open_handoff.session_id
    and handoff.handoff_status <> 'rejected'
    and handoff.id is distinct from refuse_open_handoff.beside
  order by handoff.created_at desc nulls last, handoff.id desc
  limit 1;

  if not found then
    return null;
  end if;

  return leo.refusal(
    'handoff_open',
    jsonb_build_object(
      'id', v_other.id,
      'status', v_other.handoff_status,
      -- What brings it on. Who is to answer a sent one is somebody else.
      'use', (
        select allowed.event
        from leo.state_transitions_allowed allowed
        where allowed.machine = 'handoff'
          and allowed.from_status = v_other.handoff_status
          and allowed.to_status in ('ready', 'sent')
      ),
      'allowed', leo.events_allowed('handoff', v_other.handoff_status)
    )
  );
end
$$;

revoke execute on function leo.refuse_open_handoff(uuid, uuid) from public, anon, authenticated, service_role;

comment on function leo.refuse_open_handoff(uuid, uuid) is
  'The refusal handoff_open (id, status, use, allowed) if a session has a hand-off that is not rejected, beside '
  'the one given, else null. To be asked with the session locked.';

create function leo.prepare_handoff(request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_session public.exec_implementation_sessions;
  v_refusal jsonb;
  v_given jsonb;
  v_columns text;
  v_handoff public.exec_handoff_preparations;
begin
  perform leo.set_context(context || '{"event": "prepare"}');

  select session.*
  into v_session
  from public.exec_implementation_sessions session
  where session.id = (request ->> 'session_id')::uuid
  for no key update;

  if not found then
    return leo.refusal(
      'not_found', jsonb_build_object('entity', 'exec_session', 'id', request -> 'session_id')
    );
  end if;

  if (request ->> 'attempt')::integer <> v_session.attempt then
    return leo.refusal('stale_attempt', jsonb_build_object('attempt', v_session.attempt));
  end if;

  v_refusal := leo.refuse_open_handoff(v_session.id, null);

  if v_refusal is not null then
    return v_refusal;
  end if;

  -- The column takes no null; a summary may still be to come, `ready` asks for it.
  v_given := '{"implementation_summary": ""}'::jsonb || leo.pick(
    request,
    array[
      'session_id', 'implementation_summary', 'quality_metrics', 'test_results', 'performance_benchmarks',
      'security_validation', 'accessibility_compliance', 'demo_url', 'documentation_url', 'test_report_url',
      'deliverables_manifest', 'known_issues', 'post_implementation_notes'
    ]
  ) || jsonb_build_object('sd_id', v_session.sd_id);

  -- Dynamic as in leo.start_exec_session: columns that were not given keep their defaults.
  select string_agg(quote_ident(given.name), ', ') into v_columns from jsonb_object_keys(v_given) as given (name);

  execute format(
    'insert into public.exec_handoff_preparations (%1$s)
    select %1$s from jsonb_populate_record(null::public.exec_handoff_preparations, $1)
    returning *',
    v_columns
  )
  into v_handoff
  using v_given;

  return jsonb_build_object('handoff', to_jsonb(v_handoff));
end
$$;

revoke execute on function leo.prepare_handoff(jsonb, jsonb) from public, anon, authenticated, service_role;

comment on function leo.prepare_handoff(jsonb, jsonb) is
  'Event prepare: a new hand-off of request.session_id. Refuses with not_found, stale_attempt (attempt, where '
  'the request names the session''s) or handoff_open (id, status, use, allowed) while the session has one '
  'that is not rejected. Called by the edge function exec-handoffs.';

create function leo.update_handoff(handoff_id uuid, request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_attempt integer;
  v_handoff public.exec_handoff_preparations;
begin
  perform leo.set_context(context || '{"event": "update"}');

  select session.attempt
  into v_attempt
  from public.exec_implementation_sessions session
  where session.id = (
    select handoff.session_id
    from public.exec_handoff_preparations handoff
    where handoff.id = update_handoff.handoff_id
  )
  for no key update;

  select handoff.*
  into v_handoff
  from public.exec_handoff_preparations handoff
  where handoff.id = update_handoff.handoff_id
  for no key update;

  if not found then
    return leo.refusal('not_found', jsonb_build_object('entity', 'handoff', 'id', update_handoff.handoff_id));
  end if;

  if (request ->> 'attempt')::integer <> v_attempt then
    return leo.refusal('stale_attempt', jsonb_build_object('attempt', v_attempt));
  end if;

  if v_handoff.handoff_status <> 'preparing' then
    return leo.refuse_transition('handoff', 'update', v_handoff.handoff_status);
  end if;

  v_handoff := jsonb_populate_record(
    v_handoff,
    leo.pick(
      request,
      array[
        'implementation_summary', 'quality_metrics', 'test_results', 'performance_benchmarks',
        'security_validation', 'accessibility_compliance', 'demo_url', 'documentation_url', 'test_report_url',
        'deliverables_manifest', 'known_issues', 'post_implementation_notes'
      ]
    )
  );

  update public.exec_handoff_preparations handoff
  set
    implementation_summary = v_handoff.implementation_summary,
    quality_metrics = v_handoff.quality_metrics,
    test_results = v_handoff.test_results,
    performance_benchmarks = v_handoff.performance_benchmarks,
    security_validation = v_handoff.security_validation,
    accessibility_compliance = v_handoff.accessibility_compliance,
    demo_url = v_handoff.demo_url,
    documentation_url = v_handoff.documentation_url,
    test_report_url = v_handoff.test_report_url,
    deliverables_manifest = v_handoff.deliverables_manifest,
    known_issues = v_handoff.known_issues,
    post_implementation_notes = v_handoff.post_implementation_notes,
    updated_at = now()
  where handoff.id = v_handoff.id
  returning handoff.* into v_handoff;

  return jsonb_build_object('handoff', to_jsonb(v_handoff));
end
$$;

revoke execute on function leo.update_handoff(uuid, jsonb, jsonb) from public, anon, authenticated, service_role;

comment on function leo.update_handoff(uuid, jsonb, jsonb) is
  'Contents of a hand-off in preparation; what is not given stays. Refuses with not_found, stale_attempt or '
  'illegal_transition (current, event update, allowed). Called by the edge function exec-handoffs.';

create function leo.refuse_unready_handoff(handoff public.exec_handoff_preparations)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_issues jsonb := '[]';
begin
  if handoff.implementation_summary !~ '\S' then
    v_issues := v_issues || jsonb_build_object(
      'path', jsonb_build_array('implementation_summary'), 'message', 'The hand-off has no summary yet.'
    );
  end if;

  if not exists (select from unnest(handoff.deliverables_manifest) as listed (entry) where listed.entry ~ '\S') then
    v_issues := v_issues || jsonb_build_object(
      'path', jsonb_build_array('deliverables_manifest'), 'message', 'The hand-off lists no deliverable yet.'
    );
  end if;

  if v_issues = '[]' then
    return null;
  end if;

  return leo.refusal('invalid_request', jsonb_build_object('issues', v_issues));
end
$$;

revoke execute on function leo.refuse_unready_handoff(public.exec_handoff_preparations)
  from public, anon, authenticated, service_role;

comment on function leo.refuse_unready_handoff(public.exec_handoff_preparations) is
  'The refusal invalid_request (issues) if a hand-off has a blank summary or no deliverable, else null.';

create function leo.move_handoff(handoff_id uuid, request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_event constant text := context ->> 'event';
  v_session public.exec_implementation_sessions;
  v_handoff public.exec_handoff_preparations;
  v_from text;
  v_refusal jsonb;
  v_sender text;
begin
  perform leo.set_context(context || jsonb_build_object('reason', request ->> 'reason'));

  select session.*
  into v_session
  from public.exec_implementation_sessions session
  where session.id = (
    select handoff.session_id from public.exec_handoff_preparations handoff where handoff.id = move_handoff.handoff_id
  )
  for no key update;

  select handoff.*
  into v_handoff
  from public.exec_handoff_preparations handoff
  where handoff.id = move_handoff.handoff_id
  for no key update;

  if not found then
    return leo.refusal('not_found', jsonb_build_object('entity', 'handoff', 'id', move_handoff.handoff_id));
  end if;

  if (request ->> 'attempt')::integer <> v_session.attempt then
    return leo.refusal('stale_attempt', jsonb_build_object('attempt', v_session.attempt));
  end if;

  v_from := v_handoff.handoff_status;
  v_refusal := leo.refuse_transition('handoff', v_event, v_from);

  if v_refusal is null and v_event = 'ready' then
    v_refusal := leo.refuse_unready_handoff(v_handoff);
  -- Meanwhile another one may have been prepared in its place.
  elsif v_refusal is null and v_event = 'revise' then
    v_refusal := leo.refuse_open_handoff(v_session.id, v_handoff.id);
  end if;

  if v_refusal is not null then
    return v_refusal;
  end if;

  if v_event = 'send' and v_session.status <> 'completed' then
    return leo.refusal(
      'illegal_transition',
      jsonb_build_object(
        'current', v_from,
        'event', v_event,
        'allowed', leo.events_allowed('handoff', v_from) - v_event,
        'session', jsonb_build_object('id', v_session.id, 'status', v_session.status),
        'detail', format('A hand-off is sent once its session is completed; that is %s.', v_session.status)
      )
    );
  end if;

  if v_event in ('accept', 'reject') then
    -- Whoever made it sent, by whatever way; a hand-off from before the history has no sender.
    select transition.actor
    into v_sender
    from public.state_transitions transition
    where transition.entity_id = v_handoff.id and transition.machine = 'handoff' and transition.to_status = 'sent'
    order by transition.id desc
    limit 1;

    if v_sender = leo.current_actor() then
      return leo.refusal(
        'same_actor',
        jsonb_build_object(
          'actor', v_sender,
          'detail', format('%s sent this hand-off; somebody else has to %s it.', v_sender, v_event)
        )
      );
    end if;
  end if;

  update public.exec_handoff_preparations handoff
  set
    handoff_status = (
      select allowed.to_status
      from leo.state_transitions_allowed allowed
      where allowed.machine = 'handoff' and allowed.event = v_event and allowed.from_status = v_from
    ),
    sent_at = case v_event when 'send' then now() when 'revise' then null else handoff.sent_at end,
    response_at = case
      when v_event in ('accept', 'reject') then now()
      when v_event = 'revise' then null
      else handoff.response_at
    end,
    updated_at = now()
  where handoff.id = v_handoff.id
  returning handoff.* into v_handoff;

  return jsonb_build_object('handoff', to_jsonb(v_handoff), 'from', v_from);
end
$$;

revoke execute on function leo.move_handoff(uuid, jsonb, jsonb) from public, anon, authenticated, service_role;

comment on function leo.move_handoff(uuid, jsonb, jsonb) is
  'Events ready, revise, send, accept and reject (context.event, request.reason): the hand-off and the status '
  'that it left (from). Refuses with not_found, stale_attempt (attempt), handoff_open (of revise), illegal_transition (current, event, allowed; of send also '
  'session), invalid_request (issues, of ready) or same_actor (actor). Called by the edge function '
  'exec-handoffs.';
