-- Why was this refused? What a session, checkpoint, hand-off, run or generation can do from where it stands, and
-- what is in the way of each event.
-- Edit: the id that was in the request (of a telemetry run its run_id), or the directive that was not started: its
-- sessions and hand-offs are shown.
with given as (
  select
    '5e000000-0000-4000-8000-000000000003'::uuid as id,
    null::text as sd_id
),
entity as (
  select 'exec_session' as machine, session.id, session.sd_id, session.id as session_id, session.status
  from public.exec_implementation_sessions session
  join given on given.id = session.id or given.sd_id = session.sd_id

  union all

  select
    'quality_checkpoint',
    checkpoint.id,
    checkpoint.sd_id,
    checkpoint.session_id,
    case when checkpoint.is_complete then 'complete' else 'incomplete' end
  from public.exec_quality_checkpoints checkpoint
  join given on given.id = checkpoint.id

  union all

  select 'handoff', handoff.id, handoff.sd_id, handoff.session_id, handoff.handoff_status
  from public.exec_handoff_preparations handoff
  join given on given.id = handoff.id or given.sd_id = handoff.sd_id

  union all

  select 'telemetry_run', run.run_id, null, null, run.status
  from public.telemetry_analysis_runs run
  join given on given.id = run.run_id

  union all

  select 'okr_generation', generation.id, null, null, generation.status
  from public.okr_generation_log generation
  join given on given.id = generation.id
),
around as (
  select
    entity.*,
    session.status as session_status,
    session.attempt,
    (
      select string_agg(gate.checkpoint_name, ', ' order by gate.checkpoint_name)
      from leo.incomplete_gates gate
      where gate.session_id = entity.session_id
    ) as open_gates,
    (
      select handoff.handoff_status
      from public.exec_handoff_preparations handoff
      where handoff.session_id = entity.session_id
      -- One that is open or accepted stands, whichever is the latest.
      order by handoff.handoff_status <> 'rejected' desc, handoff.created_at desc nulls last, handoff.id desc
      limit 1
    ) as standing_handoff,
    (
      select other.id
      from public.exec_handoff_preparations other
      where other.session_id = entity.session_id and other.id <> entity.id and other.handoff_status <> 'rejected'
      order by other.created_at desc nulls last, other.id desc
      limit 1
    ) as other_handoff_id,
    (
      select handoff.sent_by from public.handoff_turnarounds handoff where handoff.handoff_id = entity.id
    ) as sent_by,
    (
      select leo.refuse_unready_handoff(handoff) is not null
      from public.exec_handoff_preparations handoff
      where handoff.id = entity.id
    ) as is_unready
  from entity
  left join public.exec_implementation_sessions session on session.id = entity.session_id
)
select
  around.machine,
  around.id,
  around.sd_id as directive,
  around.status,
  around.attempt as current_attempt,
  coalesce(allowed.event, 'none') as possible_event,
  allowed.to_status as leads_to,
  case
    when allowed.event is null then format('nothing leads out of %s', around.status)
    when around.machine = 'exec_session' and allowed.event = 'complete' and around.open_gates is not null
      then 'required gates are open: ' || around.open_gates
    when around.machine = 'exec_session' and other.id is not null
      then format('session %s of the directive is %s already', other.id, other.status)
    when allowed.event = 'reopen' and around.machine = 'exec_session'
      and around.standing_handoff is distinct from 'rejected'
      then coalesce('its hand-off is not rejected but ' || around.standing_handoff, 'it has no hand-off')
    when around.machine = 'quality_checkpoint' and around.session_status not in ('active', 'paused')
      then 'its session is ' || around.session_status
    when allowed.event = 'ready' and around.is_unready then 'it has no summary, or no deliverable'
    when allowed.event = 'send' and around.session_status <> 'completed'
      then 'its session is not completed but ' || around.session_status
    when allowed.event in ('accept', 'reject') then 'refused only to the one who sent it: ' || around.sent_by
    when allowed.event = 'revise' and around.other_handoff_id is not null
      then format('hand-off %s of the session is open or accepted', around.other_handoff_id)
  end as in_the_way
from around
left join leo.state_transitions_allowed allowed
  on allowed.machine = around.machine and allowed.from_status = around.status
left join public.exec_implementation_sessions other
  on around.machine = 'exec_session'
  and other.sd_id = around.sd_id
  and other.status = allowed.to_status
  and other.id <> around.id
order by around.machine, around.id, allowed.event
limit 50;
