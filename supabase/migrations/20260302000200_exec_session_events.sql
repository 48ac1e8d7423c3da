-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- The events of an implementation session, one function each, so that an event is one round trip and
-- every look comes after the lock: under read committed only a new statement inside a function sees what
-- was committed while a lock was awaited.
--
-- Each takes what the caller sent (request) and who it is (context), and answers with what came of it, or
-- with {"refusal": {"code": ..., ...}} and nothing changed.

create function leo.exec_session_answer(session public.exec_implementation_sessions)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'session', to_jsonb(session),
    'checkpoints', (
      select coalesce(
        jsonb_agg(to_jsonb(checkpoint) order by checkpoint.created_at, checkpoint.checkpoint_name collate "C"), '[]'
      )
      from public.exec_quality_checkpoints checkpoint
      where checkpoint.session_id = session.id
    ),
    'attempt', session.attempt
  );
end
$$;

revoke execute on function leo.exec_session_answer(public.exec_implementation_sessions)
  from public, anon, authenticated, service_role;

comment on function leo.exec_session_answer(public.exec_implementation_sessions) is
  'Answer of a session event that succeeded: the session, its checkpoints in a stable order, and the '
  'attempt to send from now on.';

create function leo.refuse_for_session(code text, session public.exec_implementation_sessions)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return leo.refusal(
    refuse_for_session.code,
    jsonb_build_object(
      'id', session.id,
      'status', session.status,
      'use', (
        select allowed.event
        from leo.state_transitions_allowed allowed
        where allowed.machine = 'exec_session'
          and allowed.from_status = session.status
          and allowed.to_status = 'active'
      ),
      'allowed', leo.events_allowed('exec_session', session.status)
    )
  );
end
$$;

revoke execute on function leo.refuse_for_session(text, public.exec_implementation_sessions)
  from public, anon, authenticated, service_role;

comment on function leo.refuse_for_session(text, public.exec_implementation_sessions) is
  'Refusal because of another session: its id and status, the event that makes it active (use; null where '
  'it is), and all that it allows.';

