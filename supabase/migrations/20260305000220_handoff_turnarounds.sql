-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create view public.handoff_turnarounds with (security_invoker = true) as
select
  handoff.id as handoff_id,
  handoff.session_id,
  handoff.sd_id,
  (
    select sd.title from public.strategic_directives_v2 sd where sd.id = handoff.sd_id
  ) as sd_title,
  handoff.handoff_status,
  handoff.prepared_at,
  handoff.sent_at,
  handoff.response_at,
  round(extract(epoch from handoff.response_at) - extract(epoch from handoff.sent_at)) as turnaround_seconds,
  case
    when handoff.handoff_status = 'sent' then round(extract(epoch from now()) - extract(epoch from handoff.sent_at))
  end as waiting_seconds,
  -- From the history, as the row knows neither. Each by itself and not joined: only what a client selects is
  -- looked up, and only for the rows that it gets.
  case
    when handoff.handoff_status in ('sent', 'accepted', 'rejected') then (
      select sending.actor
      from public.state_transitions sending
      where sending.entity_id = handoff.id and sending.machine = 'handoff' and sending.to_status = 'sent'
      order by sending.id desc
      limit 1
    )
  end as sent_by,
  case
    when handoff.handoff_status in ('accepted', 'rejected') then (
      select answer.actor
      from public.state_transitions answer
      where answer.entity_id = handoff.id
        and answer.machine = 'handoff'
        and answer.to_status = handoff.handoff_status
      order by answer.id desc
      limit 1
    )
  end as answered_by,
  (
    select count(*)::integer
    from public.state_transitions rejection
    where rejection.entity_id = handoff.id and rejection.machine = 'handoff' and rejection.to_status = 'rejected'
  ) as rejection_count,
  (
    select rejection.reason
    from public.state_transitions rejection
    where rejection.entity_id = handoff.id and rejection.machine = 'handoff' and rejection.to_status = 'rejected'
    order by rejection.id desc
    limit 1
  ) as last_rejection_reason
from public.exec_handoff_preparations handoff;

revoke all on public.handoff_turnarounds from public, anon, authenticated, service_role;
grant select on public.handoff_turnarounds to authenticated, service_role;

comment on view public.handoff_turnarounds is
  'Every hand-off with who sent and answered it, how long the answer took or is awaited, and how often it was '
  'rejected. Made to be asked by hand-off, session, directive or status.';
comment on column public.handoff_turnarounds.handoff_id is 'The hand-off.';
comment on column public.handoff_turnarounds.session_id is 'The session that is handed over.';
comment on column public.handoff_turnarounds.sd_id is 'The strategic directive of that session.';
comment on column public.handoff_turnarounds.sd_title is 'Its title.';
comment on column public.handoff_turnarounds.handoff_status is
  'Where the hand-off stands: preparing, ready, sent, accepted or rejected.';
comment on column public.handoff_turnarounds.prepared_at is 'When the preparation began.';
comment on column public.handoff_turnarounds.sent_at is
  'When it was sent, the last time; empty before that and while it is revised.';
comment on column public.handoff_turnarounds.response_at is
  'When it was accepted or rejected, the last time; empty before that and while it is revised.';
comment on column public.handoff_turnarounds.turnaround_seconds is
  'Seconds from sending to answer; empty while there is none.';
comment on column public.handoff_turnarounds.waiting_seconds is
  'Seconds that it has been waiting for an answer; empty where it waits for none.';
comment on column public.handoff_turnarounds.sent_by is
  'Who sent it, as the history has it: secret:<key name>, user:<id> or the database role. Empty while sent_at is, '
  'and where the history does not know.';
comment on column public.handoff_turnarounds.answered_by is
  'Who accepted or rejected it, likewise; empty while response_at is.';
comment on column public.handoff_turnarounds.rejection_count is
  'How often it was rejected, also before it was revised.';
comment on column public.handoff_turnarounds.last_rejection_reason is
  'Why it was rejected, the last time; empty where it never was.';
