-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create table public.orchestration_metrics (
  metric_id uuid not null default gen_random_uuid(),
  session_id uuid,
  company_id uuid,
  venture_id uuid,
  stage_id integer,
  stage_duration interval,
  handoff_efficiency numeric(5, 2),
  error_rate numeric(5, 4),
  action_count integer default 0,
  success_count integer default 0,
  failure_count integer default 0,
  agent_response_time interval,
  agent_utilization numeric(5, 2),
  agents_involved text[],
  chairman_interventions integer default 0,
  chairman_approvals integer default 0,
  chairman_rejections integer default 0,
  compute_cost numeric(10, 2),
  api_calls_made integer default 0,
  data_quality_score numeric(5, 2),
  confidence_score numeric(5, 2),
  recorded_at timestamptz default now(),
  metric_period_start timestamptz,
  metric_period_end timestamptz,
  metadata jsonb default '{}',
  constraint orchestration_metrics_pkey primary key (metric_id),
  constraint orchestration_metrics_company_id_fkey foreign key (company_id) references public.companies (id),
  constraint orchestration_metrics_session_id_fkey
    foreign key (session_id) references public.eva_orchestration_sessions (session_id),
  constraint orchestration_metrics_venture_id_fkey foreign key (venture_id) references public.ventures (id),
  constraint orchestration_metrics_stage_id_check check (stage_id >= 1 and stage_id <= 40)
);

create index idx_orch_metrics_company on public.orchestration_metrics (company_id);

create index idx_orch_metrics_recorded on public.orchestration_metrics (recorded_at desc);

create index idx_orch_metrics_session on public.orchestration_metrics (session_id);

create index idx_orch_metrics_venture on public.orchestration_metrics (venture_id);

alter table public.orchestration_metrics enable row level security;

create policy "Allow insert for authenticated" on public.orchestration_metrics
  for insert to authenticated with check (true);

create policy "Allow update for authenticated" on public.orchestration_metrics
  for update to authenticated using (true) with check (true);

create policy eva_metrics_company_access on public.orchestration_metrics
  for select using (
    company_id in (
      select user_company_access.company_id
      from public.user_company_access
      where user_company_access.user_id = auth.uid() and user_company_access.is_active = true
    )
  );

create policy orchestration_metrics_delete on public.orchestration_metrics
  for delete to authenticated using (true);

comment on table public.orchestration_metrics is
  'What agents did, measured over a period: durations, errors, utilisation and cost per company, venture, '
  'session and stage.';
comment on column public.orchestration_metrics.metric_id is
  'Identifies the measurement. A client may choose it, so that sending the same one again adds nothing.';
comment on column public.orchestration_metrics.session_id is
  'The orchestration session (EVA) that was measured.';
comment on column public.orchestration_metrics.company_id is
  'The company that the measurement belongs to; who may see it follows from it.';
comment on column public.orchestration_metrics.venture_id is 'The venture that was worked on.';
comment on column public.orchestration_metrics.stage_id is 'Workflow stage that was worked in (1-40).';
comment on column public.orchestration_metrics.stage_duration is 'Time spent in that stage.';
comment on column public.orchestration_metrics.handoff_efficiency is
  'Hand-offs between agents that went through without error or retry, in percent (0-100).';
comment on column public.orchestration_metrics.error_rate is 'Errors per action (0-1).';
comment on column public.orchestration_metrics.action_count is 'How many actions the agents took.';
comment on column public.orchestration_metrics.success_count is 'How many of them succeeded.';
comment on column public.orchestration_metrics.failure_count is 'How many of them failed.';
comment on column public.orchestration_metrics.agent_response_time is
  'Mean time that the agents took to respond.';
comment on column public.orchestration_metrics.agent_utilization is
  'Time that the agents were active, in percent (0-100).';
comment on column public.orchestration_metrics.agents_involved is 'Names of the agents that took part.';
comment on column public.orchestration_metrics.chairman_interventions is
  'How often the Chairman overrode the agents by hand.';
comment on column public.orchestration_metrics.chairman_approvals is 'How often the Chairman approved.';
comment on column public.orchestration_metrics.chairman_rejections is 'How often the Chairman rejected.';
comment on column public.orchestration_metrics.compute_cost is
  'Cost of computing, in money (two decimals; no currency is recorded).';
comment on column public.orchestration_metrics.api_calls_made is 'How many API calls were made.';
comment on column public.orchestration_metrics.data_quality_score is
  'Quality of the data that was produced (0-100).';
comment on column public.orchestration_metrics.confidence_score is
  'How sure the AI was of its decisions (0-100).';
comment on column public.orchestration_metrics.recorded_at is 'When the measurement was recorded.';
comment on column public.orchestration_metrics.metric_period_start is 'Begin of the measured period.';
comment on column public.orchestration_metrics.metric_period_end is 'End of the measured period.';
comment on column public.orchestration_metrics.metadata is 'Details as a JSON object.';
