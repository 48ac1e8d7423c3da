-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create view public.okr_history with (security_invoker = true) as
select
  month.period,
  month.generation_id,
  month.status,
  month.generation_date,
  month.vision_id,
  vision.title as vision_title,
  month.total_krs_generated,
  month.top_down_count,
  month.bottom_up_count,
  month.top_down_ratio,
  month.bottom_up_ratio,
  month.source_breakdown,
  month.created_by,
  month.created_at,
  month.failed_count,
  month.last_error
from (
  -- One row per month: the generation that counts. Columns of a window are computed before the others go.
  select distinct on (generation.period)
    generation.period,
    generation.id as generation_id,
    generation.status,
    generation.generation_date,
    generation.vision_id,
    generation.total_krs_generated,
    generation.top_down_count,
    generation.bottom_up_count,
    generation.top_down_ratio,
    generation.bottom_up_ratio,
    generation.source_breakdown,
    generation.created_by,
    generation.created_at,
    (count(*) filter (where generation.status = 'failed') over month)::integer as failed_count,
    first_value(case when generation.status = 'failed' then generation.error_message end) over (
      partition by generation.period
      order by (generation.status = 'failed') desc nulls last, generation.created_at desc nulls last, generation.id desc
    ) as last_error
  from public.okr_generation_log generation
  window month as (partition by generation.period)
  order by
    generation.period,
    array_position(array['completed', 'running', 'failed'], generation.status),
    generation.created_at desc nulls last,
    generation.id desc
) as month
left join public.strategic_vision vision on vision.id = month.vision_id;

revoke all on public.okr_history from public, anon, authenticated, service_role;
grant select on public.okr_history to authenticated, service_role;

comment on view public.okr_history is
  'OKR generations by month: the one that counts (completed, else running, else the last that failed), and how '
  'many failed.';
comment on column public.okr_history.period is 'Month that the key results are for, as YYYY-MM, by UTC.';
comment on column public.okr_history.generation_id is 'The generation that counts.';
comment on column public.okr_history.status is
  'Where it stands: completed, running, or failed where no other was started since.';
comment on column public.okr_history.generation_date is 'Day of the generation, by UTC.';
comment on column public.okr_history.vision_id is 'The vision that it was generated from.';
comment on column public.okr_history.vision_title is 'Title of that vision.';
comment on column public.okr_history.total_krs_generated is 'How many key results were generated in all.';
comment on column public.okr_history.top_down_count is 'How many of them were derived from the vision.';
comment on column public.okr_history.bottom_up_count is 'How many of them were derived from the teams'' work.';
comment on column public.okr_history.top_down_ratio is
  'Share of the top-down key results (0-1); until it is completed, the share that is aimed at.';
comment on column public.okr_history.bottom_up_ratio is 'Share of the bottom-up key results (0-1), likewise.';
comment on column public.okr_history.source_breakdown is
  'How many key results came from which source, as a JSON object.';
comment on column public.okr_history.created_by is 'Who started the generation.';
comment on column public.okr_history.created_at is 'When it was started.';
comment on column public.okr_history.failed_count is 'How many generations of the month failed.';
comment on column public.okr_history.last_error is 'Why the last of those failed; empty where none did.';
