-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create function leo.doctor_of_metrics()
returns setof leo.finding
language plpgsql
stable
set search_path = ''
as $$
begin
  -- One pass over what is by far the largest table. The limits are those of leo.insert_metrics, which keeps them
  -- from coming in; null is nowhere out of range.
  return query
  with suspicious as materialized (
    select
      metric.metric_id, metric.company_id, metric.recorded_at, metric.metric_period_start, metric.metric_period_end,
      metric.success_count, metric.failure_count, metric.action_count,
      venture.company_id as venture_company_id,
      session.company_id as session_company_id,
      bad.names,
      array_remove(
        array[
          case when metric.company_id is not null and company.id is null then 'company_id' end,
          case when metric.venture_id is not null and venture.id is null then 'venture_id' end,
          case when metric.session_id is not null and session.session_id is null then 'session_id' end
        ],
        null
      ) as orphaned_by
    from public.orchestration_metrics metric
    left join public.companies company on company.id = metric.company_id
    left join public.ventures venture on venture.id = metric.venture_id
    left join public.eva_orchestration_sessions session on session.session_id = metric.session_id
    -- An expression and no subquery, which would cost a second for each million rows.
    cross join lateral (
      values (
        array_remove(
          array[
            case when metric.stage_id not between 1 and 40 then 'stage_id' end,
            case when metric.error_rate not between 0 and 1 then 'error_rate' end,
            case when metric.handoff_efficiency not between 0 and 100 then 'handoff_efficiency' end,
            case when metric.agent_utilization not between 0 and 100 then 'agent_utilization' end,
            case when metric.data_quality_score not between 0 and 100 then 'data_quality_score' end,
            case when metric.confidence_score not between 0 and 100 then 'confidence_score' end,
            case when metric.compute_cost not between 0 and 99999999.99 then 'compute_cost' end,
            case when metric.action_count < 0 then 'action_count' end,
            case when metric.success_count < 0 then 'success_count' end,
            case when metric.failure_count < 0 then 'failure_count' end,
            case when metric.chairman_interventions < 0 then 'chairman_interventions' end,
            case when metric.chairman_approvals < 0 then 'chairman_approvals' end,
            case when metric.chairman_rejections < 0 then 'chairman_rejections' end,
            case when metric.api_calls_made < 0 then 'api_calls_made' end,
            case
              when metric.stage_duration < interval '0' or not isfinite(metric.stage_duration) then 'stage_duration'
            end,
            case
              when metric.agent_response_time < interval '0' or not isfinite(metric.agent_response_time)
                then 'agent_response_time'
            end,
            case when not isfinite(metric.metric_period_start) then 'metric_period_start' end,
            case when not isfinite(metric.metric_period_end) then 'metric_period_end' end
          ],
          null
        )
      )
    ) as bad (names)
    where bad.names <> '{}'
      or metric.success_count::bigint + metric.failure_count > metric.action_count
      or metric.metric_period_start > metric.metric_period_end
      -- Of a row without any of them nothing can be said: services record what belongs to no company.
      or (metric.company_id is null and coalesce(venture.company_id, session.company_id) is not null)
      or metric.company_id <> venture.company_id
      or metric.company_id <> session.company_id
      or (metric.company_id is not null and company.id is null)
      or (metric.venture_id is not null and venture.id is null)
      or (metric.session_id is not null and session.session_id is null)
      or metric.recorded_at is null
      or metric.recorded_at = '-infinity'
      or metric.recorded_at > now() + interval '1 day'
  )
  select
    'metric_out_of_range',
    'orchestration_metrics',
    suspicious.metric_id::text,
    (
      select string_agg(format('%s is %s', field.name, to_jsonb(metric) ->> field.name), ', ')
      from unnest(suspicious.names) as field (name)
    ),
    format(
      'update public.orchestration_metrics set %s = null where metric_id = %L and %s;',
      array_to_string(suspicious.names, ' = null, '),
      suspicious.metric_id,
      (
        -- Each literal becomes a value of its column: a text would be another one with other settings.
        select string_agg(format('%s = %L', field.name, to_jsonb(metric) ->> field.name), ' and ')
        from unnest(suspicious.names) as field (name)
      )
    )
  from suspicious
  join public.orchestration_metrics metric on metric.metric_id = suspicious.metric_id
  where suspicious.names <> '{}'
  union all
  select
    'metric_counts_contradict',
    'orchestration_metrics',
    suspicious.metric_id::text,
    format(
      '%s successes and %s failures of %s actions', suspicious.success_count, suspicious.failure_count,
      suspicious.action_count
    ),
    format(
      -- Null where the sum is more than the column can hold.
      'update public.orchestration_metrics set action_count ='
      ' case when success_count::bigint + failure_count <= 2147483647 then success_count + failure_count end'
      ' where metric_id = %L and success_count::bigint + failure_count > action_count;',
      suspicious.metric_id
    )
  from suspicious
  where suspicious.success_count::bigint + suspicious.failure_count > suspicious.action_count
    -- Otherwise one of them is out of range, which comes first.
    and least(suspicious.success_count, suspicious.failure_count, suspicious.action_count) >= 0
  union all
  select
    'metric_period_reversed',
    'orchestration_metrics',
    suspicious.metric_id::text,
    format('from %s to %s', suspicious.metric_period_start, suspicious.metric_period_end),
    format(
      'update public.orchestration_metrics set metric_period_start = metric_period_end,'
      ' metric_period_end = metric_period_start where metric_id = %L and metric_period_start > metric_period_end;',
      suspicious.metric_id
    )
  from suspicious
  where suspicious.metric_period_start > suspicious.metric_period_end
    -- Otherwise one of them is out of range, which comes first.
    and isfinite(suspicious.metric_period_start)
    and isfinite(suspicious.metric_period_end)
  union all
  select
    'metric_without_company',
    'orchestration_metrics',
    suspicious.metric_id::text,
    format(
      'belongs to no company, so that no user sees it; its %s belongs to company %s',
      case when suspicious.venture_company_id is null then 'session' else 'venture' end,
      coalesce(suspicious.venture_company_id, suspicious.session_company_id)
    ),
    format(
      'update public.orchestration_metrics set company_id = %L where metric_id = %L and company_id is null;',
      coalesce(suspicious.venture_company_id, suspicious.session_company_id),
      suspicious.metric_id
    )
  from suspicious
  where suspicious.company_id is null
    and coalesce(suspicious.venture_company_id, suspicious.session_company_id) is not null
  union all
  select
    'metric_of_another_company',
    'orchestration_metrics',
    suspicious.metric_id::text,
    concat_ws(
      ' and ',
      case
        when suspicious.company_id <> suspicious.venture_company_id
          then format('its venture belongs to company %s', suspicious.venture_company_id)
      end,
      case
        when suspicious.company_id <> suspicious.session_company_id
          then format('its session belongs to company %s', suspicious.session_company_id)
      end
    ),
    format(
      'update public.orchestration_metrics set %s = null where metric_id = %L and company_id = %L;',
      concat_ws(
        ' = null, ',
        case when suspicious.company_id <> suspicious.venture_company_id then 'venture_id' end,
        case when suspicious.company_id <> suspicious.session_company_id then 'session_id' end
      ),
      suspicious.metric_id,
      suspicious.company_id
    )
  from suspicious
  where suspicious.company_id <> suspicious.venture_company_id
    or suspicious.company_id <> suspicious.session_company_id
  union all
  select
    'metric_orphaned',
    'orchestration_metrics',
    suspicious.metric_id::text,
    format('there is nothing that %s names', array_to_string(suspicious.orphaned_by, ' and ')),
    format(
      'update public.orchestration_metrics metric set %s = null where metric_id = %L'
      ' and to_jsonb(metric) @> %L;',
      array_to_string(suspicious.orphaned_by, ' = null, '),
      suspicious.metric_id,
      (
        select jsonb_object_agg(field.name, to_jsonb(metric) -> field.name)
        from unnest(suspicious.orphaned_by) as field (name)
      )
    )
  from suspicious
  join public.orchestration_metrics metric on metric.metric_id = suspicious.metric_id
  where suspicious.orphaned_by <> '{}'
  union all
  select
    'metric_without_time',
    'orchestration_metrics',
    suspicious.metric_id::text,
    format(
      '%s, so that no period counts it', coalesce('recorded_at is ' || suspicious.recorded_at, 'has no recorded_at')
    ),
    format(
      'update public.orchestration_metrics set recorded_at ='
      ' least(case when isfinite(metric_period_end) then metric_period_end end, now())'
      ' where metric_id = %L and (recorded_at is null or recorded_at = ''-infinity'');',
      suspicious.metric_id
    )
  from suspicious
  where suspicious.recorded_at is null or suspicious.recorded_at = '-infinity'
  union all
  select
    'metric_from_the_future',
    'orchestration_metrics',
    suspicious.metric_id::text,
    format('recorded_at is %s', suspicious.recorded_at),
    format(
      'update public.orchestration_metrics set recorded_at ='
      ' least(case when isfinite(metric_period_end) then metric_period_end end, now())'
      ' where metric_id = %L and recorded_at = %L;',
      suspicious.metric_id,
      suspicious.recorded_at
    )
  from suspicious
  where suspicious.recorded_at > now() + interval '1 day';
end
$$;

revoke execute on function leo.doctor_of_metrics() from public, anon, authenticated, service_role;

comment on function leo.doctor_of_metrics() is
  'What is wrong with orchestration metrics: orphaned, figures out of range or against each other, no company or '
  'somebody else''s, times that cannot be. Called by leo.doctor().';
