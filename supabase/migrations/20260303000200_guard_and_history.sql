-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- One trigger function guards and records every state machine, whoever the writer is: edge function,
-- supabase-js, Studio, SQL. It runs once per statement over transition tables, not once per row, because
-- workers claim and finish runs in batches.

create type leo.state_move as (entity_id uuid, sd_id text, from_status text, to_status text);

comment on type leo.state_move is 'A row that moved: from one status to another, or from null where it is new.';

-- What permits one override, see leo.override_status. A row that only the owner can write and not a setting,
-- which everybody can set; the trigger deletes it as it makes use of it.
create table leo.status_overrides (
  transaction_id xid8 not null default pg_current_xact_id(),
  machine text not null,
  entity_id uuid not null,
  reason text not null,
  constraint status_overrides_pkey primary key (transaction_id, machine, entity_id)
);

comment on table leo.status_overrides is
  'Overrides under way: each row permits one move, in the transaction that wrote it. Empty to everybody else.';
comment on column leo.status_overrides.transaction_id is 'The transaction that makes the override.';
comment on column leo.status_overrides.machine is 'The state machine, e.g. exec_session.';
comment on column leo.status_overrides.entity_id is 'The row whose status is overridden; of a telemetry run its run_id.';
comment on column leo.status_overrides.reason is 'Why, in the operator''s words.';

-- The settings leo.* are believed only where the session is the owner's: the edge functions connect as the
-- owner, everybody else could set them too. Security definer is what makes current_user the owner here.
create function leo.context_setting(name text)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  if session_user = current_user then
    return nullif(current_setting('leo.' || context_setting.name, true), '');
  end if;

  return null;
end
$$;

revoke execute on function leo.context_setting(text) from public, anon, authenticated, service_role;

comment on function leo.context_setting(text) is
  'What leo.set_context made known under a name (actor, event, request_id, reason) in this transaction; null '
  'where nothing, or where the session is not the owner''s.';

create function leo.current_actor()
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  -- Of the client, not of the functions that run with their owner's rights.
  v_role constant text := current_setting('role');
begin
  return coalesce(
    leo.context_setting('actor'),
    -- Only the Data API makes a session authenticated, and sets the claims of the user with it.
    case when v_role = 'authenticated' then 'user:' || auth.uid() end,
    nullif(v_role, 'none'),
    session_user
  );
end
$$;

revoke execute on function leo.current_actor() from public, anon, authenticated, service_role;

comment on function leo.current_actor() is
  'Who acts: what an edge function said, else the signed-in user (user:<id>), else the database role.';

create function leo.refuse_unknown_moves(machine text, moves leo.state_move[])
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_move leo.state_move;
  v_allowed text;
begin
  -- With =, not `is not distinct from`: a rule from null is about new rows, not about rows without a status.
  select move.*
  into v_move
  from unnest(moves) move
  where not exists (
    select
    from leo.state_transitions_allowed allowed
    where allowed.machine = refuse_unknown_moves.machine
      and allowed.from_status = move.from_status
      and allowed.to_status = move.to_status
  )
  limit 1;

  if not found then
    return;
  end if;

  select string_agg(format('%s → %s', allowed.event, allowed.to_status), ', ' order by allowed.event)
  into v_allowed
  from leo.state_transitions_allowed allowed
  where allowed.machine = refuse_unknown_moves.machine and allowed.from_status = v_move.from_status;

  raise exception using
    errcode = 'PT409',
    message = format(
      '%s %s is %s and cannot become %s',
      refuse_unknown_moves.machine,
      v_move.entity_id,
      coalesce(v_move.from_status, 'without a status'),
      coalesce(v_move.to_status, 'null')
    ),
    detail = case
      when v_allowed is null then 'Nothing leads out of this status.'
      else format('Allowed from %s: %s.', v_move.from_status, v_allowed)
    end,
    hint = case
      when v_allowed is null then 'Begin anew with a new row.'
      else 'Make one of the allowed moves.'
    end || ' An operator can override: leo.override_status(machine, id, status, reason).';
end
$$;

revoke execute on function leo.refuse_unknown_moves(text, leo.state_move[])
  from public, anon, authenticated, service_role;

comment on function leo.refuse_unknown_moves(text, leo.state_move[]) is
  'Raises PT409 for the first move that leo.state_transitions_allowed does not know: the message says the '
  'current and the wanted status, the detail the allowed moves, the hint what to do.';

create function leo.refuse_open_gates(moves leo.state_move[])
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_completed constant uuid[] := array(
    select move.entity_id from unnest(moves) move where move.to_status = 'completed'
  );
  v_session_id uuid;
  v_gates text;
