-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- A session is also let through its gates by what moves no status: a gate that is taken away, or that is said
-- not to be required although it was passed (its score then counts no more). No event does that, and it is not
-- refused, as operators clean up by SQL; but it is in the history like everything else.
create function leo.record_gate_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    insert into public.state_transitions (
      machine, entity_id, sd_id, event, from_status, to_status, actor, reason, request_id
    )
    select
      'quality_checkpoint',
      o.id,
      o.sd_id,
      'delete',
      case when o.is_complete then 'complete' else 'incomplete' end,
      null,
      leo.current_actor(),
      leo.context_setting('reason'),
      leo.context_setting('request_id')
    from old_rows o;

    return null;
  end if;

  insert into public.state_transitions (
    machine, entity_id, sd_id, event, from_status, to_status, actor, reason, request_id
  )
  select
    'quality_checkpoint',
    n.id,
    n.sd_id,
    case when n.is_required is false then 'waive' else 'require' end,
    case when o.is_complete then 'complete' else 'incomplete' end,
    case when n.is_complete then 'complete' else 'incomplete' end,
    leo.current_actor(),
    leo.context_setting('reason'),
    leo.context_setting('request_id')
  from new_rows n join old_rows o on o.id = n.id
  where (n.is_required is false) <> (o.is_required is false)
    -- The waiving of an incomplete gate is a move, which leo.guard_and_record records.
    and (n.is_required is not false or n.is_complete is true);

  return null;
end
$$;

revoke execute on function leo.record_gate_change() from public, anon, authenticated, service_role;

comment on function leo.record_gate_change() is
  'Trigger of exec_quality_checkpoints: records in public.state_transitions what lets a session through its '
  'gates without moving a status: event delete, require, or waive of a complete one.';

create trigger record_gate_change_update
  after update on public.exec_quality_checkpoints
  referencing old table as old_rows new table as new_rows
  for each statement execute function leo.record_gate_change();

create trigger record_gate_change_delete
  after delete on public.exec_quality_checkpoints
  referencing old table as old_rows
  for each statement execute function leo.record_gate_change();

comment on column public.state_transitions.to_status is
  'The status that it reached; null where a new row has none, or the row was deleted.';
