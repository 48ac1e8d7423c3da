-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create function leo.unreadable_metrics(metrics jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_metric record;
  v_field record;
  v_errors jsonb := '{}';
begin
  for v_metric in
    select (item.ordinality - 1)::text as place, item.value
    from jsonb_array_elements(unreadable_metrics.metrics) with ordinality item
  loop
    if jsonb_typeof(v_metric.value) <> 'object' then
      v_errors := v_errors || jsonb_build_object(v_metric.place, 'has to be an object');
      continue;
    end if;

    for v_field in
      select field.key, field.value from jsonb_each(v_metric.value) field
    loop
      begin
        perform jsonb_populate_record(
          null::public.orchestration_metrics, jsonb_build_object(v_field.key, v_field.value)
        );
      exception
        -- A number that is too great for its column can be read, and refused for its range.
        when numeric_value_out_of_range then
          null;
        when data_exception then
          v_errors := v_errors || jsonb_build_object(
            v_metric.place, concat_ws('; ', v_errors ->> v_metric.place, v_field.key || ': ' || left(sqlerrm, 200))
          );
      end;
    end loop;
  end loop;

  return v_errors;
end
$$;

revoke execute on function leo.unreadable_metrics(jsonb) from public, anon, authenticated, service_role;

comment on function leo.unreadable_metrics(jsonb) is
  'Which elements of an array are no metrics at all, by place (from 0), and what their columns say to that. '
  'Reads field by field: for arrays that cannot be read in one go.';

create function leo.insert_metrics(metrics jsonb, errors jsonb, claims jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_as_user constant boolean := claims is not null;
  v_role constant text := current_setting('role');
  v_claims constant text := coalesce(current_setting('request.jwt.claims', true), '');
  v_readable constant jsonb := case
    when errors = '{}' then metrics
    else (
      select jsonb_agg(
        case when errors ? (item.ordinality - 1)::text then '{}' else item.value end order by item.ordinality
      )
      from jsonb_array_elements(metrics) with ordinality item
    )
  end;
  v_answer jsonb;
begin
  if v_as_user then
    perform
      set_config('role', 'authenticated', true),
      set_config('request.jwt.claims', claims::text, true);
  end if;

  -- Numbers are read without the precision of their columns, so that the range is what refuses them.
  -- Nothing of schema leo in here: a user cannot use it.
  with given as materialized (
    select
      item.metric_id as given_id,
      coalesce(item.metric_id, gen_random_uuid()) as metric_id,
      item.session_id, item.company_id, item.venture_id, item.stage_id, item.stage_duration,
      item.handoff_efficiency, item.error_rate,
      coalesce(item.action_count, 0) as action_count,
      coalesce(item.success_count, 0) as success_count,
      coalesce(item.failure_count, 0) as failure_count,
      item.agent_response_time, item.agent_utilization, item.agents_involved,
      coalesce(item.chairman_interventions, 0) as chairman_interventions,
      coalesce(item.chairman_approvals, 0) as chairman_approvals,
      coalesce(item.chairman_rejections, 0) as chairman_rejections,
      item.compute_cost,
      coalesce(item.api_calls_made, 0) as api_calls_made,
      item.data_quality_score, item.confidence_score,
      coalesce(item.recorded_at, now()) as recorded_at,
      item.metric_period_start, item.metric_period_end,
      coalesce(nullif(item.metadata, 'null'), '{}') as metadata,
      item.ordinality - 1 as place
    from rows from (
      jsonb_to_recordset(v_readable) as (
        metric_id uuid, session_id uuid, company_id uuid, venture_id uuid, stage_id numeric,
        stage_duration interval, handoff_efficiency numeric, error_rate numeric, action_count numeric,
        success_count numeric, failure_count numeric, agent_response_time interval,
        agent_utilization numeric, agents_involved text[], chairman_interventions numeric,
        chairman_approvals numeric, chairman_rejections numeric, compute_cost numeric,
        api_calls_made numeric, data_quality_score numeric, confidence_score numeric,
        recorded_at timestamptz, metric_period_start timestamptz, metric_period_end timestamptz,
        metadata jsonb
      )
    ) with ordinality as item
  ),
  companies as materialized (
    select access.company_id
    from public.user_company_access access
    where v_as_user and access.user_id = (select auth.uid()) and access.is_active
    union
    select company.id
    from public.companies company
    where not v_as_user and company.id in (select given.company_id from given)
  ),
  checked as materialized (
    select
      given.*,
      case
        when insert_metrics.errors ? given.place::text then insert_metrics.errors ->> given.place::text
        else nullif(
          concat_ws(
            '; ',
            -- The same answer for what does not exist and what is somebody else's.
            case when v_as_user and given.company_id is null then 'company_id is missing' end,
            case
              when given.company_id is not null
                and given.company_id not in (select companies.company_id from companies)
                then 'company_id: no such company, or no access to it'
            end,
            case
              when given.venture_id is not null and venture.id is null
                then 'venture_id: no such venture, or no access to it'
            end,
            case
              when given.session_id is not null and session.session_id is null
                then 'session_id: no such session, or no access to it'
            end,
            case
              when not (given.stage_id between 1 and 40 and given.stage_id % 1 = 0)
                then 'stage_id has to be a whole number from 1 to 40'
            end,
            case when not given.error_rate between 0 and 1 then 'error_rate has to be from 0 to 1' end,
            case
              when not given.compute_cost between 0 and 99999999.99
                then 'compute_cost has to be from 0 to 99999999.99'
            end,
            nullif(
              concat_ws(
                ', ',
                case when not given.handoff_efficiency between 0 and 100 then 'handoff_efficiency' end,
                case when not given.agent_utilization between 0 and 100 then 'agent_utilization' end,
                case when not given.data_quality_score between 0 and 100 then 'data_quality_score' end,
                case when not given.confidence_score between 0 and 100 then 'confidence_score' end
              ),
              ''
            ) || ': has to be from 0 to 100',
            nullif(
              concat_ws(
                ', ',
                case
                  when not (given.action_count between 0 and 2147483647 and given.action_count % 1 = 0)
                    then 'action_count'
                end,
                case
                  when not (given.success_count between 0 and 2147483647 and given.success_count % 1 = 0)
                    then 'success_count'
                end,
                case
                  when not (given.failure_count between 0 and 2147483647 and given.failure_count % 1 = 0)
                    then 'failure_count'
                end,
                case
                  when not (given.chairman_interventions between 0 and 2147483647 and given.chairman_interventions % 1 = 0)
                    then 'chairman_interventions'
                end,
                case
                  when not (given.chairman_approvals between 0 and 2147483647 and given.chairman_approvals % 1 = 0)
                    then 'chairman_approvals'
                end,
                case
                  when not (given.chairman_rejections between 0 and 2147483647 and given.chairman_rejections % 1 = 0)
                    then 'chairman_rejections'
                end,
                case
                  when not (given.api_calls_made between 0 and 2147483647 and given.api_calls_made % 1 = 0)
                    then 'api_calls_made'
                end
              ),
              ''
            ) || ': has to be a whole number from 0 to 2147483647',
            case
              when given.success_count + given.failure_count > given.action_count
                then 'success_count and failure_count together exceed action_count'
            end,
            case when given.stage_duration < interval '0' then 'stage_duration must not be negative' end,
            case when given.agent_response_time < interval '0' then 'agent_response_time must not be negative' end,
            case
              when given.metric_period_start > given.metric_period_end
                then 'metric_period_start has to come before metric_period_end'
            end,
            case
              when not (
                isfinite(given.recorded_at)
                and coalesce(isfinite(given.metric_period_start), true)
                and coalesce(isfinite(given.metric_period_end), true)
                and coalesce(isfinite(given.stage_duration), true)
                and coalesce(isfinite(given.agent_response_time), true)
              )
                then 'times and durations have to be finite'
            end,
            case when array_ndims(given.agents_involved) > 1 then 'agents_involved has to be a list of names' end,
            case when jsonb_typeof(given.metadata) <> 'object' then 'metadata has to be an object' end
          ),
          ''
        )
      end as error
    from given
    left join public.ventures venture
      on venture.id = given.venture_id
      and (not v_as_user or venture.company_id in (select companies.company_id from companies))
    left join public.eva_orchestration_sessions session
      on session.session_id = given.session_id
      and (not v_as_user or session.company_id in (select companies.company_id from companies))
  ),
  inserted as (
    insert into public.orchestration_metrics (
      metric_id, session_id, company_id, venture_id, stage_id, stage_duration, handoff_efficiency,
      error_rate, action_count, success_count, failure_count, agent_response_time, agent_utilization,
      agents_involved, chairman_interventions, chairman_approvals, chairman_rejections, compute_cost,
      api_calls_made, data_quality_score, confidence_score, recorded_at, metric_period_start,
      metric_period_end, metadata
    )
    select
      checked.metric_id, checked.session_id, checked.company_id, checked.venture_id, checked.stage_id,
      checked.stage_duration, checked.handoff_efficiency, checked.error_rate, checked.action_count,
      checked.success_count, checked.failure_count, checked.agent_response_time, checked.agent_utilization,
      checked.agents_involved, checked.chairman_interventions, checked.chairman_approvals,
      checked.chairman_rejections, checked.compute_cost, checked.api_calls_made, checked.data_quality_score,
      checked.confidence_score, checked.recorded_at, checked.metric_period_start, checked.metric_period_end,
      checked.metadata
    from checked
    where checked.error is null
    -- Two batches that hold the same ids in another order would wait for each other in a circle.
    order by checked.metric_id, checked.place
    on conflict (metric_id) do nothing
    returning metric_id
  ),
  results as (
    select
      checked.place,
      case when checked.error is null then checked.metric_id else checked.given_id end as metric_id,
      case
        when checked.error is not null then 'rejected'
        -- Of rows with one id the first is the one that went in.
        when inserted.metric_id is not null
          and row_number() over (partition by checked.metric_id, checked.error is null order by checked.place) = 1
          then 'accepted'
        else 'duplicate'
      end as outcome,
      checked.error
    from checked left join inserted on inserted.metric_id = checked.metric_id
  )
  select jsonb_build_object(
    'accepted', count(*) filter (where results.outcome = 'accepted'),
    'duplicates', count(*) filter (where results.outcome = 'duplicate'),
    'rejected', count(*) filter (where results.outcome = 'rejected'),
    'results', coalesce(
      jsonb_agg(
        jsonb_build_object('index', results.place, 'metric_id', results.metric_id, 'outcome', results.outcome)
        || case when results.error is null then '{}' else jsonb_build_object('error', results.error) end
        order by results.place
      ),
      '[]'
    )
  )
  into v_answer
  from results;

  if v_as_user then
    perform set_config('role', v_role, true), set_config('request.jwt.claims', v_claims, true);
  end if;

  return v_answer;
end
$$;

revoke execute on function leo.insert_metrics(jsonb, jsonb, jsonb) from public, anon, authenticated, service_role;

comment on function leo.insert_metrics(jsonb, jsonb, jsonb) is
  'Inserts those elements of an array that are sane metrics, as the user whose claims are given, who needs '
  'active access to the company, or else as the owner; one statement for all. errors holds by place (from 0) '
  'which elements cannot be read, and why.';

create function leo.record_metrics(request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_metrics constant jsonb := request -> 'metrics';
  v_claims constant jsonb := nullif(context -> 'claims', 'null');
  v_errors jsonb := '{}';
begin
  perform leo.set_context(context);

  for v_attempt in 1 .. 3 loop
    begin
      return leo.insert_metrics(v_metrics, v_errors, v_claims);
    exception
      -- Rare, so that all other arrays are read in one go.
      when data_exception then
        if v_errors <> '{}' then
          raise;
        end if;

        v_errors := leo.unreadable_metrics(v_metrics);
      -- A company, venture, session or membership went away between the look and the insert: look again.
      when foreign_key_violation or insufficient_privilege then
        if v_attempt = 3 then
          raise;
        end if;
    end;
  end loop;

  raise exception 'leo.record_metrics has given up';
end
$$;

revoke execute on function leo.record_metrics(jsonb, jsonb) from public, anon, authenticated, service_role;

comment on function leo.record_metrics(jsonb, jsonb) is
  'Records request.metrics, as the user of context.claims under row level security, or as the service. One '
  'outcome per element: accepted, duplicate (the metric_id is there already) or rejected with its error; none '
  'sinks the others. Called by the edge function orchestration-metrics.';