begin
  if v_completed = '{}' then
    return;
  end if;

  -- The update has locked the sessions, and whoever changes a checkpoint locks its session first. So under
  -- read committed this look, a new statement, sees every change that came before. A transaction with an
  -- older view would miss a checkpoint that was reopened meanwhile.
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using
      errcode = 'PT409',
      message = 'a session cannot be completed in a transaction that may not see its checkpoints as they are',
      hint = 'Use isolation level read committed.';
  end if;

  select gate.session_id, string_agg(left(gate.checkpoint_name, 100), ', ' order by gate.checkpoint_name)
  into v_session_id, v_gates
  from leo.incomplete_gates gate
  where gate.session_id = any (v_completed)
  group by gate.session_id
  order by gate.session_id
  limit 1;

  if found then
    raise exception using
      errcode = 'PT409',
      message = format('exec_session %s has incomplete required checkpoints', v_session_id),
      detail = format('Incomplete: %s.', left(v_gates, 1000)),
      hint = 'Complete or waive them first.';
  end if;
end
$$;

revoke execute on function leo.refuse_open_gates(leo.state_move[]) from public, anon, authenticated, service_role;

comment on function leo.refuse_open_gates(leo.state_move[]) is
  'Raises PT409 if a session moves to completed with an incomplete required checkpoint, and names those.';

create function leo.guard_and_record()
returns trigger
language plpgsql
security definer
set search_path = ''
-- A connection keeps the plan of its first statement, which often moves one row. A nested loop would then
-- take the square of the rows of a large update.
set enable_nestloop = off
as $$
declare
  v_machine constant text := tg_argv[0];
  v_event text := leo.context_setting('event');
  -- The status in which the event stays, if it is one that leaves the status as it is.
  v_stays text;
  v_moves leo.state_move[];
  v_reason text := leo.context_setting('reason');
  v_overridden boolean := false;
begin
  if tg_op = 'UPDATE' and v_event is not null then
    select allowed.from_status
    into v_stays
    from leo.state_transitions_allowed allowed
    where allowed.machine = v_machine and allowed.event = v_event and allowed.from_status = allowed.to_status;
  end if;

  -- One branch per table, as static SQL: dynamic SQL would be planned anew for each statement.
  case tg_table_name || ' ' || tg_op
    when 'telemetry_analysis_runs UPDATE' then
      select array_agg((n.run_id, null, o.status, n.status)::leo.state_move)
      into v_moves
      from new_rows n join old_rows o on o.id = n.id
      where n.status <> o.status or n.status = v_stays;
    when 'telemetry_analysis_runs INSERT' then
      select array_agg((n.run_id, null, null, n.status)::leo.state_move) into v_moves from new_rows n;
    when 'exec_implementation_sessions UPDATE' then
      select array_agg((n.id, n.sd_id, o.status, n.status)::leo.state_move)
      into v_moves
      from new_rows n join old_rows o on o.id = n.id
      where n.status <> o.status or n.status = v_stays;
    when 'exec_implementation_sessions INSERT' then
      select array_agg((n.id, n.sd_id, null, n.status)::leo.state_move) into v_moves from new_rows n;
    when 'exec_quality_checkpoints UPDATE' then
      -- A gate that is no longer required was waived, also where no event says so.
      select array_agg(
        (
          n.id,
          n.sd_id,
          case when o.is_complete then 'complete' else 'incomplete' end,
          case when n.is_complete then 'complete' else 'incomplete' end
        )::leo.state_move
      )
      into v_moves
      from new_rows n join old_rows o on o.id = n.id
      where (n.is_complete is true) <> (o.is_complete is true)
        or (
          n.is_complete is not true
          and (v_stays = 'incomplete' or (n.is_required is false and o.is_required is not false))
        );
    when 'exec_quality_checkpoints INSERT' then
      select array_agg(
        (n.id, n.sd_id, null, case when n.is_complete then 'complete' else 'incomplete' end)::leo.state_move
      )
      into v_moves
      from new_rows n;
    when 'exec_handoff_preparations UPDATE' then
      select array_agg((n.id, n.sd_id, o.handoff_status, n.handoff_status)::leo.state_move)
      into v_moves
      from new_rows n join old_rows o on o.id = n.id
      where n.handoff_status <> o.handoff_status or n.handoff_status = v_stays;
    when 'exec_handoff_preparations INSERT' then
      select array_agg((n.id, n.sd_id, null, n.handoff_status)::leo.state_move) into v_moves from new_rows n;
    when 'okr_generation_log UPDATE' then
      -- The only status that may be null.
      select array_agg((n.id, null, o.status, n.status)::leo.state_move)
      into v_moves
      from new_rows n join old_rows o on o.id = n.id
      where n.status is distinct from o.status or n.status = v_stays;
    when 'okr_generation_log INSERT' then
      select array_agg((n.id, null, null, n.status)::leo.state_move) into v_moves from new_rows n;
  end case;

  if v_moves is null then
    return null;
  end if;

  -- New rows are not guarded: what other systems finished is imported as it is.
  if tg_op = 'UPDATE' then
    -- The setting only saves everybody else the look.
    if current_setting('leo.event', true) = 'override' then
      delete from leo.status_overrides permitted
      where permitted.transaction_id = pg_current_xact_id()
        and permitted.machine = v_machine
        and permitted.entity_id = v_moves[1].entity_id
        and cardinality(v_moves) = 1
      returning permitted.reason into v_reason;

      v_overridden := found;
    end if;

    if not v_overridden then
      perform leo.refuse_unknown_moves(v_machine, v_moves);
    end if;

    if v_machine = 'exec_session' then
      perform leo.refuse_open_gates(v_moves);
    end if;
  end if;

  insert into public.state_transitions (
    machine, entity_id, sd_id, event, from_status, to_status, actor, reason, request_id
  )
  select
    v_machine,
    move.entity_id,
    move.sd_id,
    case when v_overridden then 'override' else coalesce(rule.event, 'insert') end,
    move.from_status,
    move.to_status,
    context.actor,
    v_reason,
    context.request_id
  from unnest(v_moves) move
  -- The event that was said if it makes this move, else the one that does.
  left join (
    select distinct on (allowed.from_status, allowed.to_status) allowed.from_status, allowed.to_status, allowed.event
    from leo.state_transitions_allowed allowed
    where allowed.machine = v_machine
    order by allowed.from_status, allowed.to_status, allowed.event is distinct from v_event, allowed.event
  ) as rule
    -- Can be hashed, which `is not distinct from` cannot.
    on rule.to_status = move.to_status and coalesce(rule.from_status, '') = coalesce(move.from_status, '')
  cross join (
    -- offset: once, not for each row.
    select leo.current_actor() as actor, leo.context_setting('request_id') as request_id
    offset 0
  ) as context;

  return null;
