-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create table public.telemetry_analysis_runs (
  id uuid not null default gen_random_uuid(),
  run_id uuid not null,
  scope_type text not null default 'workspace',
  scope_id text,
  status text not null default 'QUEUED',
  triggered_by text not null default 'SESSION_START',
  triggered_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  correlation_id text,
  output_ref jsonb,
  findings_count integer default 0,
  top_bottleneck_category text,
  reason_code text,
  error_class text,
  error_message text,
  duration_ms integer,
  metadata jsonb default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint telemetry_analysis_runs_pkey primary key (id),
  constraint telemetry_analysis_runs_run_id_key unique (run_id),
  constraint telemetry_analysis_runs_scope_type_check check (scope_type in ('workspace', 'user', 'global')),
  constraint telemetry_analysis_runs_status_check
    check (
      status in ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'CANCELLED', 'FAILED_ENQUEUE')
    ),
  constraint telemetry_analysis_runs_triggered_by_check
    check (triggered_by in ('SESSION_START', 'MANUAL', 'SCHEDULED', 'CLI'))
);

create index idx_telemetry_runs_active on public.telemetry_analysis_runs (scope_type, scope_id, status)
  where status in ('QUEUED', 'RUNNING');

create index idx_telemetry_runs_correlation on public.telemetry_analysis_runs (correlation_id)
  where correlation_id is not null;

create index idx_telemetry_runs_scope_status
  on public.telemetry_analysis_runs (scope_type, scope_id, status, finished_at desc);

alter table public.telemetry_analysis_runs enable row level security;

create policy telemetry_analysis_runs_anon_read on public.telemetry_analysis_runs
  for select using (true);

create policy telemetry_analysis_runs_service_all on public.telemetry_analysis_runs
  for all using (auth.role() = 'service_role');

create function public.update_telemetry_runs_updated_at()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at = now();
  return new;
end
$$;

comment on function public.update_telemetry_runs_updated_at() is
  'Trigger of telemetry_analysis_runs: updated_at is the time of the change, whatever the writer sends.';

create trigger trg_telemetry_runs_updated_at
  before update on public.telemetry_analysis_runs
  for each row execute function public.update_telemetry_runs_updated_at();

comment on table public.telemetry_analysis_runs is
  'Queued analyses that look for bottlenecks in the telemetry of a scope. A run is one attempt; another '
  'try is another run.';
comment on column public.telemetry_analysis_runs.id is 'Identifies the row.';
comment on column public.telemetry_analysis_runs.run_id is
  'Identifies the run to its clients; chosen by the one who enqueues it.';
comment on column public.telemetry_analysis_runs.scope_type is 'What is analysed: workspace, user or global.';
comment on column public.telemetry_analysis_runs.scope_id is
  'Which workspace or user; empty where the scope needs none.';
comment on column public.telemetry_analysis_runs.status is
  'Where the run stands: QUEUED, RUNNING, SUCCEEDED, FAILED, TIMED_OUT, CANCELLED or FAILED_ENQUEUE.';
comment on column public.telemetry_analysis_runs.triggered_by is
  'What asked for the run: SESSION_START, MANUAL, SCHEDULED or CLI.';
comment on column public.telemetry_analysis_runs.triggered_at is 'When the run was asked for.';
comment on column public.telemetry_analysis_runs.started_at is 'When a worker took the run.';
comment on column public.telemetry_analysis_runs.finished_at is 'When the run ended, in whichever way.';
comment on column public.telemetry_analysis_runs.correlation_id is
  'What links the run to others and to its caller, e.g. the tries of one analysis.';
comment on column public.telemetry_analysis_runs.output_ref is
  'What the analysis scanned and found, as a JSON object.';
comment on column public.telemetry_analysis_runs.findings_count is 'How many bottlenecks were found.';
comment on column public.telemetry_analysis_runs.top_bottleneck_category is
  'Dimension of the worst bottleneck: stage, venture, agent or session_type.';
comment on column public.telemetry_analysis_runs.reason_code is
  'Why the outcome is what it is, e.g. INSUFFICIENT_DATA.';
comment on column public.telemetry_analysis_runs.error_class is 'Kind of error that the run failed with.';
comment on column public.telemetry_analysis_runs.error_message is 'Message of that error, without secrets.';
comment on column public.telemetry_analysis_runs.duration_ms is
  'How long the run took, in milliseconds of the database''s clock.';
comment on column public.telemetry_analysis_runs.metadata is
  'Details as a JSON object, e.g. worker, timeout_ms and deadline_at of a running one.';
comment on column public.telemetry_analysis_runs.created_at is 'When the row was written.';
comment on column public.telemetry_analysis_runs.updated_at is 'When the row was last changed; set by trigger.';
