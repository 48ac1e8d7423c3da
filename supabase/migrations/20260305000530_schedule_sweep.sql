-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create function leo.schedule_sweep()
returns void
language plpgsql
set search_path = ''
as $$
begin
  if not exists (select from pg_catalog.pg_extension extension where extension.extname = 'pg_cron') then
    if not exists (select from pg_catalog.pg_available_extensions available where available.name = 'pg_cron') then
      raise exception using
        errcode = 'feature_not_supported',
        message = 'this server does not have pg_cron',
        hint = 'Have any scheduler call POST /functions/v1/telemetry-runs/sweep every minute.';
    end if;

    -- On hosted Supabase postgres may. Elsewhere it takes a superuser, and cron.database_name.
    create extension pg_cron;
  end if;

  -- Dynamic, as the schema need not be there. A job of the same name is replaced.
  execute $cron$
    select cron.schedule('leo-sweep', '* * * * *', $job$select leo.sweep('{}', '{}')$job$)
  $cron$;

  -- A job of its own: a day with millions of metrics takes its time, and must not keep the sweep from its work.
  execute $cron$
    select cron.schedule('leo-roll-up', '* * * * *', $job$select leo.roll_up_metrics()$job$)
  $cron$;

  -- pg_cron keeps a row of each run for ever.
  execute $cron$
    select cron.schedule(
      'leo-sweep-log',
      '17 3 * * *',
      $job$
        delete from cron.job_run_details
        where end_time < now() - interval '7 days'
          and jobid in (select jobid from cron.job where jobname in ('leo-sweep', 'leo-roll-up', 'leo-sweep-log'))
      $job$
    )
  $cron$;
end
$$;

revoke execute on function leo.schedule_sweep() from public, anon, authenticated, service_role;

comment on function leo.schedule_sweep() is
  'Has pg_cron call leo.sweep and leo.roll_up_metrics every minute, as the role that calls this (postgres); may be called again. Raises '
  'where the extension cannot be had. Called by its migration, and by operators who have enabled pg_cron later: '
  'select leo.schedule_sweep().';

-- A project without pg_cron is a good one all the same: nothing that goes wrong here fails the migration.
do $$
declare
  v_message text;
  v_hint text;
begin
  perform leo.schedule_sweep();
  raise notice 'pg_cron sweeps and rolls metrics up every minute (jobs leo-sweep and leo-roll-up)';
exception
  when others then
    get stacked diagnostics v_message = message_text, v_hint = pg_exception_hint;
    raise notice using
      message = format('the sweep is not scheduled: %s', v_message),
      hint = coalesce(nullif(v_hint, '') || ' ', '')
        || 'On hosted Supabase: enable pg_cron (Integrations → Cron), then run: select leo.schedule_sweep(). '
        || 'npm start sweeps by itself.';
end
$$;
