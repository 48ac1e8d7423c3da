-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create table public.exec_implementation_sessions (
  id uuid not null default gen_random_uuid(),
  sd_id text not null,
  prd_id text,
  status text not null default 'active',
  implementation_type text not null,
  quality_score integer default 0,
  code_quality_score integer default 0,
  performance_score integer default 0,
  security_score integer default 0,
  ux_accessibility_score integer default 0,
  implementation_progress integer default 0,
  sub_agent_results jsonb default '[]',
  quality_gates text[] default array[]::text[],
  pre_impl_checklist jsonb default '{}',
  test_coverage_pct integer default 0,
  performance_metrics jsonb default '{}',
  security_scan_results jsonb default '{}',
  accessibility_audit jsonb default '{}',
  before_screenshots text[],
  after_screenshots text[],
  demo_urls text[],
  started_at timestamptz default now(),
  completed_at timestamptz,
  orchestrator text default 'EXEC_IMPLEMENTATION_EXCELLENCE_ORCHESTRATOR_v1.0',
  session_version text default '1.0',
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint exec_implementation_sessions_pkey primary key (id),
  constraint exec_implementation_sessions_prd_id_fkey
    foreign key (prd_id) references public.product_requirements_v2 (id),
  constraint exec_implementation_sessions_sd_id_fkey
    foreign key (sd_id) references public.strategic_directives_v2 (id),
  constraint exec_implementation_sessions_sd_id_status_key
    unique (sd_id, status) deferrable initially deferred,
  constraint exec_implementation_sessions_code_quality_score_check
    check (code_quality_score >= 0 and code_quality_score <= 100),
  constraint exec_implementation_sessions_implementation_progress_check
    check (implementation_progress >= 0 and implementation_progress <= 100),
  constraint exec_implementation_sessions_implementation_type_check
    check (
      implementation_type in (
        'UI_COMPONENT', 'API_ENDPOINT', 'DATABASE_CHANGE', 'AUTHENTICATION', 'SYSTEM_TOOLING', 'GENERAL_FEATURE'
      )
    ),
  constraint exec_implementation_sessions_performance_score_check
    check (performance_score >= 0 and performance_score <= 100),
  constraint exec_implementation_sessions_quality_score_check
    check (quality_score >= 0 and quality_score <= 100),
  constraint exec_implementation_sessions_security_score_check
    check (security_score >= 0 and security_score <= 100),
  constraint exec_implementation_sessions_status_check
    check (status in ('active', 'paused', 'completed', 'failed', 'cancelled')),
  constraint exec_implementation_sessions_test_coverage_pct_check
    check (test_coverage_pct >= 0 and test_coverage_pct <= 100),
  constraint exec_implementation_sessions_ux_accessibility_score_check
    check (ux_accessibility_score >= 0 and ux_accessibility_score <= 100)
);

create index idx_exec_sessions_quality_score on public.exec_implementation_sessions (quality_score);

create unique index idx_exec_sessions_sd_active on public.exec_implementation_sessions (sd_id)
  where status = 'active';

create index idx_exec_sessions_sd_id on public.exec_implementation_sessions (sd_id);

create index idx_exec_sessions_started_at on public.exec_implementation_sessions (started_at desc);

create index idx_exec_sessions_status on public.exec_implementation_sessions (status);

alter table public.exec_implementation_sessions enable row level security;

create policy exec_sessions_all on public.exec_implementation_sessions
  for all to service_role using (true);

create policy exec_sessions_select on public.exec_implementation_sessions
  for select to authenticated using (true);

-- Security definer: whoever may complete a session moves its directive with it, also where the
-- directives' own policies or grants would not let that role write there. Nothing but the session's row
-- decides what is written.
create function public.update_sd_after_exec_completion()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if new.status = 'completed' and old.status <> 'completed' then
    -- is distinct from: a directive without a phase moves too. LEAD_FINAL comes after PLAN_VERIFY.
    update public.strategic_directives_v2 sd
    set
      current_phase = 'PLAN_VERIFY',
      phase_progress = 0,
      progress_percentage = greatest(sd.progress_percentage, 70),
      is_working_on = false,
      active_session_id = null,
      updated_at = current_timestamp
    where sd.id = new.sd_id and sd.current_phase is distinct from 'LEAD_FINAL';
  elsif old.status = 'completed' and new.status <> 'completed' then
    update public.strategic_directives_v2 sd
    set
      current_phase = 'EXEC_IMPLEMENTATION',
      updated_at = current_timestamp
    where sd.id = new.sd_id and sd.current_phase is distinct from 'LEAD_FINAL';
  end if;

  return null;
