-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create function leo.extend_metric_marking()
returns date
language plpgsql
set search_path = ''
as $$
declare
  v_yesterday constant date := (now() at time zone 'UTC')::date - 1;
  v_marking leo.metric_marking;
  v_rolled_up_through date;
begin
  select marking.* into strict v_marking from leo.metric_marking marking for no key update;

  select progress.rolled_up_through
  into strict v_rolled_up_through
  from public.orchestration_summary_progress progress;

  -- Only once all earlier days are rolled up: a writer who takes hours holds up the last day and not those.
  if v_marking.marked_through < v_yesterday and v_marking.marked_through <= v_rolled_up_through then
    update leo.metric_marking
    set marked_through = v_yesterday, marked_in = pg_current_xact_id(), unaware_writers = null;

    return v_rolled_up_through;
  end if;

  -- Not before the transaction that set marked_through is committed.
  if v_marking.marked_in <> pg_current_xact_id() and v_marking.unaware_writers is distinct from '{}' then
    update leo.metric_marking marking
    set unaware_writers = array(
      select holder.virtualtransaction
      from pg_catalog.pg_locks holder
      where holder.locktype = 'relation'
        and holder.relation = 'public.orchestration_metrics'::regclass
        and holder.database = (
          select found.oid from pg_catalog.pg_database found where found.datname = current_database()
        )
        -- Every writer holds this one to the end of the transaction, whatever else.
        and holder.mode = 'RowExclusiveLock'
        and holder.granted
        and (
          marking.unaware_writers is null
          or holder.virtualtransaction = any (marking.unaware_writers)
          -- One of them, perhaps, prepared for a commit in two phases: it has another number since.
          or holder.pid is null
        )
    )
    returning marking.* into v_marking;
  end if;

  return case when v_marking.unaware_writers = '{}' then v_marking.marked_through else v_rolled_up_through end;
end
$$;

revoke execute on function leo.extend_metric_marking() from public, anon, authenticated, service_role;

comment on function leo.extend_metric_marking() is
  'Has writers of metrics mark what they change up to yesterday (UTC), and returns through which day every writer '
  'does so for certain: that takes a second call, in another transaction, and longer where a writer from before '
  'is at work still. Nobody waits. Called by leo.roll_up_metrics.';

create function leo.roll_up_day(company_id uuid, day date, rolled_up_through date)
returns void
language plpgsql
set search_path = ''
as $$
begin
  delete from public.orchestration_daily_summaries summary
  where summary.company_id = roll_up_day.company_id and summary.day = roll_up_day.day;

  -- One statement, as marks and metrics have to be seen at the same moment: a metric that is committed after it
  -- has a mark that stays. The marks are still seen by the function, which therefore reads the metrics.
  with settled as (
    delete from public.orchestration_stale_days mark
    where mark.company_id = roll_up_day.company_id and mark.day = roll_up_day.day
  )
  insert into public.orchestration_daily_summaries
  select summary.*
  from public.orchestration_summary(roll_up_day.company_id, roll_up_day.day, roll_up_day.day) summary
  -- Who could not know up to where to mark has marked later days too.
  where roll_up_day.day <= roll_up_day.rolled_up_through;
end
$$;

revoke execute on function leo.roll_up_day(uuid, date, date) from public, anon, authenticated, service_role;

comment on function leo.roll_up_day(uuid, date, date) is
  'Sums up one day of a company and takes its marks away; the day has a mark. Called by leo.roll_up_metrics.';

create function leo.roll_up_metrics(day_limit integer default 1000, time_limit interval default '3 seconds')
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_until constant timestamptz := clock_timestamp() + roll_up_metrics.time_limit;
  v_rolled_up_through date;
  v_certain_through date;
  v_waiting integer;
  v_added integer;
  v_last_mark bigint;
  v_mark record;
  v_in_batch integer;
  v_done integer := 0;
  v_failed integer := 0;
