-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- What makes a request repeatable: its answer is kept in the transaction that made the change, so that
-- there is either both or neither.

create table leo.idempotency_keys (
  caller text not null,
  key text not null,
  route text not null,
  digest text not null,
  answer jsonb,
  created_at timestamptz not null default now(),
  constraint idempotency_keys_pkey primary key (caller, key)
);

comment on table leo.idempotency_keys is
  'Answers to requests that came with an Idempotency-Key, for 24 hours. A key is its caller''s own.';
comment on column leo.idempotency_keys.caller is
  'Whose key it is: secret:<key name> or user:<id>, without a label.';
comment on column leo.idempotency_keys.key is 'The Idempotency-Key.';
comment on column leo.idempotency_keys.route is 'What was called, on which entity.';
comment on column leo.idempotency_keys.digest is 'Digest of the request body.';
comment on column leo.idempotency_keys.answer is
  'What the event function answered, a refusal included; null only while it is at work.';
comment on column leo.idempotency_keys.created_at is 'When the key was first used.';

create function leo.call_once(idempotency jsonb, function text, id uuid, request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_callable constant text[] := array[
    'start_exec_session', 'complete_exec_session', 'move_exec_session',
    'move_quality_checkpoint',
    'prepare_handoff', 'move_handoff',
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

revoke execute on function leo.call_once(jsonb, text, uuid, jsonb, jsonb)
  from public, anon, authenticated, service_role;

comment on function leo.call_once(jsonb, text, uuid, jsonb, jsonb) is
  'Calls an event function once per caller and key: the first answer is kept with the change and given again '
  '(replayed) for 24 hours. Refuses with idempotency_mismatch where the key was used for another request. '
  'Called by the edge functions for requests with an Idempotency-Key.';
