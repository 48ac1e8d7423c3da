-- Who changed it, when and why? The history of one row, or of everything of a directive, newest first.
-- Edit: the id of a session, checkpoint, hand-off, run (its run_id) or generation, or a directive's id.
with given as (
  select
    null::uuid as id,
    'SD-2026-003' as sd_id
)
select
  transition.occurred_at as at,
  coalesce(person.email, transition.actor) as who,
  transition.machine,
  transition.event,
  transition.from_status,
  transition.to_status,
  transition.reason,
  transition.request_id,
  transition.entity_id as id
from public.state_transitions transition
cross join given
left join auth.users person on transition.actor = 'user:' || person.id
where transition.entity_id = given.id or transition.sd_id = given.sd_id
order by transition.id desc
limit 100;
