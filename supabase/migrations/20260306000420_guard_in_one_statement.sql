-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- The guard as it was, in fewer statements of its own: the one that records a move also finds that no event makes it.

create function leo.staying_status(machine text, event text)
returns text
language plpgsql
stable
strict
set search_path = ''
as $$
begin
  return (
    select allowed.from_status
    from leo.state_transitions_allowed allowed
    where allowed.machine = staying_status.machine
      and allowed.event = staying_status.event
      and allowed.from_status = allowed.to_status
  );
end
$$;

revoke execute on function leo.staying_status(text, text) from public, anon, authenticated, service_role;

comment on function leo.staying_status(text, text) is
  'The status in which an event leaves a row, as heartbeat does with RUNNING; null for events that move it.';

create function leo.refuse_move(machine text, entity_id uuid, from_status text, to_status text)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_allowed text;
begin
  select string_agg(format('%s → %s', allowed.event, allowed.to_status), ', ' order by allowed.event)
  into v_allowed
  from leo.state_transitions_allowed allowed
  where allowed.machine = refuse_move.machine and allowed.from_status = refuse_move.from_status;

  raise exception using
    errcode = 'PT409',
    message = format(
      '%s %s is %s and cannot become %s',
      refuse_move.machine,
      refuse_move.entity_id,
      coalesce(refuse_move.from_status, 'without a status'),
      coalesce(refuse_move.to_status, 'null')
    ),
    detail = case
      when v_allowed is null then 'Nothing leads out of this status.'
      else format('Allowed from %s: %s.', refuse_move.from_status, v_allowed)
    end,
    hint = case
      when v_allowed is null then 'Begin anew with a new row.'
      else 'Make one of the allowed moves.'
    end || ' An operator can override: leo.override_status(machine, id, status, reason).';
end
$$;

revoke execute on function leo.refuse_move(text, uuid, text, text) from public, anon, authenticated, service_role;

comment on function leo.refuse_move(text, uuid, text, text) is
  'Raises PT409 for a move that no event makes: the message says the current and the wanted status, the detail the '
  'allowed moves, the hint what to do. Returns nothing; called in place of the event.';

create or replace function leo.guard_and_record()
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
  v_event constant text := leo.context_setting('event');
  v_actor text;
  v_request_id text;
  v_reason text;
  v_moves leo.state_move[];
  v_overridden boolean := false;
begin
  -- One branch per table, as static SQL: dynamic SQL would be planned anew for each statement.
  case tg_table_name || ' ' || tg_op
    when 'telemetry_analysis_runs UPDATE' then
      select array_agg((n.run_id, null, o.status, n.status)::leo.state_move)
      into v_moves
      from new_rows n join old_rows o on o.id = n.id
      where n.status <> o.status or n.status = leo.staying_status(v_machine, v_event);
    when 'telemetry_analysis_runs INSERT' then
      select array_agg((n.run_id, null, null, n.status)::leo.state_move) into v_moves from new_rows n;
    when 'exec_implementation_sessions UPDATE' then
      select array_agg((n.id, n.sd_id, o.status, n.status)::leo.state_move)
      into v_moves
      from new_rows n join old_rows o on o.id = n.id
      where n.status <> o.status or n.status = leo.staying_status(v_machine, v_event);
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
          and (leo.staying_status(v_machine, v_event) = 'incomplete' or (n.is_required is false and o.is_required is not false))
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
      where n.handoff_status <> o.handoff_status or n.handoff_status = leo.staying_status(v_machine, v_event);
    when 'exec_handoff_preparations INSERT' then
      select array_agg((n.id, n.sd_id, null, n.handoff_status)::leo.state_move) into v_moves from new_rows n;
    when 'okr_generation_log UPDATE' then
      -- The only status that may be null.
      select array_agg((n.id, null, o.status, n.status)::leo.state_move)
      into v_moves
      from new_rows n join old_rows o on o.id = n.id
      where n.status is distinct from o.status or n.status = leo.staying_status(v_machine, v_event);
    when 'okr_generation_log INSERT' then
      select array_agg((n.id, null, null, n.status)::leo.state_move) into v_moves from new_rows n;
  end case;

  if v_moves is null then
    return null;
  end if;

  v_actor := leo.current_actor();
  v_request_id := leo.context_setting('request_id');
  v_reason := leo.context_setting('reason');

  -- The setting only saves everybody else the look.
  if tg_op = 'UPDATE' and current_setting('leo.event', true) = 'override' then
    delete from leo.status_overrides permitted
    where permitted.transaction_id = pg_current_xact_id()
      and permitted.machine = v_machine
      and permitted.entity_id = v_moves[1].entity_id
      and cardinality(v_moves) = 1
    returning permitted.reason into v_reason;

    v_overridden := found;
  end if;

  insert into public.state_transitions (
    machine, entity_id, sd_id, event, from_status, to_status, actor, reason, request_id
  )
  select
    v_machine,
    move.entity_id,
    move.sd_id,
    case
      when v_overridden then 'override'
      -- The event that was said if it makes this move, else the one that does.
      when said.event is not null then said.event
      else coalesce(
        (
          select min(allowed.event)
          from leo.state_transitions_allowed allowed
          where allowed.machine = v_machine
            and allowed.to_status = move.to_status
            and (allowed.from_status = move.from_status or (tg_op = 'INSERT' and allowed.from_status is null))
        ),
        -- New rows are not guarded: what other systems finished is imported as it is.
        case
          when tg_op = 'INSERT' then 'insert'
          else leo.refuse_move(v_machine, move.entity_id, move.from_status, move.to_status)
        end
      )
    end,
    move.from_status,
    move.to_status,
    v_actor,
    v_reason,
    v_request_id
  from unnest(v_moves) move
  left join leo.state_transitions_allowed said
    on said.machine = v_machine
    and said.event = v_event
    and said.to_status = move.to_status
    -- Can be hashed, which `is not distinct from` cannot.
    and coalesce(said.from_status, '') = coalesce(move.from_status, '')
    -- A rule from null is about new rows, not about rows without a status.
    and (said.from_status is not null or tg_op = 'INSERT');

  if v_machine = 'exec_session' and tg_op = 'UPDATE' then
    perform leo.refuse_open_gates(v_moves);
  end if;

  return null;
end
$$;

drop function leo.refuse_unknown_moves(text, leo.state_move[]);

-- Only others than the owner are looked at: that took longer than to write a row, and the owner is who writes it.
do $$
begin
  execute format(
    'create or replace trigger keep_history '
    'before insert or update or delete or truncate on public.state_transitions '
    'for each statement when (current_user <> %L) execute function leo.keep_history()',
    (
      select pg_catalog.pg_get_userbyid(history.relowner)
      from pg_catalog.pg_class history
      where history.oid = 'public.state_transitions'::regclass
    )
  );
end
$$;
