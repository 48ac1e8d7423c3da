-- A small cast for demos: two companies, three people, twelve directives, and every status that a session,
-- a hand-off or a telemetry run can be in.
--
-- * May be loaded again and again: ids are fixed, and `on conflict do nothing` and the conditions of the
--   updates leave alone what is there and what somebody has done with it since.
-- * All times are relative to now(), so that the cast is never out of date on the day that it is loaded.
-- * Nobody has a password here, as this file can also reach a hosted project. The local stack sets one for
--   the addresses in .example; without it these people cannot sign in.
-- * Runs as `postgres`, like the migrations: row level security is not in its way, the triggers are in force.

-- People. Ada is the operator and sees both companies, Ben sees Northwind alone, Chloe sees nothing: her
-- only membership, further down, has ended. The empty tokens are not null because the Auth server cannot
-- read null there, and fails at sign-in.

insert into auth.users (
  id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data,
  confirmation_token, recovery_token, email_change, email_change_token_new, created_at, updated_at
)
select
  person.id::uuid, 'authenticated', 'authenticated', person.email, '', now() - interval '90 days',
  '{"provider": "email", "providers": ["email"]}'::jsonb || person.app_metadata::jsonb,
  jsonb_build_object('name', person.name), '', '', '', '', now() - interval '90 days', now() - interval '90 days'
from (
  values
    ('a0000000-0000-4000-8000-000000000001', 'ada@northwind.example', 'Ada Okafor', '{"leo_role": "operator"}'),
    ('a0000000-0000-4000-8000-000000000002', 'ben@northwind.example', 'Ben Castellanos', '{}'),
    ('a0000000-0000-4000-8000-000000000003', 'chloe@harbor.example', 'Chloe Lindqvist', '{}')
) as person (id, email, name, app_metadata)
on conflict do nothing;

insert into auth.identities (id, provider, provider_id, user_id, identity_data, created_at, updated_at)
select
  person.id, 'email', person.id::text, person.id,
  jsonb_build_object('sub', person.id, 'email', person.email, 'email_verified', true),
  person.created_at, person.created_at
from auth.users as person
where person.id in (
  'a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000002',
  'a0000000-0000-4000-8000-000000000003'
)
on conflict do nothing;

-- Supabase's Auth server finds users by instance_id; the Auth of the local stack has no such column. Dynamic,
-- as a static statement would not even parse there.
do
$do$
begin
  if exists (
    select from pg_attribute
    where attrelid = 'auth.users'::regclass and attname = 'instance_id' and not attisdropped
  ) then
    execute $sql$
      update auth.users set instance_id = '00000000-0000-0000-0000-000000000000'
      where instance_id is null and email in (
        'ada@northwind.example', 'ben@northwind.example', 'chloe@harbor.example'
      )
    $sql$;
  end if;
end
$do$;

-- Companies and who belongs to them, in every way that makes a difference: Ada administers Northwind and is a
-- member of Harbor, Ben only views Northwind, Chloe has left Harbor.

insert into public.companies (id, name, description, is_demo, created_at)
values
  ('c0000000-0000-4000-8000-000000000001', 'Northwind Robotics', 'Robots that load and unload trucks.', true,
   now() - interval '400 days'),
  ('c0000000-0000-4000-8000-000000000002', 'Harbor Foods', 'Fresh food for small restaurants.', true,
   now() - interval '220 days')
on conflict (id) do nothing;

insert into public.user_company_access (
  id, user_id, company_id, access_level, role, is_active, granted_by, granted_at, updated_at
)
select
  access.id::uuid, access.user_id::uuid, access.company_id::uuid, access.access_level, access.role,
  access.is_active, access.granted_by::uuid, now() - access.granted::interval, now() - access.changed::interval
from (
  values
    ('ac000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'admin', 'Head of operations',
     'c0000000-0000-4000-8000-000000000001', true, null, '90 days', '90 days'),
    ('ac000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000001', 'member', 'Advisor',
     'c0000000-0000-4000-8000-000000000002', true, null, '60 days', '60 days'),
    ('ac000000-0000-4000-8000-000000000003', 'a0000000-0000-4000-8000-000000000002', 'viewer', 'Analyst',
     'c0000000-0000-4000-8000-000000000001', true, 'a0000000-0000-4000-8000-000000000001', '80 days', '80 days'),
    ('ac000000-0000-4000-8000-000000000004', 'a0000000-0000-4000-8000-000000000003', 'member', 'Buyer',
     'c0000000-0000-4000-8000-000000000002', false, null, '85 days', '20 days')
) as access (id, user_id, access_level, role, company_id, is_active, granted_by, granted, changed)
on conflict do nothing;

