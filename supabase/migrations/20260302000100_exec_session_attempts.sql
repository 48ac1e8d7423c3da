-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create function leo.count_session_attempts()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    new.attempt := 1;
  elsif new.status = 'active' and old.status <> 'active' then
    new.attempt := old.attempt + 1;
  else
    new.attempt := old.attempt;
  end if;

  return new;
end
$$;

revoke execute on function leo.count_session_attempts() from public, anon, authenticated, service_role;

comment on function leo.count_session_attempts() is
  'Trigger of exec_implementation_sessions: alone decides attempt, so that no writer can forge the fencing '
  'token.';

-- Fencing: an agent that was thought dead must not finish its successor's work. Whoever sends the attempt
-- that it was given is refused once another one has begun.
alter table public.exec_implementation_sessions add column attempt integer not null default 1;

comment on column public.exec_implementation_sessions.attempt is
  'How often the session became active: 1 from the start, one more with each resume, retry and reopen. '
  'Counted by trigger; what a writer sends is ignored.';

create trigger count_attempts
  before insert or update on public.exec_implementation_sessions
  for each row execute function leo.count_session_attempts();
