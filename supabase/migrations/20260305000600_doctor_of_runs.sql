-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- The doctor: what is stuck, orphaned or contradictory, each with a statement that puts it right. Most of it cannot
-- come about through the event functions, nor past the guard; it is imported, or made by an owner who switched
-- triggers off, or has been there before this project was. One function per family of tables; leo.doctor() calls them.
--
-- They read, and nothing else: a fix is text for somebody to look at and run, perhaps much later. So each fix looks
-- once more: it changes nothing where the problem is gone meanwhile, or where it has been run already. Where the event
-- functions have a rule, it goes through them.

create type leo.finding as (problem text, table_name text, entity_id text, detail text, fix text);

comment on type leo.finding is
  'Something that the doctor found: the name of the problem, which stays the same; the table (of public where no '
  'schema is named) and the row; what is wrong in words; and the statements that put it right, which change nothing '
  'where it is right; null where somebody has to decide.';

create function leo.last_entered_at(machine text, entity_id uuid, status text)
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select transition.occurred_at
    from public.state_transitions transition
    where transition.entity_id = last_entered_at.entity_id
      and transition.machine = last_entered_at.machine
      and transition.to_status = last_entered_at.status
    order by transition.id desc
    limit 1
  );
end
$$;

revoke execute on function leo.last_entered_at(text, uuid, text) from public, anon, authenticated, service_role;

comment on function leo.last_entered_at(text, uuid, text) is
  'When a row last came into a status, by the history; null where that does not say. Called by the doctor.';

