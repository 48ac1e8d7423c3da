-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create table public.exec_handoff_preparations (
  id uuid not null default gen_random_uuid(),
  session_id uuid not null,
  sd_id text not null,
  handoff_status text not null default 'preparing',
  implementation_summary text not null,
  quality_metrics jsonb default '{}',
  test_results jsonb default '{}',
  performance_benchmarks jsonb default '{}',
  security_validation jsonb default '{}',
  accessibility_compliance jsonb default '{}',
  demo_url text,
  documentation_url text,
  test_report_url text,
  deliverables_manifest text[],
  known_issues text[],
  post_implementation_notes text,
  prepared_at timestamptz default now(),
  sent_at timestamptz,
  response_at timestamptz,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint exec_handoff_preparations_pkey primary key (id),
  constraint exec_handoff_preparations_sd_id_fkey
    foreign key (sd_id) references public.strategic_directives_v2 (id),
  constraint exec_handoff_preparations_session_id_fkey
    foreign key (session_id) references public.exec_implementation_sessions (id),
  constraint exec_handoff_preparations_handoff_status_check
    check (handoff_status in ('preparing', 'ready', 'sent', 'accepted', 'rejected'))
);

create index idx_exec_handoff_preparations_session_id on public.exec_handoff_preparations (session_id);

create index idx_exec_handoff_preparations_status on public.exec_handoff_preparations (handoff_status);

alter table public.exec_handoff_preparations enable row level security;

create policy exec_handoff_preparations_all on public.exec_handoff_preparations
  for all to service_role using (true);

create policy exec_handoff_preparations_select on public.exec_handoff_preparations
  for select to authenticated using (true);

comment on table public.exec_handoff_preparations is
  'Hand-over of an implementation session from EXEC to the verifying side: what was built, how it was '
  'checked, and the answer.';
comment on column public.exec_handoff_preparations.id is 'Identifies the hand-off.';
comment on column public.exec_handoff_preparations.session_id is
  'The implementation session that is handed over.';
comment on column public.exec_handoff_preparations.sd_id is 'The strategic directive of that session.';
comment on column public.exec_handoff_preparations.handoff_status is
  'Where the hand-off stands: preparing, ready, sent, accepted or rejected.';
comment on column public.exec_handoff_preparations.implementation_summary is 'What was implemented, in words.';
comment on column public.exec_handoff_preparations.quality_metrics is
  'Figures on the quality of the work, as a JSON object.';
comment on column public.exec_handoff_preparations.test_results is 'Results of the tests, as a JSON object.';
comment on column public.exec_handoff_preparations.performance_benchmarks is
  'Measured performance, as a JSON object.';
comment on column public.exec_handoff_preparations.security_validation is
  'How security was checked, as a JSON object.';
comment on column public.exec_handoff_preparations.accessibility_compliance is
  'How accessibility was checked, as a JSON object.';
comment on column public.exec_handoff_preparations.demo_url is 'URL at which the result can be tried.';
comment on column public.exec_handoff_preparations.documentation_url is 'URL of the documentation.';
comment on column public.exec_handoff_preparations.test_report_url is 'URL of the test report.';
comment on column public.exec_handoff_preparations.deliverables_manifest is
  'What is handed over, one entry per deliverable.';
comment on column public.exec_handoff_preparations.known_issues is
  'What is known not to work, one entry per issue.';
comment on column public.exec_handoff_preparations.post_implementation_notes is
  'What the verifying side should know besides.';
comment on column public.exec_handoff_preparations.prepared_at is 'When the preparation began.';
comment on column public.exec_handoff_preparations.sent_at is
  'When the hand-off was sent; empty before that and while it is revised.';
comment on column public.exec_handoff_preparations.response_at is
  'When it was accepted or rejected; empty before that.';
comment on column public.exec_handoff_preparations.created_at is 'When the row was written.';
comment on column public.exec_handoff_preparations.updated_at is
  'When the hand-off was last changed; kept by its writers.';
