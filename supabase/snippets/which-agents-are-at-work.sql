-- Which agents are at work? Who moved something lately, which workers hold a telemetry run, and which agents took
-- part in what was measured.
-- Edit: since when.
with given as (
  select now() - interval '24 hours' as since
),
seen as (
  select
    transition.actor as agent,
    'moves of the state machines' as seen_by,
    string_agg(distinct transition.sd_id, ', ') as working_on,
    count(*) as how_often,
    max(transition.occurred_at) as last_seen
  from public.state_transitions transition
  join given on transition.occurred_at >= given.since
  group by transition.actor

  union all

  select
    coalesce(run.metadata ->> 'worker', 'a worker without a name'),
    'telemetry runs under way',
    string_agg(distinct concat_ws(' ', run.scope_type, coalesce(company.name, person.email, run.scope_id)), ', '),
    count(*),
    max(run.updated_at)
  from public.telemetry_analysis_runs run
  left join public.companies company on run.scope_type = 'workspace' and company.id::text = lower(run.scope_id)
  left join auth.users person on run.scope_type = 'user' and person.id::text = lower(run.scope_id)
  where run.status = 'RUNNING'
  group by 1

  union all

  select
    agent.name,
    'measurements',
    string_agg(distinct venture.name, ', '),
    count(*),
    max(metric.recorded_at)
  from public.orchestration_metrics metric
  join given on metric.recorded_at >= given.since
  cross join lateral unnest(metric.agents_involved) as agent (name)
  left join public.ventures venture on venture.id = metric.venture_id
  group by agent.name
)
select seen.agent, seen.seen_by, left(seen.working_on, 200) as working_on, seen.how_often, seen.last_seen
from seen
order by seen.last_seen desc
limit 200;