create function leo.believable(at timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
begin
  -- A clock may be a time zone ahead. The doctor's queries have the same limits, spelled out, as a call for each row
  -- would take longer than all the rest.
  return case when believable.at > '-infinity' and believable.at <= now() + interval '1 day' then believable.at end;
end
$$;

revoke execute on function leo.believable(timestamptz) from public, anon, authenticated, service_role;

comment on function leo.believable(timestamptz) is
  'A time at which something can have happened, else null: not infinite, and at most a day ahead. Called by the '
  'doctor.';

create function leo.mend_times(
  table_name text, row_is text, columns text[], times timestamptz[], instead timestamptz[],
  out detail text, out fix text
)
language plpgsql
stable
set search_path = ''
as $$
begin
  select
    string_agg(format('%s is %s', given.name, given.at), ' and ' order by given.place),
    format(
      'update %s set %s where %s and %s;',
      mend_times.table_name,
      string_agg(format('%I = %L', given.name, given.instead), ', ' order by given.place),
      mend_times.row_is,
      string_agg(format('%I = %L', given.name, given.at), ' and ' order by given.place)
    )
  into mend_times.detail, mend_times.fix
  from unnest(mend_times.columns, mend_times.times, mend_times.instead)
    with ordinality as given (name, at, instead, place)
  where given.at is not null and leo.believable(given.at) is null;
end
$$;

revoke execute on function leo.mend_times(text, text, text[], timestamptz[], timestamptz[])
  from public, anon, authenticated, service_role;

comment on function leo.mend_times(text, text, text[], timestamptz[], timestamptz[]) is
  'Which of the columns have a time that cannot be (detail), and the update that gives them others (fix). row_is is '
  'the condition that finds the row; times and instead are in the order of columns. Called by the doctor.';

create function leo.doctor_of_runs()
returns setof leo.finding
language plpgsql
stable
set search_path = ''
as $$
declare
  v_latest constant timestamptz := now() + interval '1 day';
begin
  -- A sweep comes every minute: what it would do is a problem once it should have been done for a while.
  return query
  select
    'run_past_deadline',
    'telemetry_analysis_runs',
    run.run_id::text,
    format('RUNNING, and past its deadline since %s', leo.telemetry_run_deadline(run)),
    'select leo.sweep(''{}'', ''{}'');'
  from public.telemetry_analysis_runs run
  where run.status = 'RUNNING' and leo.telemetry_run_deadline(run) < now() - interval '5 minutes';

  return query
  select
    'run_queued_too_long',
    'telemetry_analysis_runs',
    run.run_id::text,
    format('QUEUED since %s; no worker has claimed it', least(run.triggered_at, run.created_at)),
    format(
      'select leo.move_telemetry_run(run_id, ''{"reason": "queued for more than a day"}'', ''{"event": "cancel"}'')'
      ' from public.telemetry_analysis_runs where run_id = %L and status = ''QUEUED'';',
      run.run_id
    )
  from public.telemetry_analysis_runs run
  where run.status = 'QUEUED'
    and least(run.triggered_at, run.created_at) < now() - interval '1 day'
    -- Otherwise one of them is out of range, which comes first.
    and least(run.triggered_at, run.created_at) > '-infinity';

  -- The one that is at work stays, or else the oldest. One past its deadline is not at work.
  return query
  select
    'run_active_twice',
    'telemetry_analysis_runs',
    active.run_id::text,
    format(
      '%s, beside run %s of the same scope %s', active.status, active.first_run_id,
      concat_ws(' ', active.scope_type, active.scope_id)
    ),
    format(
      'select leo.move_telemetry_run(%L, ''{"reason": "another run is active"}'', ''{"event": "cancel"}'')'
      ' from public.telemetry_analysis_runs where run_id = %L and status in (''QUEUED'', ''RUNNING'');',
      active.run_id, active.first_run_id
    )
  from (
    select
      run.*,
      row_number() over in_scope as place,
      first_value(run.run_id) over in_scope as first_run_id
    from public.telemetry_analysis_runs run
    where run.status = 'QUEUED' or (run.status = 'RUNNING' and leo.telemetry_run_deadline(run) > now())
    window in_scope as (
      partition by run.scope_type, run.scope_id order by run.status = 'RUNNING' desc, run.triggered_at, run.id
    )
  ) as active
  where active.place > 1;

  return query
  select
    'run_without_start',
    'telemetry_analysis_runs',
    run.run_id::text,
    format('%s without started_at', run.status),
    format(
      'update public.telemetry_analysis_runs set started_at = %L where run_id = %L and started_at is null;',
      least(
        coalesce(
          leo.last_entered_at('telemetry_run', run.run_id, 'RUNNING'), leo.believable(run.triggered_at), now()
        ),
        leo.believable(run.finished_at)
      ),
      run.run_id
    )
  from public.telemetry_analysis_runs run
  where run.started_at is null and run.status in ('RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT');

  return query
  select
    'run_without_end',
    'telemetry_analysis_runs',
    run.run_id::text,
    format('%s without finished_at', run.status),
    format(
      'update public.telemetry_analysis_runs set finished_at = %L where run_id = %L and finished_at is null;',
      greatest(
        coalesce(
          leo.last_entered_at('telemetry_run', run.run_id, run.status), leo.believable(run.updated_at), now()
        ),
        leo.believable(run.started_at)
      ),
      run.run_id
    )
  from public.telemetry_analysis_runs run
  where run.finished_at is null and run.status not in ('QUEUED', 'RUNNING');

  return query
  select
    'run_active_with_end',
    'telemetry_analysis_runs',
    run.run_id::text,
    format('%s, but finished at %s', run.status, run.finished_at),
    format(
      'update public.telemetry_analysis_runs set finished_at = null, duration_ms = null where run_id = %L'
      ' and status in (''QUEUED'', ''RUNNING'') and finished_at is not null;',
      run.run_id
    )
  from public.telemetry_analysis_runs run
  where run.finished_at is not null and run.status in ('QUEUED', 'RUNNING');

  return query
  select
    'run_ends_before_start',
    'telemetry_analysis_runs',
    run.run_id::text,
    format('started at %s and finished before that, at %s', run.started_at, run.finished_at),
    format(
      'update public.telemetry_analysis_runs set started_at = finished_at'
      ' - interval ''1 ms'' * greatest(coalesce(duration_ms, 0), 0) where run_id = %L and finished_at < started_at;',
      run.run_id
    )
  from public.telemetry_analysis_runs run
  where run.finished_at < run.started_at
    and run.status not in ('QUEUED', 'RUNNING')
    -- Otherwise one of them is out of range, which comes first.
    and run.finished_at > '-infinity'
    and run.started_at <= v_latest;

  return query
  select
    'run_times_out_of_range',
    'telemetry_analysis_runs',
    run.run_id::text,
    mended.detail,
    mended.fix
  from public.telemetry_analysis_runs run
  -- One that is active has none, whatever its row says: see run_active_with_end.
  cross join lateral (
    values (case when run.status not in ('QUEUED', 'RUNNING') then run.finished_at end)
  ) as ended (at)
  cross join lateral (
    select
      leo.last_entered_at('telemetry_run', run.run_id, 'RUNNING') as started_at,
      coalesce(
        leo.believable(run.triggered_at),
        least(coalesce(leo.believable(run.created_at), now()), leo.believable(run.started_at))
      ) as triggered_at,
      coalesce(
        leo.believable(ended.at),
        case
          when ended.at is not null then
            greatest(
              coalesce(
                leo.last_entered_at('telemetry_run', run.run_id, run.status), leo.believable(run.updated_at), now()
              ),
              leo.believable(run.started_at)
            )
        end
      ) as finished_at
  ) as known
  cross join lateral leo.mend_times(
    'public.telemetry_analysis_runs',
    format('run_id = %L', run.run_id),
    array['triggered_at', 'started_at', 'finished_at', 'created_at', 'updated_at'],
    array[run.triggered_at, run.started_at, ended.at, run.created_at, run.updated_at],
    array[
      known.triggered_at,
      -- One that no worker has had is without.
      case
        when known.started_at is not null or run.status in ('RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT')
          then least(coalesce(known.started_at, known.triggered_at), known.finished_at)
      end,
      known.finished_at,
      coalesce(leo.believable(run.triggered_at), leo.believable(run.updated_at), now()),
      now()
    ]
  ) as mended
  where least(run.triggered_at, run.started_at, ended.at, run.created_at, run.updated_at) = '-infinity'
    or greatest(run.triggered_at, run.started_at, ended.at, run.created_at, run.updated_at) > v_latest;

  return query
  select
    'run_success_without_evidence',
    'telemetry_analysis_runs',
    run.run_id::text,
    'SUCCEEDED, but says neither how many rows it scanned nor INSUFFICIENT_DATA; it counts as fresh',
    format(
      'select leo.override_status(''telemetry_run'', run_id, ''FAILED'', ''success without evidence'')'
      ' from public.telemetry_analysis_runs where run_id = %L and status = ''SUCCEEDED'' and not'
      ' leo.is_telemetry_evidence(jsonb_build_object(''reason_code'', reason_code, ''output_ref'', output_ref));',
      run.run_id
    )
  from public.telemetry_analysis_runs run
  where run.status = 'SUCCEEDED'
    and not leo.is_telemetry_evidence(
      jsonb_build_object('reason_code', run.reason_code, 'output_ref', run.output_ref)
    );

  return query
  select
    'run_figures_out_of_range',
    'telemetry_analysis_runs',
    run.run_id::text,
    format('duration_ms is %s and findings_count is %s', run.duration_ms, run.findings_count),
    format(
      'update public.telemetry_analysis_runs set duration_ms = leo.duration_ms(started_at, finished_at),'
      ' findings_count = greatest(findings_count, 0) where run_id = %L and (duration_ms < 0 or findings_count < 0);',
      run.run_id
    )
  from public.telemetry_analysis_runs run
  where run.duration_ms < 0 or run.findings_count < 0;
end
$$;

revoke execute on function leo.doctor_of_runs() from public, anon, authenticated, service_role;

comment on function leo.doctor_of_runs() is
  'What is wrong with telemetry runs: stuck, active twice, times that contradict their status or cannot be, '
  'successes without evidence. Called by leo.doctor().';

create function leo.doctor_of_generations()
returns setof leo.finding
language plpgsql
stable
set search_path = ''
as $$
declare
  v_latest constant timestamptz := now() + interval '1 day';
begin
  return query
  select
    'generation_running_too_long',
    'okr_generation_log',
    generation.id::text,
    format('running since %s', coalesce(generation.created_at, generation.generation_date)),
    'select leo.sweep(''{}'', ''{}'');'
  from public.okr_generation_log generation
  where generation.status = 'running'
    and coalesce(generation.created_at, generation.generation_date::timestamp at time zone 'utc')
      < now() - interval '1 day 5 minutes';

  return query
  select
    'generation_times_out_of_range',
    'okr_generation_log',
    generation.id::text,
    mended.detail,
    mended.fix
  from public.okr_generation_log generation
  cross join lateral (values (generation.generation_date::timestamp at time zone 'utc')) as day (at)
  cross join lateral leo.mend_times(
    'public.okr_generation_log',
    format('id = %L', generation.id),
    array['generation_date', 'created_at'],
    array[day.at, generation.created_at],
    array[
      coalesce(leo.believable(generation.created_at), now()),
      coalesce(
        leo.last_entered_at('okr_generation', generation.id, 'running'),
        leo.last_entered_at('okr_generation', generation.id, generation.status),
        leo.believable(day.at),
        now()
      )
    ]
  ) as mended
  where least(day.at, generation.created_at) = '-infinity' or greatest(day.at, generation.created_at) > v_latest;

  return query
  select
    'generation_of_period_taken',
    'okr_generation_log',
    standing.id::text,
    format('%s, beside generation %s of the same period %s', standing.status, standing.first_id, standing.period),
    case standing.status
      when 'running' then
        format(
          'select leo.move_okr_generation(%L, ''{"error_message": "another one stands"}'', ''{"event": "fail"}'')'
          ' from public.okr_generation_log where id = %L and status in (''running'', ''completed'');',
          standing.id, standing.first_id
        )
      else
        format(
          'select leo.override_status(''okr_generation'', generation.id, ''failed'', ''another generation stands'')'
          ' from public.okr_generation_log generation, public.okr_generation_log other where generation.id = %L'
          ' and generation.status = ''completed'' and other.id = %L and other.status = ''completed'';',
          standing.id, standing.first_id
        )
    end
  from (
    select
      generation.*,
      row_number() over of_period as place,
      first_value(generation.id) over of_period as first_id
    from public.okr_generation_log generation
    where generation.status in ('running', 'completed')
    window of_period as (
      partition by generation.period
      order by generation.status = 'completed' desc, generation.created_at nulls last, generation.id
    )
  ) as standing
  where standing.place > 1;

  return query
  select
    'generation_without_status',
    'okr_generation_log',
    generation.id::text,
    'has no status, and no event leads out of that',
    format(
      'select leo.override_status(''okr_generation'', id, ''failed'', ''it had no status'')'
      ' from public.okr_generation_log where id = %L and status is null;',
      generation.id
    )
  from public.okr_generation_log generation
  where generation.status is null;

  return query
  select
    'generation_period_malformed',
    'okr_generation_log',
    generation.id::text,
    format('period is %L and not a month as YYYY-MM', left(generation.period, 40)),
    format(
      'update public.okr_generation_log set period = to_char(generation_date, ''YYYY-MM'')'
      ' where id = %L and period = %L;',
      generation.id, generation.period
    )
  from public.okr_generation_log generation
  where generation.period !~ '^[0-9]{4}-(0[1-9]|1[0-2])$';

  return query
  select
    'generation_counts_contradict',
    'okr_generation_log',
    generation.id::text,
    format(
      '%s top-down and %s bottom-up make %s%s', generation.top_down_count, generation.bottom_up_count,
      generation.total_krs_generated,
      case when counted.total > counted.most then '; they are more than that can be, so that one of them is wrong' end
    ),
    case
      when counted.total <= counted.most then
        format(
          'update public.okr_generation_log set top_down_count = greatest(top_down_count, 0),'
          ' bottom_up_count = greatest(bottom_up_count, 0),'
          ' total_krs_generated = greatest(top_down_count, 0) + greatest(bottom_up_count, 0) where id = %L'
          ' and top_down_count = %s and bottom_up_count = %s;',
          generation.id, generation.top_down_count, generation.bottom_up_count
        )
    end
  from public.okr_generation_log generation
  cross join lateral (
    values (greatest(generation.top_down_count, 0)::bigint + greatest(generation.bottom_up_count, 0), 2147483647)
  ) as counted (total, most)
  where generation.top_down_count < 0
    or generation.bottom_up_count < 0
    or generation.top_down_count::bigint + generation.bottom_up_count <> generation.total_krs_generated;

  -- As leo.move_okr_generation has them, but for rounding.
  return query
  select
    'generation_ratios_contradict',
    'okr_generation_log',
    generation.id::text,
    format(
      'ratios %s and %s of %s top-down and %s bottom-up', generation.top_down_ratio, generation.bottom_up_ratio,
      generation.top_down_count, generation.bottom_up_count
    ),
    format(
      'update public.okr_generation_log set top_down_ratio = %s, bottom_up_ratio = %s where id = %L'
      ' and greatest(top_down_count, 0) = %s and greatest(bottom_up_count, 0) = %s;',
      ratio.top_down, 1 - ratio.top_down, generation.id, greatest(generation.top_down_count, 0),
      greatest(generation.bottom_up_count, 0)
    )
  from public.okr_generation_log generation
  cross join lateral (
    select
      coalesce(
        round(
          greatest(generation.top_down_count, 0)
            / nullif(greatest(generation.top_down_count, 0)::numeric + greatest(generation.bottom_up_count, 0), 0),
          2
        ),
        0.40
      ) as top_down
  ) as ratio
  where generation.status = 'completed'
    and (
      abs(generation.top_down_ratio + generation.bottom_up_ratio - 1) > 0.01
      or (
        generation.top_down_count + generation.bottom_up_count::bigint > 0
        and abs(generation.top_down_ratio - ratio.top_down) > 0.01
      )
    );
end
$$;

revoke execute on function leo.doctor_of_generations() from public, anon, authenticated, service_role;

comment on function leo.doctor_of_generations() is
  'What is wrong with OKR generations: stuck, times that cannot be, two that stand for one period, figures that '
  'contradict each other. Called by leo.doctor().';