begin
  -- With an older view, what another roll-up has done meanwhile would be undone. A warning and no error: whoever
  -- sweeps in such a transaction has other work to do.
  if current_setting('transaction_isolation') <> 'read committed' then
    raise warning using
      message = 'metrics are not rolled up in a transaction that may not see them as they are',
      hint = 'Use isolation level read committed.';
    return 0;
  end if;

  select progress.rolled_up_through
  into v_rolled_up_through
  from public.orchestration_summary_progress progress
  for no key update skip locked;

  -- Somebody else is at it.
  if not found then
    return 0;
  end if;

  v_certain_through := leo.extend_metric_marking();

  -- A new day begins as one of which every company is stale; from then on the two are the same work.
  select count(*)
  into v_waiting
  from (select from public.orchestration_stale_days limit greatest(roll_up_metrics.day_limit, 0)) waiting;

  while v_waiting < roll_up_metrics.day_limit and v_rolled_up_through < v_certain_through loop
    select coalesce((min(metric.recorded_at) at time zone 'UTC')::date, v_certain_through)
    into v_rolled_up_through
    from public.orchestration_metrics metric
    where metric.recorded_at >= (v_rolled_up_through + 1)::timestamp at time zone 'UTC'
      and metric.recorded_at < (v_certain_through + 1)::timestamp at time zone 'UTC'
      and isfinite(metric.recorded_at);

    -- By company, which takes one look into the index for each, however many metrics the day has.
    insert into public.orchestration_stale_days (company_id, day)
    select company.id, v_rolled_up_through
    from public.companies company
    cross join lateral (
      select
      from public.orchestration_metrics metric
      where metric.company_id = company.id
        and metric.recorded_at >= v_rolled_up_through::timestamp at time zone 'UTC'
        and metric.recorded_at < (v_rolled_up_through + 1)::timestamp at time zone 'UTC'
      limit 1
    ) any_metric;

    get diagnostics v_added = row_count;

    update public.orchestration_summary_progress set rolled_up_through = v_rolled_up_through;

    v_waiting := v_waiting + greatest(v_added, 1);

    exit when clock_timestamp() >= v_until;
  end loop;

  -- Marks from here on are left to the next call, those of days that could not be summed up among them.
  select max(mark.id) into v_last_mark from public.orchestration_stale_days mark;

  while v_done + v_failed < roll_up_metrics.day_limit loop
    v_in_batch := 0;
    v_mark := null;

    -- In batches, as each block with an exception handler is a subtransaction, and more than 64 of them in a
    -- transaction slow down everybody.
    begin
      for v_mark in
        select distinct oldest.company_id, oldest.day
        from (
          select mark.company_id, mark.day
          from public.orchestration_stale_days mark
          where mark.id <= v_last_mark
          order by mark.id
          limit least(100, roll_up_metrics.day_limit - v_done - v_failed)
        ) oldest
      loop
        perform leo.roll_up_day(v_mark.company_id, v_mark.day, v_rolled_up_through);
        v_in_batch := v_in_batch + 1;
        exit when clock_timestamp() >= v_until;
      end loop;
    exception
      when others then
        -- The others of the batch are undone, and done again without this one, which stays stale.
        raise warning 'metrics of % on % cannot be summed up: %', v_mark.company_id, v_mark.day, sqlerrm;

        delete from public.orchestration_stale_days mark
        where mark.company_id = v_mark.company_id and mark.day = v_mark.day;

        insert into public.orchestration_stale_days (company_id, day) values (v_mark.company_id, v_mark.day);

        v_in_batch := 0;
        v_failed := v_failed + 1;
    end;

    v_done := v_done + v_in_batch;

    exit when v_mark is null or clock_timestamp() >= v_until;
  end loop;

  return v_done;
end
$$;

revoke execute on function leo.roll_up_metrics(integer, interval)
from public, anon, authenticated, service_role;

comment on function leo.roll_up_metrics(integer, interval) is
  'Brings orchestration_daily_summaries up to date: adds the days up to yesterday (UTC), and sums up anew those '
  'whose metrics have changed. Up to day_limit days of companies per call, and none begun after time_limit; returns '
  'how many. A day that cannot be summed up is left stale with a warning and holds up no other. Made to be called '
  'again and again, every minute or so: nobody waits for it, and it leaves the work to another call that is under '
  'way. What dashboards show does not depend on it, only how fast.';

create function leo.forget_summaries()
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.orchestration_summary_progress set rolled_up_through = '-infinity';
  delete from public.orchestration_daily_summaries;
end
$$;

revoke execute on function leo.forget_summaries() from public, anon, authenticated, service_role;

comment on function leo.forget_summaries() is
  'Has leo.roll_up_metrics begin anew. For an operator who has loaded or changed metrics with triggers off '
  '(logical replication, session_replication_role): such changes leave no mark.';