-- Ventures of both companies, so that what belongs to one can be seen to be hidden from the other, in
-- different lifecycle stages.

insert into public.ventures (
  id, name, company_id, current_lifecycle_stage, problem_statement, created_at, updated_at
)
select
  venture.id::uuid, venture.name, venture.company_id::uuid, venture.stage, venture.problem,
  now() - venture.age::interval, now() - venture.changed::interval
from (
  values
    ('e0000000-0000-4000-8000-000000000001', 'Pallet Pilot', 'c0000000-0000-4000-8000-000000000001', 12,
     'Forklifts wait twenty minutes per truck for a free dock.', '150 days', '3 days'),
    ('e0000000-0000-4000-8000-000000000002', 'Cold Chain Watch', 'c0000000-0000-4000-8000-000000000001', 5,
     'Nobody notices a warm trailer before it is unloaded.', '70 days', '9 days'),
    ('e0000000-0000-4000-8000-000000000003', 'Menu Forecast', 'c0000000-0000-4000-8000-000000000002', 8,
     'Restaurants throw away a fifth of what they order.', '110 days', '6 days')
) as venture (id, name, company_id, stage, problem, age, changed)
on conflict (id) do nothing;

-- EVA sessions: one of each type, each in another status. One per venture carries the metrics below; the
-- failed one never got far enough to have any.

insert into public.eva_orchestration_sessions (
  session_id, company_id, session_type, session_status, active_agents, chairman_oversight, objective, created_at,
  started_at, paused_at, completed_at, failed_at, created_by, error_log, performance_summary
)
select
  session.id::uuid, session.company_id::uuid, session.type, session.status, session.agents::text[],
  session.is_overseen, session.objective, now() - session.started::interval, now() - session.started::interval,
  now() - session.paused::interval, now() - session.completed::interval, now() - session.failed::interval,
  'a0000000-0000-4000-8000-000000000001', session.errors::jsonb, session.summary::jsonb
from (
  values
    ('ea000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 'venture_workflow',
     'active', '{planner,builder,reviewer}', true, 'Take Pallet Pilot through its pilot at two docks.',
     '11 days', null, null, null, '[]', '{}'),
    ('ea000000-0000-4000-8000-000000000002', 'c0000000-0000-4000-8000-000000000001', 'strategic_analysis',
     'completed', '{analyst}', false, 'Size the market for trailer sensors.',
     '12 days', null, '4 days', null, '[]', '{"sources": 41}'),
    ('ea000000-0000-4000-8000-000000000003', 'c0000000-0000-4000-8000-000000000002', 'performance_review',
     'paused', '{analyst,reviewer}', false, 'Compare forecasts with last quarter''s orders.',
     '11 days', '1 day', null, null, '[]', '{}'),
    ('ea000000-0000-4000-8000-000000000004', 'c0000000-0000-4000-8000-000000000002', 'integration_coordination',
     'failed', '{builder}', true, 'Connect the supplier''s order interface.',
     '8 days', null, null, '7 days', '[{"agent": "builder", "message": "the supplier answers 503"}]', '{}')
) as session (
  id, company_id, type, status, agents, is_overseen, objective, started, paused, completed, failed, errors, summary
)
on conflict (session_id) do nothing;

-- Directives in every phase of the protocol. 009, 010 and 013 to 015 are ready to be started: in EXEC, without a
-- session. What npm start prints and each document starts another one, so that they can be followed in any order.
-- 002, 007 and 008 are written here as they were before their sessions completed; the trigger on sessions
-- then moves them to PLAN_VERIFY. 001 is in LEAD_FINAL already, where that trigger must not touch it.
-- localtimestamp, because these columns have no time zone.

insert into public.strategic_directives_v2 (
  id, sd_key, title, status, category, priority, description, rationale, scope, sequence_rank, current_phase,
  phase_progress, progress_percentage, is_working_on, active_session_id, created_at, updated_at
)
select
  directive.id, directive.id, directive.title, directive.status, directive.category, directive.priority,
  directive.title || '.', directive.rationale, 'The application and its database; no new hardware.', directive.rank,
  directive.phase, directive.phase_progress, directive.progress, directive.is_working_on,
  directive.active_session_id, localtimestamp - make_interval(days => 70 - directive.rank),
  localtimestamp - make_interval(days => directive.changed)
