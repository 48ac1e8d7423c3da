import pg from "pg";
import type { TestDatabase } from "../../support/database.ts";

/** How many rows each of the tables that grow has, at least. */
export const volume = 100_000;

/** The tables that grow. */
export const largeTables = [
  "leo.idempotency_keys",
  "public.exec_handoff_preparations",
  "public.exec_implementation_sessions",
  "public.exec_quality_checkpoints",
  "public.okr_generation_log",
  "public.orchestration_daily_summaries",
  "public.orchestration_metrics",
  "public.state_transitions",
  "public.strategic_directives_v2",
  "public.telemetry_analysis_runs",
];

/** Fills a database with years of work, past the triggers. What is in there is said at `rows`. */
export async function fill(database: TestDatabase): Promise<void> {
  const client = new pg.Client({ connectionString: database.adminUrl });
  await client.connect();
  try {
    // Made after the rows, indexes take a third of the time. Only the superuser can put it like that, which leaves
    // them and their constraints as the migrations made them.
    await client.query("update pg_index set indisready = false where indrelid = any ($1::regclass[])", [largeTables]);
    await client.query(rows);
    for (const table of largeTables) await client.query(`reindex table ${table}`);
    await client.query("vacuum analyze");
  } finally {
    await client.end();
  }
}

/**
 * Past the triggers, in the order of time. What is found by its number:
 *
 * - directives `SD-<i>` with session `md5('s' || i)`, i hours old. Of the 10 000 youngest, whose history of ten moves
 *   each is there, i % 100 says which are under way: 0 active (their gates TESTING, SECURITY and DOCUMENTATION open),
 *   1 paused, 2 failed, 3 cancelled; the others are completed.
 * - hand-offs `md5('h' || i)` of the sessions that are over: accepted, but of the youngest 5 sent, 12 in preparation,
 *   13 ready (i % 100).
 * - runs `md5('r' || i)`: the first ten queued, the next ten running, of users `u0` to `u99`, workspaces `w0` to `w9`,
 *   and the whole.
 * - OKR generations `md5('o' || i)`, ten a month of which the first completed; of the youngest month none, and that
 *   before it is running.
 * - companies `md5('company' || i)`, i from 0 to 999, with a hundred metrics `md5('m' || i)` of 30 days each, and company 500
 *   with 20 000 more. User
 *   `md5('user' || i)` has access to the company i and to the next one.
 * - Idempotency-Keys `key-<i>` of `secret:test`, for a session's move, none of them expired.
 */
