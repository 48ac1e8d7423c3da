-- How did it go with this directive? What happened to it from the start, and how long each step took.
-- Edit: the directive's id.
with given as (
  select 'SD-2026-003' as sd_id
)
select
  story.occurred_at as at,
  concat_ws(' ', story.machine, story.checkpoint_name) as what,
  story.event,
  concat_ws(' → ', story.from_status, story.to_status) as status,
  case
    when story.seconds_since_previous < 'Infinity'
      then date_trunc('second', make_interval(secs => story.seconds_since_previous::double precision))::text
  end as after_being_so_for,
  story.actor as who,
  story.reason
from public.sd_timeline story
join given on given.sd_id = story.sd_id
order by story.transition_id
limit 500;