from (
  values
    ('SD-2026-001', 1, 'Dock booking by phone', 'Drivers do not install apps.',
     'active', 'feature', 'high', 'LEAD_FINAL', 50, 90, false, null, 2),
    ('SD-2026-002', 2, 'Alarm for warm trailers', 'One lost load costs a year of licences.',
     'active', 'feature', 'critical', 'EXEC_IMPLEMENTATION', 90, 68, true, null, 9),
    ('SD-2026-003', 3, 'Sign-in with company accounts', 'Customers ask for it in every tender.',
     'active', 'security', 'high', 'EXEC_IMPLEMENTATION', 40, 52, true, 'agent-builder-7', 0),
    ('SD-2026-004', 4, 'Export of order forecasts', 'Buyers copy numbers by hand.',
     'active', 'feature', 'medium', 'EXEC_IMPLEMENTATION', 60, 58, false, null, 1),
    ('SD-2026-005', 5, 'Import of supplier catalogues', 'Catalogues arrive as spreadsheets.',
     'active', 'integration', 'medium', 'EXEC_IMPLEMENTATION', 20, 46, false, null, 5),
    ('SD-2026-006', 6, 'Voice control for forklifts', 'Gloves and touch screens do not go together.',
     'deferred', 'feature', 'low', 'EXEC_IMPLEMENTATION', 10, 43, false, null, 14),
    ('SD-2026-007', 7, 'Faster dashboard for dispatchers', 'It takes nine seconds to open.',
     'active', 'performance', 'high', 'EXEC_IMPLEMENTATION', 90, 67, true, null, 6),
    ('SD-2026-008', 8, 'History of temperature readings', 'Auditors want two years.',
     'active', 'infrastructure', 'medium', 'EXEC_IMPLEMENTATION', 90, 69, true, null, 2),
    ('SD-2026-009', 9, 'Reminder for late trucks', 'Docks stay blocked.',
     'active', 'feature', 'high', 'EXEC_IMPLEMENTATION', 0, 40, false, null, 1),
    ('SD-2026-010', 10, 'Menu suggestions from stock', 'Less waste at the end of the week.',
     'active', 'feature', 'medium', 'EXEC_IMPLEMENTATION', 0, 40, false, null, 1),
    ('SD-2026-011', 11, 'Roles for restaurant staff', 'Everybody shares one login.',
     'active', 'security', 'medium', 'PLAN_PRD', 50, 30, false, null, 4),
    ('SD-2026-012', 12, 'Second warehouse', 'Northern customers wait two days.',
     'draft', 'expansion', 'low', 'LEAD_APPROVAL', 20, 4, false, null, 6),
    ('SD-2026-013', 13, 'Returns without a slip', 'Half of them lose it.',
     'active', 'feature', 'medium', 'EXEC_IMPLEMENTATION', 0, 40, false, null, 1),
    ('SD-2026-014', 14, 'Weights of mixed pallets', 'Scales are far from the dock.',
     'active', 'feature', 'low', 'EXEC_IMPLEMENTATION', 0, 40, false, null, 1),
    ('SD-2026-015', 15, 'Delivery windows by text message', 'Cooks do not read mail.',
     'active', 'integration', 'low', 'EXEC_IMPLEMENTATION', 0, 40, false, null, 1)
) as directive (
  id, rank, title, rationale, status, category, priority, phase, phase_progress, progress, is_working_on,
  active_session_id, changed
)
on conflict do nothing;

-- A requirements document for every directive that has come as far as PLAN; that of 011 is still being
-- written.

insert into public.product_requirements_v2 (id, title, status, sd_id, created_at, updated_at)
select
  'PRD-2026-' || right(sd.id, 3), 'Requirements: ' || sd.title,
  case sd.current_phase when 'PLAN_PRD' then 'draft' else 'approved' end, sd.id,
  sd.created_at + interval '3 days', sd.created_at + interval '5 days'
from public.strategic_directives_v2 as sd
where sd.id between 'SD-2026-001' and 'SD-2026-015' and sd.current_phase <> 'LEAD_APPROVAL'
on conflict (id) do nothing;

