-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- What the telemetry analysis finds. Nothing in here writes, and nothing knows of runs.

create function leo.companies_of_scope(scope_type text, scope_id text)
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
declare
  v_id uuid;
begin
  -- Who asks for the workspace and names none means all of it.
  if companies_of_scope.scope_type = 'global' or companies_of_scope.scope_id is null then
    return null;
  end if;

  -- A scope_id is anybody's text. The pattern is what the cast below takes, in the only form that is used.
  if companies_of_scope.scope_id ~ '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$' then
    v_id := companies_of_scope.scope_id::uuid;

    if companies_of_scope.scope_type = 'workspace'
      and exists (select from public.companies company where company.id = v_id) then
      return array[v_id];
    end if;

    if companies_of_scope.scope_type = 'user'
      and exists (select from auth.users person where person.id = v_id) then
      return array(
        select access.company_id
        from public.user_company_access access
        where access.user_id = v_id and access.is_active
      );
    end if;
  end if;

  -- Neither all rows, which are not this scope's business, nor none, which would pass for a fresh analysis.
  raise exception using
    errcode = 'no_data_found',
    message = format(
      'the scope is not known: scope_id of a %s has to be the id of %s that exists',
      companies_of_scope.scope_type,
      case companies_of_scope.scope_type when 'user' then 'a user' else 'a company' end
    );
end
$$;

revoke execute on function leo.companies_of_scope(text, text) from public, anon, authenticated, service_role;

comment on function leo.companies_of_scope(text, text) is
  'The companies whose metrics a telemetry run may read; null for all metrics, also those of no company. '
  'global, or no scope_id: all. A workspace is the company with that id; a user, the companies that the user '
  'has active access to. Raises no_data_found where there is no such company or user.';

create function leo.bottleneck_severity(ratio double precision)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return case
    when ratio >= 10 then 'critical'
    when ratio >= 5 then 'high'
    when ratio >= 3 then 'medium'
    -- Only where a threshold is set below the usual 3.
    else 'low'
  end;
end
$$;

revoke execute on function leo.bottleneck_severity(double precision) from public, anon, authenticated, service_role;

comment on function leo.bottleneck_severity(double precision) is
  'How bad a bottleneck is, by how many times the baseline the latest figure is: low, medium from 3, high from '
  '5, critical from 10.';

create function leo.find_bottlenecks(scope_type text, scope_id text, as_of timestamptz)
returns jsonb
language plpgsql
stable
set search_path = ''
-- One plan for all scopes would use the index of none.
set plan_cache_mode = force_custom_plan
as $$
declare
  -- The worst of them; findings_count says how many there are.
  v_longest_list constant integer := 100;
  -- In ten-thousandths. Without it, the first failure after a faultless week would be infinitely worse.
  v_least_error_rate constant double precision := 100;
  v_companies constant uuid[] := leo.companies_of_scope(find_bottlenecks.scope_type, find_bottlenecks.scope_id);
  v_from constant timestamptz := as_of - (
    select max(make_interval(hours => 24 * (threshold.baseline_window_days + threshold.lookback_window_days)))
    from leo.telemetry_thresholds threshold
    where threshold.is_active
  );
  v_found jsonb;