create function leo.start_exec_session(request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_sd_id constant text := request ->> 'sd_id';
  v_prd_id constant text := request ->> 'prd_id';
  v_given constant jsonb := leo.pick(
    request,
    array[
      'sd_id', 'prd_id', 'implementation_type', 'quality_gates', 'pre_impl_checklist', 'before_screenshots',
      'demo_urls', 'orchestrator', 'session_version'
    ]
  );
  v_columns text;
  v_session public.exec_implementation_sessions;
begin
  perform leo.set_context(context || '{"event": "start"}');

  perform from public.strategic_directives_v2 sd where sd.id = v_sd_id for no key update;

  if not found then
    return leo.refusal('not_found', jsonb_build_object('entity', 'strategic_directive', 'id', v_sd_id));
  end if;

  -- The session in the way: an open or completed one before those that can be retried, then the newest.
  select session.*
  into v_session
  from public.exec_implementation_sessions session
  where session.sd_id = v_sd_id
  order by
    array_position(array['active', 'paused', 'completed'], session.status),
    session.started_at desc nulls last,
    session.created_at desc nulls last,
    session.id
  limit 1;

  if found then
    return leo.refuse_for_session('session_exists', v_session);
  end if;

  if v_prd_id is not null then
    perform from public.product_requirements_v2 prd
    where prd.id = v_prd_id and coalesce(prd.sd_id, v_sd_id) = v_sd_id
    for key share;

    if not found then
      return leo.refusal(
        'invalid_request',
        jsonb_build_object(
          'issues', jsonb_build_array(
            jsonb_build_object(
              'path', jsonb_build_array('prd_id'),
              'message', 'No product requirement document of this strategic directive has this id.'
            )
          )
        )
      );
    end if;
  end if;

  -- Dynamic for the sake of the columns that were not given: a static insert would have to repeat their
  -- defaults. The names come from the list above, never from the request.
  select string_agg(quote_ident(given.name), ', ') into v_columns from jsonb_object_keys(v_given) as given (name);

  execute format(
    'insert into public.exec_implementation_sessions (%1$s)
    select %1$s from jsonb_populate_record(null::public.exec_implementation_sessions, $1)
    returning *',
    v_columns
  )
  into v_session
  using v_given;

  return leo.exec_session_answer(v_session);
end
$$;

revoke execute on function leo.start_exec_session(jsonb, jsonb) from public, anon, authenticated, service_role;

comment on function leo.start_exec_session(jsonb, jsonb) is
  'Event start: a new active session of request.sd_id with its checkpoints. Refuses with not_found, '
  'session_exists (id, status, use, allowed) or invalid_request. Called by the edge function exec-sessions.';

create function leo.complete_exec_session(session_id uuid, request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_session public.exec_implementation_sessions;
  v_from text;
  v_refusal jsonb;
  v_gates jsonb;
  v_other public.exec_implementation_sessions;
  v_scores record;
begin
  perform leo.set_context(context || '{"event": "complete"}');

  -- Not `no key`: status is part of a unique constraint, so the update below takes the full lock, and
  -- raising a weaker lock to it invites deadlocks.
  select session.*
  into v_session
  from public.exec_implementation_sessions session
  where session.id = complete_exec_session.session_id
  for update;

  if not found then
    return leo.refusal(
      'not_found', jsonb_build_object('entity', 'exec_session', 'id', complete_exec_session.session_id)
    );
  end if;

  if (request ->> 'attempt')::integer <> v_session.attempt then
    return leo.refusal('stale_attempt', jsonb_build_object('attempt', v_session.attempt));
  end if;

  v_refusal := leo.refuse_transition('exec_session', 'complete', v_session.status);

  if v_refusal is not null then
    return v_refusal;
  end if;

  select jsonb_agg(to_jsonb(gate) order by gate.created_at, gate.checkpoint_name collate "C")
  into v_gates
  from leo.incomplete_gates gate
  where gate.session_id = v_session.id;

  if v_gates is not null then
    return leo.refusal('gates_incomplete', jsonb_build_object('checkpoints', v_gates));
  end if;

  -- With the directive locked, no other session of it can become completed before this one is.
  perform from public.strategic_directives_v2 sd where sd.id = v_session.sd_id for no key update;

  select other.*
  into v_other
  from public.exec_implementation_sessions other
  where other.sd_id = v_session.sd_id and other.status = 'completed';

  if found then
    return leo.refuse_for_session('status_taken', v_other);
  end if;

  -- Complete checkpoints only: the score of another (optional or waived) one is the column's default, not
  -- a finding. A domain without any keeps the score that it has.
  select
    round(avg(checkpoint.score) filter (where checkpoint.is_required is distinct from false)) as quality,
    round(avg(checkpoint.score) filter (where checkpoint.checkpoint_type = 'CODE_QUALITY')) as code_quality,
    round(avg(checkpoint.score) filter (where checkpoint.checkpoint_type = 'PERFORMANCE')) as performance,
    round(avg(checkpoint.score) filter (where checkpoint.checkpoint_type = 'SECURITY')) as security,
    round(avg(checkpoint.score) filter (where checkpoint.checkpoint_type = 'ACCESSIBILITY')) as ux_accessibility
  into v_scores
  from public.exec_quality_checkpoints checkpoint
  where checkpoint.session_id = v_session.id and checkpoint.is_complete;

  v_from := v_session.status;
  v_session := jsonb_populate_record(
    v_session,
    leo.pick(
      request,
      array[
        'sub_agent_results', 'test_coverage_pct', 'performance_metrics', 'security_scan_results',
        'accessibility_audit', 'after_screenshots', 'demo_urls'
      ]
    )
  );

  update public.exec_implementation_sessions session
  set
    status = 'completed',
    implementation_progress = 100,
    completed_at = now(),
    updated_at = now(),
    quality_score = coalesce(v_scores.quality, session.quality_score),
    code_quality_score = coalesce(v_scores.code_quality, session.code_quality_score),
    performance_score = coalesce(v_scores.performance, session.performance_score),
    security_score = coalesce(v_scores.security, session.security_score),
    ux_accessibility_score = coalesce(v_scores.ux_accessibility, session.ux_accessibility_score),
    sub_agent_results = v_session.sub_agent_results,
    test_coverage_pct = v_session.test_coverage_pct,
    performance_metrics = v_session.performance_metrics,
    security_scan_results = v_session.security_scan_results,
    accessibility_audit = v_session.accessibility_audit,
    after_screenshots = v_session.after_screenshots,
    demo_urls = v_session.demo_urls
  where session.id = v_session.id
  returning session.* into v_session;

  return leo.exec_session_answer(v_session) || jsonb_build_object('from', v_from);
end
$$;

revoke execute on function leo.complete_exec_session(uuid, jsonb, jsonb) from public, anon, authenticated, service_role;

comment on function leo.complete_exec_session(uuid, jsonb, jsonb) is
  'Event complete: an active session whose required checkpoints are complete becomes completed, its scores '
  'derived from them; from is the status that it left. Refuses with not_found, stale_attempt (attempt), '
  'illegal_transition (current, event, allowed), gates_incomplete (checkpoints) or status_taken (id, '
  'status, use, allowed). Called by the edge function exec-sessions.';