-- Implementation sessions in every status. All are inserted as active and end by an update, the way real ones
-- do, so that the triggers make their checkpoints and move their directives. 004 names its own gates,
-- one by the name of a type and two in free words; the others get the default set of their type.

insert into public.exec_implementation_sessions (
  id, sd_id, prd_id, implementation_type, quality_gates, implementation_progress, test_coverage_pct,
  sub_agent_results, demo_urls, started_at, created_at, updated_at
)
select
  ('5e000000-0000-4000-8000-0000000000' || right(session.sd_id, 2))::uuid, session.sd_id,
  'PRD-2026-' || right(session.sd_id, 3), session.type, session.gates::text[], session.progress, session.coverage,
  session.results::jsonb, session.demos::text[], now() - session.started::interval,
  now() - session.started::interval,
  -- Somebody is at work on 003: the sweep pauses what has given no sign of life for a day.
  now() - case session.sd_id when 'SD-2026-003' then interval '2 hours' else session.started::interval end
from (
  values
    ('SD-2026-001', 'UI_COMPONENT', '20 days', 90, 87, '{}',
     '[{"agent": "reviewer", "verdict": "pass"}]', '{https://demo.northwind.example/dock-booking}'),
    ('SD-2026-002', 'API_ENDPOINT', '14 days', 90, 91, '{}',
     '[{"agent": "security", "verdict": "pass"}]', '{https://demo.northwind.example/alarms}'),
    ('SD-2026-003', 'AUTHENTICATION', '3 days', 45, 62, '{}', '[]', null),
    ('SD-2026-004', 'GENERAL_FEATURE', '8 days', 60, 55,
     '{"Load test of the export",code-quality,"User documentation"}', '[]', null),
    ('SD-2026-005', 'SYSTEM_TOOLING', '9 days', 20, 18, '{}',
     '[{"agent": "builder", "verdict": "the supplier answers 503"}]', null),
    ('SD-2026-006', 'GENERAL_FEATURE', '30 days', 10, 0, '{}', '[]', null),
    ('SD-2026-007', 'UI_COMPONENT', '12 days', 90, 78, '{}', '[]', '{https://demo.northwind.example/dispatch}'),
    ('SD-2026-008', 'DATABASE_CHANGE', '7 days', 90, 94, '{}', '[]', null)
) as session (sd_id, type, started, progress, coverage, gates, results, demos)
on conflict (id) do nothing;

-- The trigger dates checkpoints now; these are as old as their sessions. The condition holds only for a
-- checkpoint that is newer, which none is any more when the file is loaded again.

update public.exec_quality_checkpoints as checkpoint
set created_at = session.started_at, updated_at = session.started_at
from public.exec_implementation_sessions as session
where session.id = checkpoint.session_id
  and session.id between '5e000000-0000-4000-8000-000000000001' and '5e000000-0000-4000-8000-000000000008'
  and checkpoint.created_at > session.started_at;

-- Every gate of the sessions that complete below has been passed, and of 003 to 005 only the code quality,
-- so that there are sessions with gates left to pass. Only gates that nobody has touched: a reopened one stays open.

update public.exec_quality_checkpoints as checkpoint
set
  is_complete = true,
  score = case checkpoint.checkpoint_type
    when 'CODE_QUALITY' then 92
    when 'PERFORMANCE' then 84
    when 'SECURITY' then 88
    when 'TESTING' then 90
    when 'ACCESSIBILITY' then 86
    else 81
  end,
  evidence_url = 'https://ci.northwind.example/' || checkpoint.sd_id || '/' || lower(checkpoint.checkpoint_type),
  completed_by = 'secret:build-agent',
  completed_at = checkpoint.created_at + interval '1 day',
  updated_at = checkpoint.created_at + interval '1 day'
where (
    checkpoint.session_id in (
      '5e000000-0000-4000-8000-000000000001', '5e000000-0000-4000-8000-000000000002',
      '5e000000-0000-4000-8000-000000000007', '5e000000-0000-4000-8000-000000000008'
    )
    or (
      checkpoint.session_id
        between '5e000000-0000-4000-8000-000000000003' and '5e000000-0000-4000-8000-000000000005'
      and checkpoint.checkpoint_type = 'CODE_QUALITY'
    )
  )
  and not checkpoint.is_complete
  and checkpoint.updated_at = checkpoint.created_at;

