-- What waits for whom? Every open piece of work with the step that is next and who takes it, the oldest first.
-- Edit: one directive only (null for all), and how far back to look for completed sessions without a hand-off.
with given as (
  select
    null::text as sd_id,
    interval '30 days' as looking_back
),
waiting as (
  select
    'the agent of the session' as waits_for,
    coalesce(
      'to pass the gates ' || string_agg(gap.checkpoint_name, ', ' order by gap.checkpoint_name),
      'to complete it'
    ) as next_step,
    'session' as kind,
    session.id,
    session.sd_id,
    -- Without an open gate: since the last one was passed, or since it began where there never was one.
    coalesce(
      min(gap.open_since),
      (
        select max(gate.updated_at)
        from public.exec_quality_checkpoints gate
        where gate.session_id = session.id
      ),
      session.started_at
    ) as since
  from public.exec_implementation_sessions session
  left join public.checkpoint_gaps gap on gap.session_id = session.id
  where session.status = 'active'
  group by session.id

  union all

  select
    'whoever paused it',
    'to resume it' || coalesce(': paused because ' || pause.reason, ''),
    'session',
    session.id,
    session.sd_id,
    coalesce(pause.occurred_at, session.updated_at)
  from public.exec_implementation_sessions session
  left join lateral (
    select transition.reason, transition.occurred_at
    from public.state_transitions transition
    where transition.entity_id = session.id and transition.machine = 'exec_session' and transition.to_status = 'paused'
    order by transition.id desc
    limit 1
  ) as pause on true
  where session.status = 'paused'

  union all

  select
    'the agent of the session',
    'to prepare a hand-off',
    'session',
    session.id,
    session.sd_id,
    session.completed_at
  from public.exec_implementation_sessions session
  cross join given
  where session.status = 'completed'
    and session.completed_at > now() - given.looking_back
    and not exists (select from public.exec_handoff_preparations handoff where handoff.session_id = session.id)

  union all

  select
    case handoff.handoff_status
      when 'sent' then 'anybody but ' || coalesce(handoff.sent_by, 'its sender')
      else 'the agent of the session'
    end,
    case handoff.handoff_status
      when 'preparing' then 'to get it ready'
      when 'ready' then 'to send it'
      when 'sent' then 'to accept or reject it'
      else 'to revise it, or to reopen the session' || coalesce(': ' || handoff.last_rejection_reason, '')
    end,
    'handoff',
    handoff.handoff_id,
    handoff.sd_id,
    coalesce(handoff.response_at, handoff.sent_at, handoff.prepared_at)
  from public.handoff_turnarounds handoff
  join public.exec_handoff_preparations made on made.id = handoff.handoff_id
  where handoff.handoff_status in ('preparing', 'ready', 'sent', 'rejected')
    -- Nobody revises a rejected one in whose place another was prepared.
    and not (
      handoff.handoff_status = 'rejected'
      and exists (
        select
        from public.exec_handoff_preparations other
        where other.session_id = made.session_id
          and other.id <> made.id
          and (
            other.handoff_status <> 'rejected'
            or (coalesce(other.created_at, '-infinity'), other.id)
              > (coalesce(made.created_at, '-infinity'), made.id)
          )
      )
    )

  union all

  select
    'a worker',
    'to claim it',
    'telemetry run of ' || concat_ws(' ', run.scope_type, coalesce(company.name, person.email, run.scope_id)),
    run.run_id,
    null,
    run.triggered_at
  from public.telemetry_analysis_runs run
  left join public.companies company on run.scope_type = 'workspace' and company.id::text = lower(run.scope_id)
  left join auth.users person on run.scope_type = 'user' and person.id::text = lower(run.scope_id)
  where run.status = 'QUEUED'
)
select
  waiting.waits_for,
  waiting.next_step,
  waiting.kind,
  waiting.sd_id as directive,
  case when isfinite(waiting.since) then date_trunc('second', now() - waiting.since)::text end as for_how_long,
  waiting.since,
  waiting.id
from waiting
cross join given
where given.sd_id is null or waiting.sd_id = given.sd_id
order by waiting.since
limit 200;
