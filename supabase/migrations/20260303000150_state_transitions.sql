-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- What moved when, by whom and why. No foreign keys: the history of a row outlives the row, and nothing
-- that happens to other tables may reach in here.
create table public.state_transitions (
  id bigint generated always as identity,
  machine text not null,
  entity_id uuid not null,
  sd_id text,
  event text not null,
  from_status text,
  to_status text,
  actor text not null,
  reason text,
  request_id text,
  occurred_at timestamptz not null default now(),
  constraint state_transitions_pkey primary key (id)
);

-- The history of one row, and of one directive, newest first.
create index idx_state_transitions_entity on public.state_transitions (entity_id, id);

-- Partial: runs and generations, most of the rows, have no directive.
create index idx_state_transitions_sd on public.state_transitions (sd_id, id) where sd_id is not null;

alter table public.state_transitions enable row level security;

create policy state_transitions_select on public.state_transitions
  for select to authenticated using (true);

-- Append-only, and only the trigger appends, as the owner: Supabase's default privileges would let
-- service_role write, and every API role truncate.
revoke all on public.state_transitions from public, anon, authenticated, service_role;
revoke all on sequence public.state_transitions_id_seq from public, anon, authenticated, service_role;
grant select on public.state_transitions to authenticated, service_role;

-- Also where somebody grants all on all tables again, as many a snippet does: service_role would pass the
-- policies, and truncate asks for none. The owner is looked up: on Supabase it is postgres, elsewhere whoever
-- ran the migrations.
create function leo.keep_history()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if current_user = (
    select pg_catalog.pg_get_userbyid(history.relowner) from pg_catalog.pg_class history where history.oid = tg_relid
  ) then
    return null;
  end if;

  raise exception using
    errcode = 'insufficient_privilege',
    message = format('the history is append-only, and only moves append to it: no %s for %s', lower(tg_op), current_user);
end
$$;

revoke execute on function leo.keep_history() from public, anon, authenticated, service_role;

comment on function leo.keep_history() is
  'Trigger of state_transitions: refuses every change by a role other than the owner.';

create trigger keep_history
  before insert or update or delete or truncate on public.state_transitions
  for each statement execute function leo.keep_history();

comment on table public.state_transitions is
  'History of every state machine, append-only: one row per move, written by trigger in the transaction of '
  'the move.';
comment on column public.state_transitions.id is 'Orders the history: a later move of an entity has a greater id.';
comment on column public.state_transitions.machine is
  'The state machine: exec_session, quality_checkpoint, handoff, telemetry_run or okr_generation.';
comment on column public.state_transitions.entity_id is
  'The row that moved: its id, of a telemetry run its run_id.';
comment on column public.state_transitions.sd_id is 'The strategic directive that the row belongs to, if any.';
comment on column public.state_transitions.event is
  'What moved it, e.g. complete; insert for a row that came into being otherwise, override for an operator''s '
  'override.';
comment on column public.state_transitions.from_status is 'The status that it left; null for a new row.';
comment on column public.state_transitions.to_status is
  'The status that it reached; null where a new row has none.';
comment on column public.state_transitions.actor is
  'Who moved it: secret:<key name>, perhaps with /<label>, user:<id>, or the database role.';
comment on column public.state_transitions.reason is 'Why, where the event asks for a reason.';
comment on column public.state_transitions.request_id is 'The HTTP request (x-request-id) that moved it, if any.';
comment on column public.state_transitions.occurred_at is 'When the transaction of the move began.';
