-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- How the roll-up and those who write metrics agree, without waiting for each other. Most metrics are of today,
-- which is not rolled up yet; only those of days up to marked_through leave a mark. Before such a day is rolled
-- up for the first time, every transaction that may have written without knowing so has to be over: those that
-- hold the table after marked_through was committed are noted down, and the roll-up of new days rests until none
-- of them is left.
--
-- Rejected: a lock that writers share and the roll-up takes alone. It would make intake wait for the roll-up, or
-- the roll-up for a moment without intake, which may never come.
create table leo.metric_marking (
  is_only boolean not null default true,
  marked_through date not null default '-infinity',
  marked_in xid8,
  unaware_writers text[],
  constraint metric_marking_pkey primary key (is_only),
  constraint metric_marking_has_one_row check (is_only)
);

insert into leo.metric_marking default values;

revoke all on leo.metric_marking from public, anon, authenticated, service_role;

comment on table leo.metric_marking is
  'Up to which day writers of metrics mark what they change: one row, written by leo.roll_up_metrics.';
comment on column leo.metric_marking.is_only is 'True: there is one row.';
comment on column leo.metric_marking.marked_through is
  'Metrics of days up to this one, in UTC, leave a mark in public.orchestration_stale_days.';
comment on column leo.metric_marking.marked_in is
  'The transaction that set marked_through; until it is over, nobody else knows.';
comment on column leo.metric_marking.unaware_writers is
  'Transactions (virtualtransaction of pg_locks) that wrote metrics when marked_through became known, and may not '
  'know it. Null: not looked yet; empty: none is left, and days up to marked_through can be rolled up.';

create function leo.mark_stale_days()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_marked_before timestamptz := 'infinity';
begin
  -- A transaction with an older view may not see that a day is marked by now: it marks every day.
  if current_setting('transaction_isolation') = 'read committed' then
    select (marking.marked_through + 1)::timestamp at time zone 'UTC'
    into v_marked_before
    from leo.metric_marking marking;
  end if;

  case tg_op
    when 'INSERT' then
      insert into public.orchestration_stale_days (company_id, day)
      select distinct metric.company_id, (metric.recorded_at at time zone 'UTC')::date
      from new_rows metric
      where metric.recorded_at < v_marked_before and metric.company_id is not null;
    when 'DELETE' then
      insert into public.orchestration_stale_days (company_id, day)
      select distinct metric.company_id, (metric.recorded_at at time zone 'UTC')::date
      from old_rows metric
      where metric.recorded_at < v_marked_before and metric.company_id is not null;
    when 'UPDATE' then
      -- Both: a metric may have moved to another day or company.
      insert into public.orchestration_stale_days (company_id, day)
      select metric.company_id, (metric.recorded_at at time zone 'UTC')::date
      from old_rows metric
      where metric.recorded_at < v_marked_before and metric.company_id is not null
      union
      select metric.company_id, (metric.recorded_at at time zone 'UTC')::date
      from new_rows metric
      where metric.recorded_at < v_marked_before and metric.company_id is not null;
    when 'TRUNCATE' then
      if current_setting('transaction_isolation') <> 'read committed' then
        raise exception using
          errcode = 'PT409',
          message = 'metrics cannot be truncated in a transaction that may not see every day that is rolled up',
          hint = 'Use isolation level read committed.';
      end if;

      -- The lock of TRUNCATE keeps the roll-up away from the metrics, so no day is added meanwhile.
      insert into public.orchestration_stale_days (company_id, day)
      select summary.company_id, summary.day
      from public.orchestration_daily_summaries summary;
  end case;

  return null;
end
$$;

revoke execute on function leo.mark_stale_days() from public, anon, authenticated, service_role;

comment on function leo.mark_stale_days() is
  'Trigger of orchestration_metrics: marks the company days whose summary the statement makes wrong. Runs as the '
  'owner, since nobody else writes marks.';

create trigger mark_stale_days_insert
  after insert on public.orchestration_metrics
  referencing new table as new_rows
  for each statement execute function leo.mark_stale_days();

create trigger mark_stale_days_update
  after update on public.orchestration_metrics
  referencing old table as old_rows new table as new_rows
  for each statement execute function leo.mark_stale_days();

create trigger mark_stale_days_delete
  after delete on public.orchestration_metrics
  referencing old table as old_rows
  for each statement execute function leo.mark_stale_days();

create trigger mark_stale_days_truncate
  after truncate on public.orchestration_metrics
  for each statement execute function leo.mark_stale_days();