const rows = `
  set session_replication_role = 'replica';

  insert into auth.users (id, email)
  select md5('user' || i)::uuid, 'user-' || i || '@example.test' from generate_series(0, 999) i;

  insert into public.companies (id, name)
  select md5('company' || i)::uuid, 'Company ' || i from generate_series(0, 999) i;

  insert into public.user_company_access (user_id, company_id, is_active)
  select md5('user' || i)::uuid, md5('company' || (i + nth) % 1000)::uuid, true
  from generate_series(0, 999) i, generate_series(0, 1) nth;

  insert into public.ventures (id, name, company_id, problem_statement)
  select md5('venture' || i)::uuid, 'Venture ' || i, md5('company' || i % 1000)::uuid, '-'
  from generate_series(0, 4999) i;

  insert into public.eva_orchestration_sessions (session_id, company_id, session_type, created_by)
  select md5('eva' || i)::uuid, md5('company' || i % 1000)::uuid, 'venture_workflow', md5('user' || i % 1000)::uuid
  from generate_series(0, 4999) i;

  insert into public.product_requirements_v2 (id, title, sd_id)
  select 'PRD-' || i, 'Requirements ' || i, 'SD-' || i from generate_series(1, 1000) i;

  insert into public.strategic_directives_v2
    (id, title, status, category, priority, description, rationale, scope, sequence_rank, sd_key, current_phase)
  select 'SD-' || i, 'Directive ' || i, 'active', 'c', 'low', 'd', 'r', 's', i, 'SD-' || i,
    'EXEC_IMPLEMENTATION'
  from generate_series(1, ${volume + 100}) i;

  insert into public.exec_implementation_sessions
    (id, sd_id, prd_id, implementation_type, status, started_at, updated_at)
  select md5('s' || i)::uuid, 'SD-' || i, case when i <= 1000 then 'PRD-' || i end, 'API_ENDPOINT', made.status,
    now() - i * interval '1 hour', now() - case when made.status = 'active' then 0 else i end * interval '1 hour'
  from generate_series(1, ${volume}) i
  cross join lateral (
    select case when i > 10000 then 'completed' else
      case i % 100 when 0 then 'active' when 1 then 'paused' when 2 then 'failed' when 3 then 'cancelled' else 'completed' end
    end as status
  ) as made;

  insert into public.exec_quality_checkpoints
    (id, session_id, sd_id, checkpoint_name, checkpoint_type, is_complete, score, created_at, updated_at)
  select md5('c' || i || name)::uuid, md5('s' || i)::uuid, 'SD-' || i, name, name, i > 10000 or i % 100 > 1,
    i % 101, now() - i * interval '1 hour', now() - i * interval '1 hour'
  from generate_series(1, ${volume}) i, unnest(array['TESTING', 'SECURITY', 'DOCUMENTATION']) name
  where i <= 10000 or name = 'TESTING';

  insert into public.exec_handoff_preparations
    (id, session_id, sd_id, implementation_summary, deliverables_manifest, handoff_status, prepared_at, sent_at,
      created_at)
  select md5('h' || i)::uuid, md5('s' || i)::uuid, 'SD-' || i, 'What was built.', array['a deliverable'],
    case when i > 10000 then 'accepted' else
      case i % 100 when 5 then 'sent' when 12 then 'preparing' when 13 then 'ready' else 'accepted' end
    end,
    now() - i * interval '1 hour', now() - i * interval '1 hour', now() - i * interval '1 hour'
  from generate_series(1, ${volume}) i
  where i > 10000 or i % 100 > 3;

  insert into public.exec_handoff_preparations
    (session_id, sd_id, implementation_summary, handoff_status, prepared_at, created_at)
  select md5('s' || i)::uuid, 'SD-' || i, 'An earlier one.', 'rejected', now() - (i + 1) * interval '1 hour',
    now() - (i + 1) * interval '1 hour'
  from generate_series(20000, 20400) i;

  insert into public.state_transitions
    (machine, entity_id, sd_id, event, from_status, to_status, actor, occurred_at)
  select made.machine, md5(made.seed)::uuid, 'SD-' || made.i, made.event, made.source, made.target, 'secret:a',
    now() - made.i * interval '1 hour'
  from generate_series(10000, 1, -1) i
  cross join lateral (
    values
      (i, 'exec_session', 's' || i, 'start', null, 'active'),
      (i, 'exec_session', 's' || i, 'complete', 'active', 'completed'),
      (i, 'quality_checkpoint', 'c' || i || 'TESTING', 'insert', null, 'incomplete'),
      (i, 'quality_checkpoint', 'c' || i || 'SECURITY', 'insert', null, 'incomplete'),
      (i, 'quality_checkpoint', 'c' || i || 'DOCUMENTATION', 'insert', null, 'incomplete'),
      (i, 'quality_checkpoint', 'c' || i || 'TESTING', 'complete', 'incomplete', 'complete'),
      (i, 'quality_checkpoint', 'c' || i || 'SECURITY', 'complete', 'incomplete', 'complete'),
      (i, 'handoff', 'h' || i, 'prepare', null, 'preparing'),
      (i, 'handoff', 'h' || i, 'send', 'ready', 'sent'),
      (i, 'handoff', 'h' || i, 'accept', 'sent', 'accepted')
  ) as made (i, machine, seed, event, source, target);

  insert into public.telemetry_analysis_runs
    (id, run_id, scope_type, scope_id, status, triggered_at, started_at, finished_at, output_ref, metadata)
  select md5('r' || i)::uuid, md5('r' || i)::uuid,
    case when i % 10 = 0 then 'global' when i % 10 < 3 then 'workspace' else 'user' end,
    case when i % 10 = 0 then null when i % 10 < 3 then 'w' || (i / 10) % 10 else 'u' || (i / 10) % 100 end,
    case when i <= 10 then 'QUEUED' when i <= 20 then 'RUNNING' when i % 7 = 0 then 'FAILED' else 'SUCCEEDED' end,
    now() - i * interval '1 minute',
    case when i > 10 then now() - i * interval '1 minute' end,
    case when i > 20 then now() - i * interval '1 minute' end,
    '{"rows_scanned": 12}',
    case when i between 11 and 20 then jsonb_build_object('deadline_at', now() + interval '1 hour') else '{}' end
  from generate_series(1, ${volume}) i;

  insert into public.okr_generation_log (id, generation_date, period, status, created_at)
  select md5('o' || i)::uuid, made.day, to_char(made.day, 'YYYY-MM'),
    case
      when i % 10 <> 0 or i > ${volume - 10} then 'failed'
      when i > ${volume - 20} then 'running'
      else 'completed'
    end,
    now()
  from generate_series(1, ${volume}) i
  cross join lateral (select (date '1200-01-01' + (i - 1) / 10 * interval '1 month')::date as day) made;

  insert into public.orchestration_metrics
    (metric_id, company_id, venture_id, session_id, stage_id, stage_duration, error_rate, action_count,
      agents_involved, compute_cost, recorded_at)
  select md5('m' || i)::uuid, md5('company' || i % 1000)::uuid, md5('venture' || i % 5000)::uuid,
    md5('eva' || i % 5000)::uuid, 1 + i % 20, i % 60 * interval '1 second', 0.01, i % 50, array['builder-' || i % 7],
    0.02, now() - i * interval '30 days' / ${volume}
  from generate_series(${volume}, 1, -1) i;

  insert into public.orchestration_metrics
    (metric_id, company_id, venture_id, session_id, stage_id, action_count, recorded_at)
  select md5('busy' || i)::uuid, md5('company500')::uuid, md5('venture500')::uuid, md5('eva500')::uuid, 5, i % 50,
    now() - i * interval '30 days' / 20000
  from generate_series(20000, 1, -1) i;

  insert into public.orchestration_daily_summaries
    (company_id, day, metric_count, action_count, success_count, failure_count, api_calls_made,
      chairman_interventions, chairman_approvals, chairman_rejections, compute_cost)
  select md5('company' || i)::uuid, (now() at time zone 'utc')::date - nth, 3, 75, 70, 5, 0, 0, 0, 0, 0.06
  from generate_series(0, 999) i, generate_series(1, ${volume / 1000}) nth;

  update public.orchestration_summary_progress set rolled_up_through = (now() at time zone 'utc')::date - 1;
  update leo.metric_marking set marked_through = (now() at time zone 'utc')::date - 1, unaware_writers = '{}';

  insert into leo.idempotency_keys (caller, key, route, digest, answer, created_at)
  select 'secret:test', 'key-' || i, 'exec-sessions', md5('body' || i), '{"session": {}, "attempt": 1}',
    now() - i * interval '0.5 seconds'
  from generate_series(${volume}, 1, -1) i;
`;