end
$$;

revoke execute on function leo.guard_and_record() from public, anon, authenticated, service_role;

comment on function leo.guard_and_record() is
  'Trigger of every table with a state machine, which its argument names: refuses updates that no event '
  'allows (PT409), and records inserts and moves in public.state_transitions.';

-- The guard pairs old and new rows by their key, and the history knows a row by it.
create function leo.keep_key()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception using
    errcode = 'PT409',
    message = format('the key of a row of %s never changes', tg_table_name),
    hint = 'Insert a new row instead.';
end
$$;

revoke execute on function leo.keep_key() from public, anon, authenticated, service_role;

comment on function leo.keep_key() is
  'Trigger of every table with a state machine: refuses to change the key by which the history knows the row.';

create trigger keep_key
  before update of id on public.exec_implementation_sessions
  for each row
  when (new.id <> old.id)
  execute function leo.keep_key();

create trigger record_insert
  after insert on public.exec_implementation_sessions
  referencing new table as new_rows
  for each statement execute function leo.guard_and_record('exec_session');

create trigger guard_and_record_update
  after update on public.exec_implementation_sessions
  referencing old table as old_rows new table as new_rows
  for each statement execute function leo.guard_and_record('exec_session');

-- A gate stays with its session: moved away, it would be passed without anybody having passed it.
create trigger keep_key
  before update of id, session_id on public.exec_quality_checkpoints
  for each row
  when (new.id <> old.id or new.session_id <> old.session_id)
  execute function leo.keep_key();

create trigger record_insert
  after insert on public.exec_quality_checkpoints
  referencing new table as new_rows
  for each statement execute function leo.guard_and_record('quality_checkpoint');

create trigger guard_and_record_update
  after update on public.exec_quality_checkpoints
  referencing old table as old_rows new table as new_rows
  for each statement execute function leo.guard_and_record('quality_checkpoint');

create trigger keep_key
  before update of id on public.exec_handoff_preparations
  for each row
  when (new.id <> old.id)
  execute function leo.keep_key();

create trigger record_insert
  after insert on public.exec_handoff_preparations
  referencing new table as new_rows
  for each statement execute function leo.guard_and_record('handoff');

create trigger guard_and_record_update
  after update on public.exec_handoff_preparations
  referencing old table as old_rows new table as new_rows
  for each statement execute function leo.guard_and_record('handoff');

create trigger keep_key
  before update of id, run_id on public.telemetry_analysis_runs
  for each row
  when (new.id <> old.id or new.run_id <> old.run_id)
  execute function leo.keep_key();

create trigger record_insert
  after insert on public.telemetry_analysis_runs
  referencing new table as new_rows
  for each statement execute function leo.guard_and_record('telemetry_run');

create trigger guard_and_record_update
  after update on public.telemetry_analysis_runs
  referencing old table as old_rows new table as new_rows
  for each statement execute function leo.guard_and_record('telemetry_run');

create trigger keep_key
  before update of id on public.okr_generation_log
  for each row
  when (new.id <> old.id)
  execute function leo.keep_key();

create trigger record_insert
  after insert on public.okr_generation_log
  referencing new table as new_rows
  for each statement execute function leo.guard_and_record('okr_generation');

create trigger guard_and_record_update
  after update on public.okr_generation_log
  referencing old table as old_rows new table as new_rows
  for each statement execute function leo.guard_and_record('okr_generation');
