-- What did the agents of each company cost this month, and how does that compare with the month before?
-- Edit: the month (any day of it), by UTC.
with given as (
  select date_trunc('month', now() at time zone 'utc') as month
),
months as (
  select
    given.month at time zone 'utc' as begins,
    (given.month + interval '1 month') at time zone 'utc' as ends,
    (given.month - interval '1 month') at time zone 'utc' as previous_begins
  from given
),
costs as (
  select
    metric.company_id,
    sum(metric.compute_cost) filter (where metric.recorded_at >= months.begins) as cost,
    sum(metric.compute_cost) filter (where metric.recorded_at < months.begins) as previous_cost,
    sum(metric.action_count) filter (where metric.recorded_at >= months.begins) as actions,
    sum(metric.failure_count) filter (where metric.recorded_at >= months.begins) as failures,
    sum(metric.api_calls_made) filter (where metric.recorded_at >= months.begins) as api_calls
  from public.orchestration_metrics metric
  join months on metric.recorded_at >= months.previous_begins and metric.recorded_at < months.ends
  group by metric.company_id
)
select
  coalesce(company.name, 'no company') as company,
  coalesce(costs.cost, 0) as cost,
  coalesce(costs.previous_cost, 0) as cost_the_month_before,
  round(100 * (costs.cost - costs.previous_cost) / nullif(costs.previous_cost, 0)) as change_in_percent,
  coalesce(costs.actions, 0) as actions,
  coalesce(costs.api_calls, 0) as api_calls,
  round(100.0 * costs.failures / nullif(costs.actions, 0), 1) as failed_actions_in_percent
from public.companies company
full join costs on costs.company_id = company.id
order by coalesce(costs.cost, 0) desc, company.name
limit 200;
