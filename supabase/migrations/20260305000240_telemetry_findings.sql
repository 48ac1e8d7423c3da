-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- Every look is one at idx_telemetry_runs_scope_status (scope_type, scope_id, status, finished_at desc) or
-- idx_telemetry_runs_active, and there are a few for each scope, however many runs it has had:
--
-- * The scopes of a type are walked from each to the next greater one. A plain `distinct` reads all runs for the
--   list of all scopes: with 1 000 000 runs of 740 scopes it takes 13 to 26 times as long. A filter on scope_id
--   walks too, past the other scopes of its type, at some 10 µs each.
-- * Scopes with and without an id are two branches, as an index finds `scope_id = …` and `scope_id is null`, but no
--   comparison that means both.
-- * scope_id leads the order among runs without one. It decides nothing there, but only then the order is the
--   index's, and the latest run its first; else all of them are sorted.
create view public.telemetry_findings with (security_invoker = true) as
select
  scopes.scope_type,
  scopes.scope_id,
  latest.run_id,
  latest.finished_at,
  round(extract(epoch from now()) - extract(epoch from latest.finished_at)) as age_seconds,
  latest.findings_count,
  latest.top_bottleneck_category,
  latest.reason_code,
  latest.output_ref,
  active.run_id as active_run_id,
  active.status as active_status,
  active.triggered_at as active_triggered_at,
  active.started_at as active_started_at
from (
  select
    kind.scope_type,
    named.scope_id,
    (
      select latest.id
      from public.telemetry_analysis_runs latest
      where latest.scope_type = kind.scope_type
        and latest.scope_id = named.scope_id
        and latest.status = 'SUCCEEDED'
        -- Neither nothing nor, from a client with a clock of its own, the future: both would come first.
        and latest.finished_at <= now()
      order by latest.finished_at desc
      limit 1
    ) as latest_id,
    (
      select active.id
      from public.telemetry_analysis_runs active
      where active.scope_type = kind.scope_type
        and active.scope_id = named.scope_id
        and active.status in ('QUEUED', 'RUNNING')
      order by active.triggered_at, active.id
      limit 1
    ) as active_id
  from unnest(array['workspace', 'user', 'global']) as kind (scope_type)
  cross join lateral (
    with recursive walked as (
      select (
        select min(run.scope_id) from public.telemetry_analysis_runs run where run.scope_type = kind.scope_type
      ) as scope_id

      union all

      select (
        select min(run.scope_id)
        from public.telemetry_analysis_runs run
        where run.scope_type = kind.scope_type and run.scope_id > walked.scope_id
      )
      from walked
      where walked.scope_id is not null
    )
    select walked.scope_id from walked where walked.scope_id is not null
  ) as named

  union all

  select
    kind.scope_type,
    null,
    (
      select latest.id
      from public.telemetry_analysis_runs latest
      where latest.scope_type = kind.scope_type
        and latest.scope_id is null
        and latest.status = 'SUCCEEDED'
        and latest.finished_at <= now()
      order by latest.scope_id, latest.finished_at desc
      limit 1
    ),
    (
      select active.id
      from public.telemetry_analysis_runs active
      where active.scope_type = kind.scope_type
        and active.scope_id is null
        and active.status in ('QUEUED', 'RUNNING')
      order by active.triggered_at, active.id
      limit 1
    )
  from unnest(array['workspace', 'user', 'global']) as kind (scope_type)
  where exists (
    select
    from public.telemetry_analysis_runs run
    where run.scope_type = kind.scope_type and run.scope_id is null
  )
) as scopes
left join public.telemetry_analysis_runs latest on latest.id = scopes.latest_id
left join public.telemetry_analysis_runs active on active.id = scopes.active_id;

revoke all on public.telemetry_findings from public, anon, authenticated, service_role;
grant select on public.telemetry_findings to authenticated, service_role;

comment on view public.telemetry_findings is
  'What the latest successful analysis of each scope found, how old that is, and the run that is under way. Made '
  'to be asked by scope_type and scope_id.';
comment on column public.telemetry_findings.scope_type is 'What is analysed: workspace, user or global.';
comment on column public.telemetry_findings.scope_id is
  'Which workspace or user; empty where the scope needs none.';
comment on column public.telemetry_findings.run_id is
  'The latest run that succeeded; this and what follows is empty where none ever did.';
comment on column public.telemetry_findings.finished_at is 'When that run ended.';
comment on column public.telemetry_findings.age_seconds is 'Seconds since then.';
comment on column public.telemetry_findings.findings_count is 'How many bottlenecks it found.';
comment on column public.telemetry_findings.top_bottleneck_category is
  'Dimension of the worst bottleneck: stage, venture, agent or session_type.';
comment on column public.telemetry_findings.reason_code is
  'Why the outcome is what it is, e.g. INSUFFICIENT_DATA.';
comment on column public.telemetry_findings.output_ref is
  'What was scanned and found, as a JSON object with rows_scanned, dimensions_evaluated and bottlenecks.';
comment on column public.telemetry_findings.active_run_id is
  'The run that is queued or running, of several the oldest; empty where there is none.';
comment on column public.telemetry_findings.active_status is
  'Where that run stands: QUEUED or RUNNING, also past its deadline until the sweep ends it.';
comment on column public.telemetry_findings.active_triggered_at is 'When that run was asked for.';
comment on column public.telemetry_findings.active_started_at is
  'When a worker took that run; empty while it is queued.';
