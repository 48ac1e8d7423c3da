-- What is stuck? Sessions without a sign of life, hand-offs that nobody answers, runs and generations past their
-- time, the longest first.
-- Edit: how long each may take before it counts as stuck. A running telemetry run says itself when it is overdue,
-- leo.settings when a session is: the sweep pauses it then.
with given as (
  select
    leo.session_stale_after() as silent_session,
    interval '2 days' as unanswered_handoff,
    interval '1 hour' as unclaimed_run,
    interval '24 hours' as running_generation
),
active_runs as (
  select
    run.run_id,
    run.status,
    run.triggered_at,
    run.metadata ->> 'worker' as worker,
    leo.telemetry_run_deadline(run) as deadline,
    concat_ws(' ', run.scope_type, coalesce(company.name, person.email, run.scope_id)) as scope
  from public.telemetry_analysis_runs run
  left join public.companies company on run.scope_type = 'workspace' and company.id::text = lower(run.scope_id)
  left join auth.users person on run.scope_type = 'user' and person.id::text = lower(run.scope_id)
  where run.status in ('QUEUED', 'RUNNING')
),
stuck as (
  select
    'session' as kind,
    session.id,
    session.sd_id as concerns,
    'active without a sign of life' as what_is_wrong,
    leo.last_sign_of_life(session) as since,
    'Ask its agent; else pause, fail or cancel it.' as what_to_do
  from public.exec_implementation_sessions session
  cross join given
  where session.status = 'active' and leo.last_sign_of_life(session) < now() - given.silent_session

  union all

  select
    'handoff',
    handoff.handoff_id,
    handoff.sd_id,
    'sent by ' || coalesce(handoff.sent_by, 'nobody knows whom') || ' and not answered',
    handoff.sent_at,
    'Somebody else accepts or rejects it.'
  from public.handoff_turnarounds handoff
  cross join given
  where handoff.handoff_status = 'sent' and handoff.sent_at < now() - given.unanswered_handoff

  union all

  select
    'telemetry run',
    run.run_id,
    run.scope,
    'running past its deadline' || coalesce(', claimed by ' || run.worker, ''),
    run.deadline,
    'The next sweep ends it: POST /telemetry-runs/sweep.'
  from active_runs run
  where run.status = 'RUNNING' and run.deadline < now()

  union all

  select
    'telemetry run',
    run.run_id,
    run.scope,
    'queued and not claimed',
    run.triggered_at,
    'See whether a worker is running; else cancel it.'
  from active_runs run
  cross join given
  where run.status = 'QUEUED' and run.triggered_at < now() - given.unclaimed_run

  union all

  select
    'OKR generation',
    generation.id,
    generation.period,
    'running for too long',
    generation.created_at,
    'The next sweep fails it; then start another.'
  from public.okr_generation_log generation
  cross join given
  where generation.status = 'running' and generation.created_at < now() - given.running_generation
)
select
  stuck.kind,
  stuck.concerns,
  stuck.what_is_wrong,
  case when isfinite(stuck.since) then date_trunc('second', now() - stuck.since)::text end as for_how_long,
  stuck.since,
  stuck.what_to_do,
  stuck.id
from stuck
order by stuck.since
limit 100;