begin
  -- Durations are in microseconds and error rates in ten-thousandths, as exact as their columns: whole numbers,
  -- so that neither the order of a sum nor a fraction without end decides what reaches a threshold.
  with thresholds as materialized (
    select
      threshold.dimension_type, threshold.dimension_key, threshold.min_samples,
      threshold.threshold_ratio::double precision as threshold_ratio,
      as_of - make_interval(hours => 24 * threshold.lookback_window_days) as latest_from,
      as_of - make_interval(hours => 24 * (threshold.baseline_window_days + threshold.lookback_window_days))
        as usual_from
    from leo.telemetry_thresholds threshold
    where threshold.is_active
  ),
  scanned as materialized (
    select
      metric.recorded_at, metric.stage_id, metric.venture_id, session.session_type, metric.agents_involved,
      -- Other writers than the intake may leave what makes no sense: that is no sample.
      case
        when isfinite(metric.stage_duration) and metric.stage_duration >= interval '0'
          then round(date_part('epoch', metric.stage_duration) * 1000000)
      end as stage_time,
      case
        when isfinite(metric.agent_response_time) and metric.agent_response_time >= interval '0'
          then round(date_part('epoch', metric.agent_response_time) * 1000000)
      end as response_time,
      case
        when metric.error_rate between 0 and 1 then round(metric.error_rate::double precision * 10000)
        when metric.error_rate is null and metric.action_count > 0
          and metric.failure_count between 0 and metric.action_count
          then floor(metric.failure_count * 10000::double precision / metric.action_count + 0.5)
      end as error_rate
    from public.orchestration_metrics metric
    left join public.eva_orchestration_sessions session on session.session_id = metric.session_id
    where metric.recorded_at > v_from
      and metric.recorded_at <= as_of
      and (v_companies is null or metric.company_id = any (v_companies))
  ),
  samples as (
    select
      'stage' as dimension_type, scanned.stage_id::text as dimension_key, scanned.recorded_at,
      scanned.stage_time as duration, scanned.error_rate
    from scanned
    where scanned.stage_id is not null
    union all
    select 'venture', scanned.venture_id::text, scanned.recorded_at, scanned.stage_time, scanned.error_rate
    from scanned
    where scanned.venture_id is not null
    union all
    select 'session_type', scanned.session_type, scanned.recorded_at, scanned.stage_time, scanned.error_rate
    from scanned
    where scanned.session_type is not null
    union all
    select 'agent', agent.name, scanned.recorded_at, scanned.response_time, scanned.error_rate
    from scanned
    cross join lateral (
      -- As long as the intake takes them: a finding names its key, and anybody may read it.
      select distinct left(entry, 200) as name
      from unnest(scanned.agents_involved) entry
      where btrim(entry, e' \t\r\n') <> ''
    ) as agent
  ),
  judged as (
    select
      sample.dimension_type, sample.dimension_key collate "C" as dimension_key, sample.duration, sample.error_rate,
      coalesce(own.threshold_ratio, general.threshold_ratio) as threshold_ratio,
      coalesce(own.min_samples, general.min_samples) as min_samples,
      sample.recorded_at > coalesce(own.latest_from, general.latest_from) as is_latest
    from samples sample
    left join thresholds own
      on own.dimension_type = sample.dimension_type and own.dimension_key = sample.dimension_key
    left join thresholds general
      on general.dimension_type = sample.dimension_type and general.dimension_key is null
    -- Null where there is no threshold at all.
    where sample.recorded_at > coalesce(own.usual_from, general.usual_from)
  ),
  pooled as (
    select
      judged.dimension_type, judged.dimension_key,
      -- The same in every row of a key.
      min(judged.threshold_ratio) as threshold_ratio,
      min(judged.min_samples) as min_samples,
      percentile_cont(0.5) within group (order by judged.duration) filter (where not judged.is_latest)
        as usual_duration,
      percentile_cont(0.5) within group (order by judged.duration) filter (where judged.is_latest)
        as latest_duration,
      array_agg(judged.duration) filter (where judged.is_latest and judged.duration is not null)
        as latest_durations,
      avg(judged.error_rate) filter (where not judged.is_latest) as usual_error_rate,
      avg(judged.error_rate) filter (where judged.is_latest) as latest_error_rate,
      array_agg(judged.error_rate) filter (where judged.is_latest and judged.error_rate is not null)
        as latest_error_rates
    from judged
    group by judged.dimension_type, judged.dimension_key
  ),
  compared as materialized (
    select
      pooled.dimension_type, pooled.dimension_key, 'duration' as measure, pooled.threshold_ratio,
      pooled.min_samples, pooled.usual_duration as usual, pooled.usual_duration as basis,
      pooled.latest_duration as latest, pooled.latest_durations as samples
    from pooled
    where pooled.usual_duration > 0 and pooled.latest_duration is not null
    union all
    select
      pooled.dimension_type, pooled.dimension_key, 'error_rate', pooled.threshold_ratio, pooled.min_samples,
      pooled.usual_error_rate, greatest(pooled.usual_error_rate, v_least_error_rate),
      pooled.latest_error_rate, pooled.latest_error_rates
    from pooled
    where pooled.usual_error_rate is not null and pooled.latest_error_rate is not null
  ),
  bottlenecks as materialized (
    select
      compared.*,
      -- Rounded for people; what is shown is what is sorted and rated.
      floor(compared.latest / compared.basis * 1000 + 0.5) / 1000 as ratio,
      cardinality(compared.samples) as sample_count,
      beyond.exceedance_count
    from compared
    cross join lateral (
      select count(*) as exceedance_count
      from unnest(compared.samples) sample
      where sample >= compared.threshold_ratio * compared.basis
    ) as beyond
    where compared.latest / compared.basis >= compared.threshold_ratio
      and beyond.exceedance_count >= compared.min_samples
  ),
  listed as materialized (
    select
      row_number() over (
        order by bottleneck.ratio desc, bottleneck.dimension_type collate "C", bottleneck.dimension_key,
          bottleneck.measure collate "C"
      ) as place,
      bottleneck.*
    from bottlenecks bottleneck
    order by place
    limit v_longest_list
  )
  select jsonb_build_object(
    'output_ref', jsonb_build_object(
      'rows_scanned', (select count(*) from scanned),
      'dimensions_evaluated', (
        select count(*) from (select distinct compared.dimension_type, compared.dimension_key from compared) as keys
      ),
      'bottlenecks', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object(
              'dimension_type', listed.dimension_type,
              'dimension_key', listed.dimension_key,
              'measure', listed.measure,
              'severity', leo.bottleneck_severity(listed.ratio),
              'ratio', listed.ratio,
              'sample_count', listed.sample_count,
              'exceedance_count', listed.exceedance_count
            )
            || case listed.measure
              when 'duration' then jsonb_build_object(
                'baseline_p50_ms', listed.usual / 1000, 'observed_p50_ms', listed.latest / 1000
              )
              else jsonb_build_object(
                'baseline_p50_ms', null, 'observed_p50_ms', null,
                'baseline_error_rate', floor(listed.usual + 0.5) / 10000,
                'observed_error_rate', floor(listed.latest + 0.5) / 10000
              )
            end
            order by listed.place
          ),
          '[]'
        )
        from listed
      )
    ),
    'findings_count', (select count(*) from bottlenecks),
    'top_bottleneck_category', (select listed.dimension_type from listed where listed.place = 1)
  )
  into v_found;

  if v_found -> 'output_ref' -> 'dimensions_evaluated' = '0' then
    v_found := v_found || '{"reason_code": "INSUFFICIENT_DATA"}';
  end if;

  return v_found;
end
$$;

revoke execute on function leo.find_bottlenecks(text, text, timestamptz)
  from public, anon, authenticated, service_role;

comment on function leo.find_bottlenecks(text, text, timestamptz) is
  'Evidence of a telemetry run: output_ref (rows_scanned, dimensions_evaluated, bottlenecks, the worst first), '
  'findings_count, top_bottleneck_category, and reason_code INSUFFICIENT_DATA where no dimension could be '
  'compared. Compares, per dimension and key, the metrics recorded in the lookback window, (as_of - lookback, '
  'as_of], with those of the baseline window before it; the windows do not overlap, so that a degradation does '
  'not raise the baseline that it is measured by. Two measures: the median duration (agent_response_time of an '
  'agent, else stage_duration), and the mean error rate (error_rate, else failure_count / action_count), as the '
  'median of the latter is mostly 0; its baseline counts as 0.01 at least. A bottleneck is threshold_ratio times '
  'its baseline or more, with min_samples or more samples of the lookback window that far beyond it. Called by '
  'analyze_telemetry_run.';
