-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- The summary as it was, but for how it finds the metrics of days that are not rolled up.
--
-- Row level security asks for the company a second time, and the planner takes that for another condition that few
-- rows meet. Where it comes to expect but one metric of a company, as at 120 000 metrics of 1000 companies, it looked
-- for the company alone: of one with 20 000 of them the summary of 30 days, 29 of them rolled up, touched 3235 pages,
-- and now touches 65.
create or replace function public.orchestration_summary(
  company_id uuid default null,
  from_day date default null,
  to_day date default null
)
returns setof public.orchestration_daily_summaries
language plpgsql
stable
set search_path = ''
-- One plan for all companies and days: planning takes longer than the rest. With nothing known about the marks,
-- which come and go, it has to be one that looks for them by the index.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
-- So that the metrics come from the index that has them in order, see below. What has to be sorted still is.
set enable_sort = off
set enable_incremental_sort = off
as $$
declare
  v_to_day constant date := coalesce(orchestration_summary.to_day, (now() at time zone 'UTC')::date);
  v_from_day constant date := coalesce(orchestration_summary.from_day, v_to_day - 29);
  v_company_ids constant uuid[] := case
    when orchestration_summary.company_id is null then array(select company.id from public.companies company)
    else array[orchestration_summary.company_id]
  end;
  v_live_from_day constant date := greatest(
    v_from_day,
    (select progress.rolled_up_through + 1 from public.orchestration_summary_progress progress)
  );
begin
  return query
  with stale as materialized (
    select distinct mark.company_id, mark.day
    from public.orchestration_stale_days mark
    where mark.company_id = any (v_company_ids)
      and mark.day >= v_from_day
      and mark.day <= v_to_day
      and mark.day < v_live_from_day
  ),
  -- Materialized, so that their bounds are values: computed in the join, they would count as a function that might
  -- leak what it sees, and could be asked only of rows that row level security has let pass, not of the index.
  live as materialized (
    select
      period.company_id,
      period.first_day::timestamp at time zone 'UTC' as begins_at,
      (period.last_day + 1)::timestamp at time zone 'UTC' as ends_at
    from (
      select stale.company_id, stale.day, stale.day
      from stale
      union all
      select company.id, v_live_from_day, v_to_day
      from unnest(v_company_ids) company (id)
      where v_live_from_day <= v_to_day
    ) period (company_id, first_day, last_day)
  )
  select
    metric.company_id,
    (metric.recorded_at at time zone 'UTC')::date as day,
    count(*),
    coalesce(sum(metric.action_count), 0),
    coalesce(sum(metric.success_count), 0),
    coalesce(sum(metric.failure_count), 0),
    round(coalesce(sum(metric.failure_count), 0)::numeric / nullif(sum(metric.action_count), 0), 6),
    round(avg(metric.error_rate), 6),
    coalesce(sum(metric.api_calls_made), 0),
    coalesce(sum(metric.chairman_interventions), 0),
    coalesce(sum(metric.chairman_approvals), 0),
    coalesce(sum(metric.chairman_rejections), 0),
    coalesce(sum(metric.compute_cost), 0),
    -- From whole microseconds, which double precision holds without loss.
    percentile_cont(0.5) within group (order by round(date_part('epoch', metric.stage_duration) * 1e6)) / 1000,
    percentile_cont(0.95) within group (order by round(date_part('epoch', metric.stage_duration) * 1e6)) / 1000,
    percentile_cont(0.5) within group (order by round(date_part('epoch', metric.agent_response_time) * 1e6)) / 1000,
    percentile_cont(0.95) within group (order by round(date_part('epoch', metric.agent_response_time) * 1e6)) / 1000,
    round(avg(metric.handoff_efficiency), 2),
    round(avg(metric.agent_utilization), 2),
    round(avg(metric.data_quality_score), 2),
    round(avg(metric.confidence_score), 2)
  from live
  cross join lateral (
    select recorded.*
    from public.orchestration_metrics recorded
    -- As an array of one, or the company would be known and its order nothing to ask for.
    where recorded.company_id = any (array[live.company_id])
      and recorded.recorded_at >= live.begins_at
      and recorded.recorded_at < live.ends_at
      and isfinite(recorded.recorded_at)
    -- No index but idx_orch_metrics_company_recorded has this order.
    order by recorded.company_id, recorded.recorded_at
  ) as metric
  group by 1, 2
  union all
  select summary.*
  from public.orchestration_daily_summaries summary
  where summary.company_id = any (v_company_ids)
    and summary.day >= v_from_day
    and summary.day <= v_to_day
    and summary.day < v_live_from_day
    and not exists (
      select
      from stale
      where stale.company_id = summary.company_id and stale.day = summary.day
    )
  order by 1, 2;
end
$$;

revoke execute on function public.orchestration_summary(uuid, date, date)
from public, anon, authenticated, service_role;
grant execute on function public.orchestration_summary(uuid, date, date) to authenticated, service_role;

comment on function public.orchestration_summary(uuid, date, date) is
  'Dashboard: metrics summed up per company and day (UTC), from from_day to to_day, which are the last 30 days '
  'unless given; of one company, or of all that the caller has access to. Exact at any time. A day without '
  'metrics has no row. Called by clients, and by leo.roll_up_metrics.';