end
$$;

revoke execute on function public.update_sd_after_exec_completion() from public, anon, authenticated, service_role;

comment on function public.update_sd_after_exec_completion() is
  'Trigger of exec_implementation_sessions: moves the directive to PLAN_VERIFY when its session enters '
  'completed, back to EXEC_IMPLEMENTATION when it leaves it; never away from LEAD_FINAL.';

create trigger trigger_update_sd_after_exec_completion
  after update on public.exec_implementation_sessions
  for each row execute function public.update_sd_after_exec_completion();

comment on table public.exec_implementation_sessions is
  'One agent implementing one strategic directive: its status, scores, evidence and quality gates. At most '
  'one session per directive and status.';
comment on column public.exec_implementation_sessions.id is 'Identifies the session.';
comment on column public.exec_implementation_sessions.sd_id is 'The strategic directive that is implemented.';
comment on column public.exec_implementation_sessions.prd_id is
  'The product requirement document that the work follows, if there is one.';
comment on column public.exec_implementation_sessions.status is
  'Where the session stands: active, paused, completed, failed or cancelled.';
comment on column public.exec_implementation_sessions.implementation_type is
  'Kind of implementation: UI_COMPONENT, API_ENDPOINT, DATABASE_CHANGE, AUTHENTICATION, SYSTEM_TOOLING or '
  'GENERAL_FEATURE. It decides the quality checkpoints where quality_gates names none.';
comment on column public.exec_implementation_sessions.quality_score is
  'Quality of the implementation as a whole (0-100): rounded mean of its required checkpoints, set on '
  'completion.';
comment on column public.exec_implementation_sessions.code_quality_score is
  'Score of the code quality domain (0-100), set on completion from the CODE_QUALITY checkpoints.';
comment on column public.exec_implementation_sessions.performance_score is
  'Score of the performance domain (0-100), set on completion from the PERFORMANCE checkpoints.';
comment on column public.exec_implementation_sessions.security_score is
  'Score of the security domain (0-100), set on completion from the SECURITY checkpoints.';
comment on column public.exec_implementation_sessions.ux_accessibility_score is
  'Score of the UX and accessibility domain (0-100), set on completion from the ACCESSIBILITY checkpoints.';
comment on column public.exec_implementation_sessions.implementation_progress is
  'How far the implementation is, in percent (0-100); 100 once completed.';
comment on column public.exec_implementation_sessions.sub_agent_results is
  'What the activated sub-agents reported, as a JSON array.';
comment on column public.exec_implementation_sessions.quality_gates is
  'Quality gates that the implementation must pass. Each distinct non-blank one becomes a checkpoint; if '
  'there is none, implementation_type decides.';
comment on column public.exec_implementation_sessions.pre_impl_checklist is
  'What was checked before the work began, as a JSON object.';
comment on column public.exec_implementation_sessions.test_coverage_pct is
  'Test coverage of the implementation, in percent (0-100).';
comment on column public.exec_implementation_sessions.performance_metrics is
  'Measured performance figures, as a JSON object.';
comment on column public.exec_implementation_sessions.security_scan_results is
  'Results of security scans, as a JSON object.';
comment on column public.exec_implementation_sessions.accessibility_audit is
  'Results of the accessibility audit, as a JSON object.';
comment on column public.exec_implementation_sessions.before_screenshots is
  'URLs of screenshots taken before the work.';
comment on column public.exec_implementation_sessions.after_screenshots is
  'URLs of screenshots taken after the work.';
comment on column public.exec_implementation_sessions.demo_urls is 'URLs at which the result can be tried.';
comment on column public.exec_implementation_sessions.started_at is 'When the implementation began.';
comment on column public.exec_implementation_sessions.completed_at is
  'When the session ended: completed, failed or cancelled. Empty while it is active or paused.';
comment on column public.exec_implementation_sessions.orchestrator is
  'Name and version of the orchestrator that runs the session.';
comment on column public.exec_implementation_sessions.session_version is 'Version of the session format.';
comment on column public.exec_implementation_sessions.created_at is 'When the row was written.';
comment on column public.exec_implementation_sessions.updated_at is
  'When the session was last changed; kept by its writers.';
