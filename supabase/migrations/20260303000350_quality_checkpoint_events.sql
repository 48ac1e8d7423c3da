-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- Locks as everybody does: the checkpoint, then its session, which keeps the session from being completed
-- meanwhile. The answer to whether the session is at work comes from a statement after that.
create function leo.move_quality_checkpoint(checkpoint_id uuid, request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_event constant text := context ->> 'event';
  v_checkpoint public.exec_quality_checkpoints;
  v_session public.exec_implementation_sessions;
  v_from text;
  v_refusal jsonb;
begin
  perform leo.set_context(context || jsonb_build_object('reason', request ->> 'reason'));

  select checkpoint.*
  into v_checkpoint
  from public.exec_quality_checkpoints checkpoint
  where checkpoint.id = move_quality_checkpoint.checkpoint_id
  for no key update;

  if not found then
    return leo.refusal(
      'not_found', jsonb_build_object('entity', 'quality_checkpoint', 'id', move_quality_checkpoint.checkpoint_id)
    );
  end if;

  select session.*
  into v_session
  from public.exec_implementation_sessions session
  where session.id = v_checkpoint.session_id
  for no key update;

  if (request ->> 'attempt')::integer <> v_session.attempt then
    return leo.refusal('stale_attempt', jsonb_build_object('attempt', v_session.attempt));
  end if;

  if v_session.status not in ('active', 'paused') then
    return leo.refusal(
      'illegal_transition',
      jsonb_build_object(
        'current', v_session.status,
        'event', v_event,
        'allowed', '[]'::jsonb,
        'session', jsonb_build_object('id', v_session.id, 'status', v_session.status),
        'detail', format(
          'Checkpoints change only while their session is active or paused; session %s is %s.', v_session.id,
          v_session.status
        )
      )
    );
  end if;

  v_from := case when v_checkpoint.is_complete then 'complete' else 'incomplete' end;
  v_refusal := leo.refuse_transition('quality_checkpoint', v_event, v_from);

  if v_refusal is not null then
    return v_refusal;
  end if;

  case v_event
    when 'complete' then
      v_checkpoint.is_complete := true;
      v_checkpoint.score := (request ->> 'score')::integer;
      v_checkpoint.evidence_url := coalesce(request ->> 'evidence_url', v_checkpoint.evidence_url);
      v_checkpoint.completion_notes := coalesce(request ->> 'notes', v_checkpoint.completion_notes);
      v_checkpoint.completed_at := now();
      v_checkpoint.completed_by := leo.current_actor();
    when 'reopen' then
      -- Score and evidence stay, as what was found then; an incomplete checkpoint's score counts nowhere.
      v_checkpoint.is_complete := false;
      v_checkpoint.completed_at := null;
      v_checkpoint.completed_by := null;
    when 'waive' then
      v_checkpoint.is_required := false;
  end case;

  update public.exec_quality_checkpoints checkpoint
  set
    is_required = v_checkpoint.is_required,
    is_complete = v_checkpoint.is_complete,
    score = v_checkpoint.score,
    evidence_url = v_checkpoint.evidence_url,
    completion_notes = v_checkpoint.completion_notes,
    completed_at = v_checkpoint.completed_at,
    completed_by = v_checkpoint.completed_by,
    updated_at = now()
  where checkpoint.id = v_checkpoint.id
  returning checkpoint.* into v_checkpoint;

  return jsonb_build_object('checkpoint', to_jsonb(v_checkpoint), 'from', v_from);
end
$$;

revoke execute on function leo.move_quality_checkpoint(uuid, jsonb, jsonb)
  from public, anon, authenticated, service_role;

comment on function leo.move_quality_checkpoint(uuid, jsonb, jsonb) is
  'Events complete (request.score, evidence_url, notes), reopen and waive (request.reason) of a checkpoint '
  'whose session is active or paused: the checkpoint and the status that it left (from). Refuses with '
  'not_found, stale_attempt (attempt, where the request names the session''s) or illegal_transition '
  '(current, event, allowed; where the session is at fault, current is its status and session names it). '
  'Called by the edge function quality-checkpoints.';
