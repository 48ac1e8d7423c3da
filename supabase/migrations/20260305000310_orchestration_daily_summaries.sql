-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- The figures of a company's day, summed up once and not each time that a dashboard asks.
--
-- Dashboards do not read this table: they call public.orchestration_summary, which takes from it what is right
-- and sums up the rest from the metrics themselves. So the figures are exact at any time, whenever the roll-up
-- has run last; it only decides how fast they come. Three tables say what is right:
--
--   orchestration_summary_progress  days up to this one are here,
--   orchestration_stale_days        but for these, whose metrics were written, changed or deleted since,
--   orchestration_daily_summaries   with these figures.
--
-- They are in public, under the same policy as the metrics, because the function reads them as its caller.
--
-- No foreign keys to companies: what the roll-up has read must not stop it, nor the deletion of a company, if
-- the company goes away meanwhile. A day without metrics loses its row.
create table public.orchestration_daily_summaries (
  company_id uuid not null,
  day date not null,
  metric_count bigint not null,
  action_count bigint not null,
  success_count bigint not null,
  failure_count bigint not null,
  error_rate numeric,
  reported_error_rate numeric,
  api_calls_made bigint not null,
  chairman_interventions bigint not null,
  chairman_approvals bigint not null,
  chairman_rejections bigint not null,
  compute_cost numeric not null,
  stage_duration_p50_ms double precision,
  stage_duration_p95_ms double precision,
  agent_response_time_p50_ms double precision,
  agent_response_time_p95_ms double precision,
  handoff_efficiency numeric,
  agent_utilization numeric,
  data_quality_score numeric,
  confidence_score numeric,
  constraint orchestration_daily_summaries_pkey primary key (company_id, day)
);

alter table public.orchestration_daily_summaries enable row level security;

create policy orchestration_daily_summaries_select on public.orchestration_daily_summaries
  for select to authenticated using (company_id = any ((select leo.accessible_companies())::uuid[]));

revoke all on public.orchestration_daily_summaries from public, anon, authenticated, service_role;
grant select on public.orchestration_daily_summaries to authenticated, service_role;

comment on table public.orchestration_daily_summaries is
  'Metrics summed up per company and day, as of the last roll-up: some days may be missing or out of date. Call '
  'orchestration_summary() for figures that are exact. Written by leo.roll_up_metrics only.';
comment on column public.orchestration_daily_summaries.company_id is
  'Whose metrics. Those without a company are in no summary.';
comment on column public.orchestration_daily_summaries.day is
  'The day, in UTC, on which they were recorded (recorded_at). Those without a time are in no summary.';
comment on column public.orchestration_daily_summaries.metric_count is 'How many metrics were recorded.';
comment on column public.orchestration_daily_summaries.action_count is 'How many actions the agents took.';
comment on column public.orchestration_daily_summaries.success_count is 'How many of them succeeded.';
comment on column public.orchestration_daily_summaries.failure_count is 'How many of them failed.';
comment on column public.orchestration_daily_summaries.error_rate is
  'Failures per action, from the counts, to six decimals; null without actions.';
comment on column public.orchestration_daily_summaries.reported_error_rate is
  'Mean of the error rates that the metrics themselves carry, to six decimals; null where none does.';
comment on column public.orchestration_daily_summaries.api_calls_made is 'How many API calls were made.';
comment on column public.orchestration_daily_summaries.chairman_interventions is
  'How often the Chairman overrode the agents by hand.';
comment on column public.orchestration_daily_summaries.chairman_approvals is 'How often the Chairman approved.';
comment on column public.orchestration_daily_summaries.chairman_rejections is 'How often the Chairman rejected.';
comment on column public.orchestration_daily_summaries.compute_cost is
  'Cost of computing, in money (no currency is recorded); metrics without a cost count as 0.';
comment on column public.orchestration_daily_summaries.stage_duration_p50_ms is
  'Median of the time spent in a stage, in milliseconds (interpolated, as percentile_cont does).';
comment on column public.orchestration_daily_summaries.stage_duration_p95_ms is
  'Time that 95 of 100 stages stayed within, in milliseconds (interpolated).';
comment on column public.orchestration_daily_summaries.agent_response_time_p50_ms is
  'Median of the agents'' response times, in milliseconds (interpolated).';
comment on column public.orchestration_daily_summaries.agent_response_time_p95_ms is
  'Response time that 95 of 100 metrics stayed within, in milliseconds (interpolated).';
comment on column public.orchestration_daily_summaries.handoff_efficiency is
  'Mean hand-off efficiency, in percent to two decimals.';
comment on column public.orchestration_daily_summaries.agent_utilization is
  'Mean time that the agents were active, in percent to two decimals.';
comment on column public.orchestration_daily_summaries.data_quality_score is
  'Mean quality of the data that was produced (0-100), to two decimals.';
comment on column public.orchestration_daily_summaries.confidence_score is
  'Mean confidence of the AI in its decisions (0-100), to two decimals.';

-- Marks are only ever appended, also for a day that has one: nobody who writes metrics waits for anybody. A mark
-- is committed with the metrics that it is about, so whoever sees the one sees the others, and the roll-up takes
-- away those marks that it saw.
create table public.orchestration_stale_days (
  id bigint generated always as identity,
  company_id uuid not null,
  day date not null,
  constraint orchestration_stale_days_pkey primary key (id)
);

create index idx_orchestration_stale_days_company_day on public.orchestration_stale_days (company_id, day);

alter table public.orchestration_stale_days enable row level security;

create policy orchestration_stale_days_select on public.orchestration_stale_days
  for select to authenticated using (company_id = any ((select leo.accessible_companies())::uuid[]));

revoke all on public.orchestration_stale_days from public, anon, authenticated, service_role;
revoke all on sequence public.orchestration_stale_days_id_seq from public, anon, authenticated, service_role;
grant select on public.orchestration_stale_days to authenticated, service_role;

comment on table public.orchestration_stale_days is
  'Days of companies whose row in orchestration_daily_summaries is missing or out of date, a mark for each reason. '
  'Written by trigger with the metrics, and taken away by leo.roll_up_metrics.';
comment on column public.orchestration_stale_days.id is 'Running number: the oldest mark is worked off first.';
comment on column public.orchestration_stale_days.company_id is 'Whose day.';
comment on column public.orchestration_stale_days.day is 'Which day, in UTC.';

create table public.orchestration_summary_progress (
  is_only boolean not null default true,
  rolled_up_through date not null default '-infinity',
  constraint orchestration_summary_progress_pkey primary key (is_only),
  constraint orchestration_summary_progress_has_one_row check (is_only)
);

insert into public.orchestration_summary_progress default values;

alter table public.orchestration_summary_progress enable row level security;

create policy orchestration_summary_progress_select on public.orchestration_summary_progress
  for select to authenticated using (true);

revoke all on public.orchestration_summary_progress from public, anon, authenticated, service_role;
grant select on public.orchestration_summary_progress to authenticated, service_role;

comment on table public.orchestration_summary_progress is
  'How far orchestration_daily_summaries reaches: one row. Written by leo.roll_up_metrics only.';
comment on column public.orchestration_summary_progress.is_only is 'True: there is one row.';
comment on column public.orchestration_summary_progress.rolled_up_through is
  'The last day, in UTC, that orchestration_daily_summaries answers for; later ones are summed up when asked for.';
