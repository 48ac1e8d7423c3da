-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- Whether anybody still works on a session is told by when it, its gates and its hand-offs were last changed.
-- The event functions keep updated_at, but a client that sets a status by supabase-js, or an operator in
-- Studio, seldom thinks of it: a session that was resumed by hand would be taken for a dead one.

-- Who writes another time means it, an import for example. The condition costs the others no call.

create trigger touch_updated_at
  before update on public.exec_implementation_sessions
  for each row
  when (new.updated_at is not distinct from old.updated_at)
  execute function leo.set_updated_at();

create trigger touch_updated_at
  before update on public.exec_quality_checkpoints
  for each row
  when (new.updated_at is not distinct from old.updated_at)
  execute function leo.set_updated_at();

create trigger touch_updated_at
  before update on public.exec_handoff_preparations
  for each row
  when (new.updated_at is not distinct from old.updated_at)
  execute function leo.set_updated_at();

comment on column public.exec_implementation_sessions.updated_at is
  'When the session was last changed: what its writer says, or by trigger.';
comment on column public.exec_quality_checkpoints.updated_at is
  'When the checkpoint was last changed: what its writer says, or by trigger.';
comment on column public.exec_handoff_preparations.updated_at is
  'When the hand-off was last changed: what its writer says, or by trigger.';

create function leo.last_sign_of_life(session public.exec_implementation_sessions)
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
declare
  -- Times are the writers': a clock may be a time zone ahead, but what is to come later is not believed, or one
  -- such row would be alive for ever.
  v_latest constant timestamptz := now() + interval '1 day';
  v_sign timestamptz;
begin
  select max(sign.at)
  into v_sign
  from (
    select session.updated_at
    union all
    -- The gates that came with the session say no more than that it began.
    select checkpoint.updated_at
    from public.exec_quality_checkpoints checkpoint
    where checkpoint.session_id = session.id and checkpoint.updated_at is distinct from checkpoint.created_at
    union all
    select handoff.updated_at
    from public.exec_handoff_preparations handoff
    where handoff.session_id = session.id
  ) as sign (at)
  where sign.at > '-infinity' and sign.at <= v_latest;

  return coalesce(
    v_sign,
    case when session.started_at > '-infinity' and session.started_at <= v_latest then session.started_at end,
    case when session.created_at > '-infinity' and session.created_at <= v_latest then session.created_at end,
    '-infinity'
  );
end
$$;

revoke execute on function leo.last_sign_of_life(public.exec_implementation_sessions)
  from public, anon, authenticated, service_role;

comment on function leo.last_sign_of_life(public.exec_implementation_sessions) is
  'When somebody last worked on a session: the latest change of it, of its checkpoints or of its hand-offs; '
  'times that are infinite or more than a day ahead do not count; -infinity where there is no other. Called by the '
  'sweep and the doctor; public.session_overview has it too.';
