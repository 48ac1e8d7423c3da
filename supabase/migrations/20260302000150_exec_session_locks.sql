-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- What must not happen at the same time waits for a row lock, whoever the writer is. Everybody takes the
-- locks in the same order, so that nobody waits in a circle:
--
--   checkpoint, then its session, then the session's strategic directive.
--
-- A starting session comes the other way, but the rows that it adds below its directive are new: nobody
-- else can hold a lock on them.

-- One session of a directive at a time comes into being or changes its status. Without this, two writers
-- could each look for a session in the way, find none, and meet in unique (sd_id, status), which is
-- deferred and would answer only at commit, or in a deadlock between that index and the directive.
-- `no key`, here and below, does not get in the way of foreign keys that point at the row.
--
-- Security definer: a row lock takes the right to update, which not everybody who may write sessions has
-- on directives.
create function leo.lock_sd_of_session()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    -- An upsert goes on to lock the row that it finds there. Everybody else locks that before its directive.
    perform from public.exec_implementation_sessions session where session.id = new.id for update;
  end if;

  if tg_op = 'INSERT' or new.status <> old.status or new.sd_id <> old.sd_id then
    perform from public.strategic_directives_v2 sd where sd.id = new.sd_id for no key update;
  end if;

  return new;
end
$$;

revoke execute on function leo.lock_sd_of_session() from public, anon, authenticated, service_role;

comment on function leo.lock_sd_of_session() is
  'Trigger of exec_implementation_sessions: locks the directive before a session of it appears or changes '
  'status.';

create trigger lock_sd
  before insert or update of status, sd_id on public.exec_implementation_sessions
  for each row execute function leo.lock_sd_of_session();

-- Null counts against the gate, in both columns: only what somebody has written down opens it.
create view leo.incomplete_gates with (security_invoker = true) as
select checkpoint.*
from public.exec_quality_checkpoints checkpoint
where checkpoint.is_required is distinct from false and checkpoint.is_complete is distinct from true;

comment on view leo.incomplete_gates is
  'Checkpoints that keep their session from being completed: required and not complete.';

-- Checkpoint changes and the completion of their session exclude each other: the change locks the
-- session and then looks, in a new statement, whether it was completed meanwhile. A completed session
-- never gets an incomplete required checkpoint this way.
--
-- Rows that a trigger adds (depth 1 and more) are left out. Those are the checkpoints of a new session,
-- which nobody else can see yet; and one that is imported as completed has them still to be filled in.
--
-- Security definer, both functions: as above, and the view is out of reach for API roles.

-- Before the insert: its foreign key takes a weaker lock on the session, and two writers that raise such
-- a lock wait for each other.
create function leo.lock_session_of_checkpoint()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- An upsert goes on to lock the row that it finds there. Everybody else locks that before its session.
  perform
  from public.exec_quality_checkpoints checkpoint
  where checkpoint.session_id = new.session_id and checkpoint.checkpoint_name = new.checkpoint_name
  for no key update;

  perform from public.exec_implementation_sessions session where session.id = new.session_id for no key update;

  return new;
end
$$;

revoke execute on function leo.lock_session_of_checkpoint() from public, anon, authenticated, service_role;

comment on function leo.lock_session_of_checkpoint() is
  'Trigger of exec_quality_checkpoints: locks the session before a checkpoint of it is added.';

create trigger lock_session
  before insert on public.exec_quality_checkpoints
  for each row
  when (pg_trigger_depth() = 0)
  execute function leo.lock_session_of_checkpoint();

-- Once per statement and not per row, the sessions in the order of their ids.
create function leo.guard_completed_session()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_gate record;
begin
  if tg_op = 'UPDATE' then
    perform from public.exec_implementation_sessions session
    where session.id in (
      select changed.session_id from new_rows changed union select changed.session_id from old_rows changed
    )
    order by session.id
    for no key update;
  elsif tg_op = 'DELETE' then
    perform from public.exec_implementation_sessions session
    where session.id in (select removed.session_id from old_rows removed)
    order by session.id
    for no key update;

    return null;
  end if;

  select gate.session_id, gate.checkpoint_name
  into v_gate
  from new_rows written
  join leo.incomplete_gates gate on gate.id = written.id
  join public.exec_implementation_sessions session on session.id = gate.session_id
  where session.status = 'completed'
  order by gate.session_id, gate.checkpoint_name
  limit 1;

  if found then
    raise exception using
      errcode = 'PT409',
      message = format('session %s is completed', v_gate.session_id),
      detail = format('Its required checkpoint "%s" would be left incomplete.', left(v_gate.checkpoint_name, 100)),
      hint = 'Reopen the session first.';
  end if;

  return null;
end
$$;

revoke execute on function leo.guard_completed_session() from public, anon, authenticated, service_role;

comment on function leo.guard_completed_session() is
  'Trigger of exec_quality_checkpoints: makes checkpoint changes and the completion of their session '
  'exclude each other, and refuses what would leave a completed session with an incomplete gate.';

create trigger guard_completed_session_insert
  after insert on public.exec_quality_checkpoints
  referencing new table as new_rows
  for each statement
  when (pg_trigger_depth() = 0)
  execute function leo.guard_completed_session();

create trigger guard_completed_session_update
  after update on public.exec_quality_checkpoints
  referencing old table as old_rows new table as new_rows
  for each statement execute function leo.guard_completed_session();

create trigger guard_completed_session_delete
  after delete on public.exec_quality_checkpoints
  referencing old table as old_rows
  for each statement execute function leo.guard_completed_session();