-- How the sessions ended; 003 stays active. The scores are what the event `complete` would have derived from
-- the gates above; zero is a domain without a gate. As before, only sessions that nobody has touched.

update public.exec_implementation_sessions as session
set
  status = ending.status,
  completed_at = case ending.status when 'paused' then null else now() - ending.ended::interval end,
  updated_at = now() - ending.ended::interval,
  implementation_progress = case ending.status when 'completed' then 100 else session.implementation_progress end,
  quality_score = ending.quality,
  code_quality_score = ending.code,
  performance_score = ending.performance,
  security_score = ending.security,
  ux_accessibility_score = ending.accessibility
from (
  values
    ('5e000000-0000-4000-8000-000000000001', 'completed', '15 days', 88, 92, 84, 0, 86),
    ('5e000000-0000-4000-8000-000000000002', 'completed', '9 days', 87, 92, 84, 88, 0),
    ('5e000000-0000-4000-8000-000000000004', 'paused', '1 day', 0, 0, 0, 0, 0),
    ('5e000000-0000-4000-8000-000000000005', 'failed', '7 days', 0, 0, 0, 0, 0),
    ('5e000000-0000-4000-8000-000000000006', 'cancelled', '28 days', 0, 0, 0, 0, 0),
    ('5e000000-0000-4000-8000-000000000007', 'completed', '6 days', 88, 92, 84, 0, 86),
    ('5e000000-0000-4000-8000-000000000008', 'completed', '2 days', 89, 92, 84, 88, 0)
) as ending (id, status, ended, quality, code, performance, security, accessibility)
where session.id = ending.id::uuid
  and session.status = 'active'
  and session.updated_at = session.created_at;

-- Hand-offs in every status. 007 was rejected, so its session may be reopened or its hand-off revised. 003
-- is being prepared while its session still runs; it cannot be sent before that completes.

insert into public.exec_handoff_preparations (
  id, session_id, sd_id, handoff_status, implementation_summary, quality_metrics, test_results, demo_url,
  deliverables_manifest, known_issues, post_implementation_notes, prepared_at, sent_at, response_at, created_at,
  updated_at
)
select
  ('8a000000-0000-4000-8000-0000000000' || right(handoff.sd_id, 2))::uuid, session.id, session.sd_id,
  handoff.status, handoff.summary, jsonb_build_object('quality_score', session.quality_score),
  jsonb_build_object('coverage_pct', session.test_coverage_pct), session.demo_urls[1],
  handoff.deliverables::text[], handoff.issues::text[], handoff.notes, now() - handoff.prepared::interval,
  now() - handoff.sent::interval, now() - handoff.answered::interval, now() - handoff.prepared::interval,
  now() - coalesce(handoff.answered, handoff.sent, handoff.prepared)::interval
from (
  values
    ('SD-2026-001', 'accepted', '15 days', '14 days', '13 days', '{call flow,board widget}', '{}',
     'Drivers book a dock by calling a number; the slot shows on the board.', null),
    ('SD-2026-002', 'sent', '9 days', '8 days', null, '{alarm endpoint,runbook}', '{no quiet hours yet}',
     'An alarm goes out within a minute of a reading above the limit.', null),
    ('SD-2026-003', 'preparing', '1 day', null, null, null, null,
     'Sign-in with company accounts: draft.', 'Waits for the security gate.'),
    ('SD-2026-007', 'rejected', '6 days', '5 days', '4 days', '{dashboard}', '{}',
     'The dashboard opens in two seconds.', 'Rejected: the night shift''s view still takes seven seconds.'),
    ('SD-2026-008', 'ready', '2 days', null, null, '{migration,retention job}', '{}',
     'Readings are kept for two years, by month.', null)
) as handoff (sd_id, status, prepared, sent, answered, deliverables, issues, summary, notes)
join public.exec_implementation_sessions as session
  on session.id = ('5e000000-0000-4000-8000-0000000000' || right(handoff.sd_id, 2))::uuid
on conflict (id) do nothing;

-- Metrics of each of the last ten days, four a day and venture: enough to compare a day with the week before
-- it. The figures vary without random(), so that everybody sees the same ones. In the last hours three stages of
-- Pallet Pilot took four times as long, so that the telemetry analysis has something to find. Ids come from the
-- place in the series and not from the time, or another load on another day would add to them.

