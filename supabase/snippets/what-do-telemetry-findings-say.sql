-- What do the telemetry findings say? The bottlenecks that the latest analysis of each scope found, the worst first.
-- Edit: one type of scope only: workspace, user or global (null for all).
with given as (
  select null::text as scope_type
)
select
  concat_ws(' ', finding.scope_type, coalesce(company.name, person.email, finding.scope_id)) as scope,
  case
    when finding.run_id is null then 'never analysed'
    when bottleneck.value is not null then 'bottleneck'
    else 'nothing found' || coalesce(': ' || finding.reason_code, '')
  end as finding,
  bottleneck.value ->> 'dimension_type' as dimension,
  coalesce(venture.name, bottleneck.value ->> 'dimension_key') as which,
  bottleneck.value ->> 'severity' as severity,
  bottleneck.value ->> 'measure' as measure,
  bottleneck.value -> 'ratio' as times_the_usual,
  -- The median of durations, or the mean share of what failed (0-1).
  coalesce(
    (bottleneck.value ->> 'baseline_p50_ms') || ' ms', (bottleneck.value ->> 'baseline_error_rate') || ' failed'
  ) as usual,
  coalesce(
    (bottleneck.value ->> 'observed_p50_ms') || ' ms', (bottleneck.value ->> 'observed_error_rate') || ' failed'
  ) as observed,
  bottleneck.value -> 'sample_count' as samples,
  finding.finished_at as analysed_at,
  coalesce(finding.active_status, 'none') as run_under_way,
  finding.run_id
from public.telemetry_findings finding
join given on given.scope_type is null or given.scope_type = finding.scope_type
left join lateral jsonb_array_elements(
  -- Other clients may have stored something else.
  case jsonb_typeof(finding.output_ref -> 'bottlenecks') when 'array' then finding.output_ref -> 'bottlenecks' end
) as bottleneck on true
left join public.companies company
  on finding.scope_type = 'workspace' and company.id::text = lower(finding.scope_id)
left join auth.users person on finding.scope_type = 'user' and person.id::text = lower(finding.scope_id)
left join public.ventures venture
  on bottleneck.value ->> 'dimension_type' = 'venture'
  and venture.id::text = bottleneck.value ->> 'dimension_key'
order by bottleneck.value -> 'ratio' desc nulls last, scope
limit 200;
