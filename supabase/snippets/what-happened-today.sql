-- What happened today? Every move of the last day, newest first.
-- Edit: since when.
with given as (
  select now() - interval '24 hours' as since
)
select
  transition.occurred_at as at,
  coalesce(person.email, transition.actor) as who,
  transition.machine,
  transition.sd_id as directive,
  transition.event,
  concat_ws(' → ', transition.from_status, transition.to_status) as status,
  transition.reason,
  transition.entity_id as id
from public.state_transitions transition
join given on transition.occurred_at >= given.since
left join auth.users person on transition.actor = 'user:' || person.id
order by transition.id desc
limit 500;