insert into public.orchestration_metrics (
  metric_id, session_id, company_id, venture_id, stage_id, stage_duration, handoff_efficiency, error_rate,
  action_count, success_count, failure_count, agent_response_time, agent_utilization, agents_involved,
  chairman_interventions, chairman_approvals, chairman_rejections, compute_cost, api_calls_made,
  data_quality_score, confidence_score, recorded_at, metric_period_start, metric_period_end, metadata
)
select
  md5(format('metric %s %s %s', venture.place, day, slot))::uuid, venture.session_id::uuid, venture.company_id::uuid,
  venture.venture_id::uuid, figures.stage,
  make_interval(mins => (20 + 3 * figures.stage + figures.noise) * case when figures.is_slow then 4 else 1 end),
  90 + figures.noise % 10, round(figures.failures / figures.actions::numeric, 4), figures.actions,
  figures.actions - figures.failures, figures.failures, make_interval(secs => 2 + figures.noise / 10.0),
  55 + 2 * figures.noise, venture.agents::text[], (figures.noise = 7)::integer, (figures.noise % 3 = 0)::integer,
  (figures.noise = 13)::integer, round(1.2 + 0.07 * figures.actions, 2), 6 * figures.actions, 82 + figures.noise % 15,
  74 + figures.noise % 20, figures.ended, figures.ended - interval '6 hours', figures.ended, '{"source": "seed"}'
from (
  values
    (1, 'ea000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001',
     'e0000000-0000-4000-8000-000000000001', '{planner,builder,reviewer}'),
    (2, 'ea000000-0000-4000-8000-000000000002', 'c0000000-0000-4000-8000-000000000001',
     'e0000000-0000-4000-8000-000000000002', '{analyst}'),
    (3, 'ea000000-0000-4000-8000-000000000003', 'c0000000-0000-4000-8000-000000000002',
     'e0000000-0000-4000-8000-000000000003', '{analyst,reviewer}')
) as venture (place, session_id, company_id, venture_id, agents)
cross join generate_series(0, 9) as day
cross join generate_series(1, 4) as slot
cross join lateral (
  select
    slot + 1 as stage,
    (day * 7 + slot * 5 + venture.place * 3) % 17 as noise,
    20 + (day * 5 + slot * 3 + venture.place) % 11 as actions,
    (day + slot * venture.place) % 3 as failures,
    day = 0 and venture.place = 1 and slot <= 3 as is_slow,
    date_trunc('hour', now()) - make_interval(days => day, hours => 5 * slot - 4) as ended
) as figures
on conflict (metric_id) do nothing;

-- Telemetry runs in every status. By the default of seven days the global scope is fresh, and northwind is
-- stale but has a run under way, whose deadline passes a minute after the load, for the sweep to find. Harbor
-- failed twice: two tries of one analysis. Runs that were never claimed (4, 7, 8) have no worker and deadline.
-- Ada's is queued: call telemetry-analyzer, and it names the slow venture.

insert into public.telemetry_analysis_runs (
  id, run_id, scope_type, scope_id, status, triggered_by, triggered_at, started_at, finished_at, correlation_id,
  output_ref, reason_code, error_class, error_message, duration_ms, metadata, created_at, updated_at
)
select
  ('7e000000-0000-4000-8000-00000000000' || run.place)::uuid,
  ('7f000000-0000-4000-8000-00000000000' || run.place)::uuid, run.scope_type, run.scope_id, run.status,
  run.triggered_by, now() - run.age::interval, now() - run.age::interval + run.waited::interval,
  -- What was never claimed ended all the same.
  case
    when run.status in ('CANCELLED', 'FAILED_ENQUEUE') then now() - run.age::interval + interval '5 seconds'
    else now() - run.age::interval + run.waited::interval + make_interval(secs => run.duration_ms / 1000.0)
  end,
  run.correlation_id, run.output_ref::jsonb, run.reason_code, run.error_class, run.error_message, run.duration_ms,
  case
    when run.waited is null then '{}'
    else jsonb_build_object(
      'worker', run.worker,
      'timeout_ms', 120000,
      'deadline_at', now() - run.age::interval + run.waited::interval + interval '2 minutes'
    )
  end,
  now() - run.age::interval, now() - run.age::interval
