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

create function leo.roll_up_metrics(day_limit integer default 1000)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_until constant timestamptz := clock_timestamp() + interval '3 seconds';
  v_rolled_up_through date;
  v_certain_through date;
  v_waiting integer;
  v_added integer;
  v_company_ids uuid[];
  v_days date[];
  v_done integer := 0;
begin
  -- With an older view, what another roll-up has done meanwhile would be undone.
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using
      errcode = 'PT409',
      message = 'metrics cannot be rolled up in a transaction that may not see them as they are',
      hint = 'Use isolation level read committed.';
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

  while v_waiting < roll_up_metrics.day_limit and v_rolled_up_through < v_certain_through and clock_timestamp() < v_until
  loop
    select coalesce((min(metric.recorded_at) at time zone 'UTC')::date, v_certain_through)
    into v_rolled_up_through
    from public.orchestration_metrics metric
    where metric.recorded_at >= (v_rolled_up_through + 1)::timestamp at time zone 'UTC'
      and metric.recorded_at < (v_certain_through + 1)::timestamp at time zone 'UTC'
      and isfinite(metric.recorded_at);

    insert into public.orchestration_stale_days (company_id, day)
    select distinct metric.company_id, v_rolled_up_through
    from public.orchestration_metrics metric
    where metric.recorded_at >= v_rolled_up_through::timestamp at time zone 'UTC'
      and metric.recorded_at < (v_rolled_up_through + 1)::timestamp at time zone 'UTC'
      and metric.company_id is not null;

    get diagnostics v_added = row_count;

    update public.orchestration_summary_progress set rolled_up_through = v_rolled_up_through;

    v_waiting := v_waiting + greatest(v_added, 1);
  end loop;

  while v_done < roll_up_metrics.day_limit and clock_timestamp() < v_until loop
    select array_agg(stale.company_id), array_agg(stale.day)
    into v_company_ids, v_days
    from (
      select distinct oldest.company_id, oldest.day
      from (
        select mark.company_id, mark.day
        from public.orchestration_stale_days mark
        order by mark.id
        limit least(100, roll_up_metrics.day_limit - v_done)
      ) oldest
    ) stale;

    exit when v_days is null;

    delete from public.orchestration_daily_summaries summary
    using unnest(v_company_ids, v_days) as stale (company_id, day)
    where summary.company_id = stale.company_id and summary.day = stale.day;

    -- One statement, as marks and metrics have to be seen at the same moment: a metric that is committed after it
    -- has a mark that stays. The marks are still seen by the function, which therefore reads the metrics.
    with settled as (
      delete from public.orchestration_stale_days mark
      using unnest(v_company_ids, v_days) as stale (company_id, day)
      where mark.company_id = stale.company_id and mark.day = stale.day
    )
    insert into public.orchestration_daily_summaries
    select summary.*
    from unnest(v_company_ids, v_days) as stale (company_id, day)
    cross join lateral public.orchestration_summary(stale.company_id, stale.day, stale.day) summary
    -- Who could not know up to where to mark has marked later days too.
    where stale.day <= v_rolled_up_through;

    v_done := v_done + cardinality(v_days);
  end loop;

  return v_done;
end
$$;

revoke execute on function leo.roll_up_metrics(integer) from public, anon, authenticated, service_role;

comment on function leo.roll_up_metrics(integer) is
  'Brings orchestration_daily_summaries up to date: adds the days up to yesterday (UTC), and sums up anew those '
  'whose metrics have changed. Up to day_limit days of companies per call, and no more than it can begin within '
  'three seconds; returns how many. Made to be called again and again, every minute or so: nobody waits for it, and '
  'it leaves the work to another call that is under way. What dashboards show does not depend on it, only how fast.';

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
