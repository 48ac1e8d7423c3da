-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- Updates are repeatable too: a caller whose answer was lost sends the update again, and in between somebody else may
-- have written the same columns, which the repetition would take back.

create or replace function leo.call_once(idempotency jsonb, function text, id uuid, request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_callable constant text[] := array[
    'start_exec_session', 'update_exec_session', 'complete_exec_session', 'move_exec_session',
    'move_quality_checkpoint',
    'prepare_handoff', 'update_handoff', 'move_handoff',
    'request_telemetry_run', 'claim_telemetry_runs', 'move_telemetry_run', 'sweep',
    'start_okr_generation', 'move_okr_generation',
    'record_metrics'
  ];
  v_caller constant text := idempotency ->> 'caller';
  v_key constant text := idempotency ->> 'key';
  v_route constant text := concat_ws(' ', idempotency ->> 'route', call_once.function, call_once.id);
  v_used leo.idempotency_keys;
  v_answer jsonb;
begin
  if call_once.function <> all (v_callable) then
    raise exception 'leo.call_once does not call %', call_once.function;
  end if;

  -- Whoever comes second with a key waits here until the first one's transaction has ended: after a
  -- rollback the key is free. The update is for a key that has expired.
  insert into leo.idempotency_keys as used (caller, key, route, digest)
  values (v_caller, v_key, v_route, idempotency ->> 'digest')
  on conflict (caller, key) do update
  set route = excluded.route, digest = excluded.digest, answer = null, created_at = excluded.created_at
  where used.created_at <= now() - interval '24 hours';

  if not found then
    -- Cannot have gone meanwhile: `on conflict` has locked the row.
    select used.*
    into strict v_used
    from leo.idempotency_keys used
    where used.caller = v_caller and used.key = v_key;

    if v_used.route <> v_route or v_used.digest <> idempotency ->> 'digest' then
      return leo.refusal('idempotency_mismatch', '{}');
    end if;

    return jsonb_build_object('answer', v_used.answer, 'replayed', true);
  end if;

  if call_once.id is null then
    execute format('select leo.%I($1, $2)', call_once.function) into v_answer using request, context;
  else
    execute format('select leo.%I($1, $2, $3)', call_once.function)
    into v_answer
    using call_once.id, request, context;
  end if;

  update leo.idempotency_keys used set answer = v_answer where used.caller = v_caller and used.key = v_key;

  return jsonb_build_object('answer', v_answer, 'replayed', false);
end
$$;
