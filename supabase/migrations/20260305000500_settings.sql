-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- A table and not a setting of the server: on hosted Supabase, postgres is no superuser and cannot set a
-- parameter of its own for good.
create table leo.settings (
  id boolean not null default true,
  session_stale_after interval not null default '24 hours',
  constraint settings_pkey primary key (id),
  constraint settings_is_one_row check (id),
  -- The upper bound is for the arithmetic: a time that long ago can still be written down.
  constraint settings_session_stale_after_check
    check (session_stale_after > interval '0' and session_stale_after <= interval '1000 years')
);

comment on table leo.settings is
  'What operators decide, in one row: update leo.settings set session_stale_after = ''12 hours''. In force '
  'from the next statement on.';
comment on column leo.settings.id is 'Always true, so that there is one row.';
comment on column leo.settings.session_stale_after is
  'How long an active session may go without a sign of life before the sweep pauses it.';

revoke all on leo.settings from public, anon, authenticated, service_role;

insert into leo.settings default values;

create function leo.session_stale_after()
returns interval
language plpgsql
stable
set search_path = ''
as $$
begin
  -- Also where somebody has deleted the row.
  return coalesce((select settings.session_stale_after from leo.settings), interval '24 hours');
end
$$;

revoke execute on function leo.session_stale_after() from public, anon, authenticated, service_role;

comment on function leo.session_stale_after() is
  'How long an active session may go without a sign of life: leo.settings, or a day. Called by the sweep and '
  'the doctor.';
