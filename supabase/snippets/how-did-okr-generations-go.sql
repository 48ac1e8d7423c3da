-- How did the OKR generations go? By month: what came of it, how many attempts failed, and why.
-- Edit: how many months back.
with given as (
  select to_char((now() at time zone 'utc') - interval '24 months', 'YYYY-MM') as first_period
)
select
  month.period,
  month.status,
  month.total_krs_generated as key_results,
  month.top_down_count as top_down,
  month.bottom_up_count as bottom_up,
  month.top_down_ratio as top_down_share,
  month.vision_title as vision,
  month.failed_count as failed_attempts,
  month.last_error,
  month.created_by as started_by,
  month.created_at as started_at,
  month.generation_id as id
from public.okr_history month
join given on month.period >= given.first_period
order by month.period desc
limit 100;
