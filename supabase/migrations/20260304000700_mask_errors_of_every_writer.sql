-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- Services write rows by SQL and the Data API too, and anybody may read telemetry runs: what an error brings along
-- of connection strings and keys is masked wherever it comes from.
create function leo.mask_columns()
returns trigger
language plpgsql
-- Those who write rows may not call functions of this schema.
security definer
set search_path = ''
as $$
declare
  v_row constant jsonb := to_jsonb(new);
begin
  return jsonb_populate_record(
    new,
    (
      select jsonb_object_agg(masked.name, leo.mask_secrets(v_row ->> masked.name))
      from unnest(tg_argv) masked (name)
    )
  );
end
$$;

revoke execute on function leo.mask_columns() from public, anon, authenticated, service_role;

comment on function leo.mask_columns() is
  'Trigger: the text columns that it is given are stored as leo.mask_secrets leaves them.';

create trigger mask_errors_insert
  before insert on public.telemetry_analysis_runs
  for each row when (new.error_message is not null or new.error_class is not null)
  execute function leo.mask_columns('error_message', 'error_class');

create trigger mask_errors_update
  before update of error_message, error_class on public.telemetry_analysis_runs
  for each row when (
    new.error_message is distinct from old.error_message or new.error_class is distinct from old.error_class
  )
  execute function leo.mask_columns('error_message', 'error_class');

create trigger mask_errors_insert
  before insert on public.okr_generation_log
  for each row when (new.error_message is not null)
  execute function leo.mask_columns('error_message');

create trigger mask_errors_update
  before update of error_message on public.okr_generation_log
  for each row when (new.error_message is distinct from old.error_message)
  execute function leo.mask_columns('error_message');

create trigger mask_reason
  before insert on leo.status_overrides
  for each row execute function leo.mask_columns('reason');
