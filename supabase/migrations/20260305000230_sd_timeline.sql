-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- The previous move is looked up for each row, by the index on (entity_id, id), and is no window function:
-- that would have to see every row of its partition before it gave the first, so that a question for the
-- newest of all directives would read the whole history.
create view public.sd_timeline with (security_invoker = true) as
select
  transition.sd_id,
  transition.id as transition_id,
  transition.occurred_at,
  transition.machine,
  transition.entity_id,
  case
    when transition.machine = 'quality_checkpoint' then (
      select checkpoint.checkpoint_name
      from public.exec_quality_checkpoints checkpoint
      where checkpoint.id = transition.entity_id
    )
  end as checkpoint_name,
  transition.event,
  transition.from_status,
  transition.to_status,
  round(
    extract(epoch from transition.occurred_at) - (
      select extract(epoch from previous.occurred_at)
      from public.state_transitions previous
      where previous.entity_id = transition.entity_id
        and previous.machine = transition.machine
        and previous.id < transition.id
      order by previous.id desc
      limit 1
    ),
    3
  ) as seconds_since_previous,
  transition.actor,
  transition.reason,
  transition.request_id
from public.state_transitions transition
where transition.sd_id is not null;

revoke all on public.sd_timeline from public, anon, authenticated, service_role;
grant select on public.sd_timeline to authenticated, service_role;

comment on view public.sd_timeline is
  'What happened to the sessions, checkpoints and hand-offs of a strategic directive: the history with the time '
  'that passed between the moves. Made to be asked by sd_id in the order of transition_id, or for the newest.';
comment on column public.sd_timeline.sd_id is 'The strategic directive.';
comment on column public.sd_timeline.transition_id is
  'Orders the timeline: a later move of an entity has a greater id.';
comment on column public.sd_timeline.occurred_at is 'When the transaction of the move began.';
comment on column public.sd_timeline.machine is 'What moved: exec_session, quality_checkpoint or handoff.';
comment on column public.sd_timeline.entity_id is 'The row that moved.';
comment on column public.sd_timeline.checkpoint_name is
  'Name of the checkpoint, where one moved and is still there.';
comment on column public.sd_timeline.event is
  'What moved it, e.g. complete; insert for a row that came into being otherwise, override for an operator''s '
  'override.';
comment on column public.sd_timeline.from_status is 'The status that it left; empty for a new row.';
comment on column public.sd_timeline.to_status is 'The status that it reached; empty where the row was deleted.';
comment on column public.sd_timeline.seconds_since_previous is
  'Seconds since the previous move of the same row, i.e. how long it was in from_status; empty for its first.';
comment on column public.sd_timeline.actor is
  'Who moved it: secret:<key name>, perhaps with /<label>, user:<id>, or the database role.';
comment on column public.sd_timeline.reason is 'Why, where the event asks for a reason.';
comment on column public.sd_timeline.request_id is 'The HTTP request (x-request-id) that moved it, if any.';
