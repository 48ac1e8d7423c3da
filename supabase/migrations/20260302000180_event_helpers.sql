-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- What the event functions of every state machine share.
--
-- In plpgsql also where one SQL expression would do: up to PostgreSQL 17 a function in SQL is planned anew
-- in every statement that calls it, which cost 0.1 ms a call.

create function leo.set_context(context jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- All four, each time: what an earlier event of the same transaction left must not show up in this one.
  perform
    set_config('leo.actor', coalesce(set_context.context ->> 'actor', ''), true),
    set_config('leo.event', coalesce(set_context.context ->> 'event', ''), true),
    set_config('leo.request_id', coalesce(set_context.context ->> 'request_id', ''), true),
    set_config('leo.reason', coalesce(set_context.context ->> 'reason', ''), true);
end
$$;

revoke execute on function leo.set_context(jsonb) from public, anon, authenticated, service_role;

comment on function leo.set_context(jsonb) is
  'Makes actor, event, request_id and reason known to triggers until the end of the transaction, as '
  'settings leo.*; empty where not given.';

create function leo.refusal(code text, fields jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return jsonb_build_object('refusal', jsonb_build_object('code', refusal.code) || refusal.fields);
end
$$;

revoke execute on function leo.refusal(text, jsonb) from public, anon, authenticated, service_role;

comment on function leo.refusal(text, jsonb) is
  'Answer of an event function that changed nothing: a problem code and what the caller needs next.';

create function leo.events_allowed(machine text, status text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(allowed.event order by allowed.event), '[]')
    from leo.state_transitions_allowed allowed
    where allowed.machine = events_allowed.machine and allowed.from_status = events_allowed.status
  );
end
$$;

revoke execute on function leo.events_allowed(text, text) from public, anon, authenticated, service_role;

comment on function leo.events_allowed(text, text) is
  'Names of the events that may happen in a status, as a JSON array in alphabetical order.';

create function leo.refuse_transition(machine text, event text, status text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  if exists (
    select
    from leo.state_transitions_allowed allowed
    where allowed.machine = refuse_transition.machine
      and allowed.event = refuse_transition.event
      and allowed.from_status = refuse_transition.status
  ) then
    return null;
  end if;

  return leo.refusal(
    'illegal_transition',
    jsonb_build_object(
      'current', refuse_transition.status,
      'event', refuse_transition.event,
      'allowed', leo.events_allowed(refuse_transition.machine, refuse_transition.status)
    )
  );
end
$$;

revoke execute on function leo.refuse_transition(text, text, text) from public, anon, authenticated, service_role;

comment on function leo.refuse_transition(text, text, text) is
  'The refusal illegal_transition if the event may not happen in the status, else null.';

create function leo.pick(request jsonb, fields text[])
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_object_agg(field.key, field.value), '{}')
    from jsonb_each(pick.request) field
    where field.key = any (pick.fields) and field.value <> 'null'
  );
end
$$;

revoke execute on function leo.pick(jsonb, text[]) from public, anon, authenticated, service_role;

comment on function leo.pick(jsonb, text[]) is
  'Those of the named fields that the request gives; one that is null counts as not given.';