from (
  values
    (1, 'workspace', 'c0000000-0000-4000-8000-000000000001', 'SUCCEEDED', 'SCHEDULED', 'northwind-weekly',
     '9 days', '2 seconds', 1840, 'analyzer-1',
     '{"rows_scanned": 168, "dimensions_evaluated": 9, "bottlenecks": []}', null, null, null),
    (2, 'global', null, 'SUCCEEDED', 'SCHEDULED', 'global-weekly', '2 days', '1 second', 2310, 'analyzer-1',
     '{"rows_scanned": 0, "dimensions_evaluated": 0, "bottlenecks": []}', 'INSUFFICIENT_DATA', null, null),
    (3, 'workspace', 'c0000000-0000-4000-8000-000000000001', 'RUNNING', 'MANUAL', 'northwind-today',
     '1 minute', '1 second', null, 'analyzer-2', null, null, null, null),
    (4, 'user', 'a0000000-0000-4000-8000-000000000001', 'QUEUED', 'SESSION_START', null, '30 seconds', null, null,
     null, null, null, null, null),
    (5, 'workspace', 'c0000000-0000-4000-8000-000000000002', 'FAILED', 'CLI', 'harbor-orders',
     '3 days', '1 second', 640, 'analyzer-1', null, null, 'sqlstate_57014',
     'canceling statement due to statement timeout'),
    (6, 'workspace', 'c0000000-0000-4000-8000-000000000002', 'TIMED_OUT', 'SCHEDULED', 'harbor-orders',
     '4 days', '3 seconds', 120000, 'analyzer-2', null, null, null, null),
    (7, 'user', 'a0000000-0000-4000-8000-000000000002', 'CANCELLED', 'MANUAL', null, '5 days', null, null,
     null, null, null, null, null),
    (8, 'user', 'a0000000-0000-4000-8000-000000000002', 'FAILED_ENQUEUE', 'SESSION_START', null, '6 days', null, null,
     null, null, null, 'QueueUnavailable', 'the queue could not be reached')
) as run (
  place, scope_type, scope_id, status, triggered_by, correlation_id, age, waited, duration_ms, worker, output_ref,
  reason_code, error_class, error_message
)
on conflict do nothing;

-- Visions: the one that guides planning, and its predecessor, which must no longer be generated from.

insert into public.strategic_vision (id, code, title, statement, is_active, created_at, updated_at)
values
  ('f0000000-0000-4000-8000-000000000001', 'VISION-2025', 'Every dock on time',
   'No truck waits longer than ten minutes at any dock that we serve.', false,
   now() - interval '500 days', now() - interval '200 days'),
  ('f0000000-0000-4000-8000-000000000002', 'VISION-2026', 'Nothing spoils',
   'From the field to the plate without a degree too much and without a meal thrown away.', true,
   now() - interval '200 days', now() - interval '200 days')
on conflict do nothing;

-- OKR log: a completed generation for each of the last six months, in one of them after a failed try. None
-- for the present month, so that one can be started. Ids come from period and status: a load in a later
-- month adds the months since.

insert into public.okr_generation_log (
  id, generation_date, period, vision_id, top_down_count, bottom_up_count, total_krs_generated, top_down_ratio,
  bottom_up_ratio, source_breakdown, status, error_message, created_at
)
select
  md5(format('okr %s %s', generation.period, generation.status))::uuid, generation.day, generation.period,
  'f0000000-0000-4000-8000-000000000002', generation.top_down, generation.bottom_up,
  generation.top_down + generation.bottom_up, generation.top_down_ratio, 1 - generation.top_down_ratio,
  jsonb_build_object('vision', generation.top_down, 'retrospectives', generation.bottom_up), generation.status,
  generation.error_message, generation.day + generation.hour
from generate_series(1, 6) as month
cross join lateral (
  select (date_trunc('month', now() at time zone 'utc') - make_interval(months => month))::date as day
) as first
cross join lateral (
  values
    (first.day, to_char(first.day, 'YYYY-MM'), 'completed', 4 + month % 2, 6 - month % 2, (4 + month % 2) / 10.0,
     null, interval '6 hours'),
    (first.day, to_char(first.day, 'YYYY-MM'), 'failed', 0, 0, 0.4,
     'the model did not answer within 60 seconds', interval '5 hours')
) as generation (day, period, status, top_down, bottom_up, top_down_ratio, error_message, hour)
where generation.status = 'completed' or month = 3
on conflict (id) do nothing;
