-- What was changed past the state machines, or by hand? Overrides, gates that were deleted or required again, and
-- moves by a database role: SQL, Studio, or supabase-js with a secret key (service_role).
-- Edit: since when.
with given as (
  select now() - interval '30 days' as since
)
select
  transition.occurred_at as at,
  transition.actor as who,
  case
    when transition.event = 'override' then 'override'
    when transition.event in ('delete', 'require') then 'gate ' || transition.event || 'd'
    when transition.event = 'insert' then 'row that no event made'
    else 'move without its edge function'
  end as kind,
  transition.machine,
  transition.sd_id as directive,
  transition.event,
  concat_ws(' → ', transition.from_status, transition.to_status) as status,
  transition.reason,
  transition.entity_id as id
from public.state_transitions transition
join given on transition.occurred_at >= given.since
where transition.event in ('override', 'delete', 'require')
  -- Nobody whom an edge function or the sweep has named.
  or (transition.actor !~ '^(secret|user):' and transition.actor <> 'sweep')
order by transition.event = 'override' desc, transition.id desc
limit 200;
