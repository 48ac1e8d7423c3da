-- Which gates were waived or taken away, by whom and why?
-- Edit: since when.
with given as (
  select now() - interval '90 days' as since
)
select
  transition.occurred_at as at,
  coalesce(person.email, transition.actor) as who,
  case transition.event when 'waive' then 'waived' else 'deleted' end as what,
  coalesce(checkpoint.checkpoint_name, 'unknown: the checkpoint was deleted') as gate,
  checkpoint.checkpoint_type as type_of_gate,
  transition.sd_id as directive,
  session.status as session_is,
  coalesce(transition.reason, 'none given') as reason,
  -- It may have been required again since.
  checkpoint.is_required is distinct from false and checkpoint.id is not null as is_required_now,
  transition.entity_id as id
from public.state_transitions transition
join given on transition.occurred_at >= given.since
left join public.exec_quality_checkpoints checkpoint on checkpoint.id = transition.entity_id
left join public.exec_implementation_sessions session on session.id = checkpoint.session_id
left join auth.users person on transition.actor = 'user:' || person.id
where transition.machine = 'quality_checkpoint' and transition.event in ('waive', 'delete')
order by transition.id desc
limit 200;
