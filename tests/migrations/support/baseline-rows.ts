import type pg from "pg";

/** The row of each table that a writer changes while the migrations run; its n is 0. */
export const writersRow = "md5('upgrade 0')::uuid";

const idOf = (n: string) => `md5('upgrade ' || ${n})::uuid`;

/**
 * Fills each documented table of a database at the baseline with `count` rows (and the checkpoints of each
 * session), besides the writers' rows, as projects have them: ended work mostly, little under way.
 *
 * @param admin a superuser: triggers and foreign keys rest meanwhile
 */
export async function fillBaseline(admin: pg.ClientBase, count: number): Promise<void> {
  const each = `from generate_series(0, ${count}) n`;
  const at = "timestamptz '2026-06-01 12:00+00' - interval '1 minute' * n";
  await admin.query("set session_replication_role = replica");
  const statements = [
    `insert into public.strategic_vision (id, code, title, statement)
     values (${writersRow}, 'VISION', 'A vision', 'Ship what helps')`,
    `insert into public.strategic_directives_v2
       (id, title, status, category, priority, description, rationale, scope, sequence_rank, sd_key, current_phase)
     select 'SD-' || n, 'Directive ' || n, 'active', 'feature', 'high', repeat('What is to be done. ', 5), 'Because.',
            'All of it.', n, 'SD-' || n, case n % 5 when 2 then 'PLAN_VERIFY' else 'EXEC_IMPLEMENTATION' end ${each}`,
    `insert into public.exec_implementation_sessions
       (id, sd_id, status, implementation_type, quality_score, implementation_progress, quality_gates,
        pre_impl_checklist, demo_urls, started_at, completed_at, created_at, updated_at)
     select ${idOf("n")}, 'SD-' || n, (array['active', 'paused', 'completed', 'failed', 'cancelled'])[1 + n % 5],
            'API_ENDPOINT', n % 101, n % 101, case when n % 3 = 0 then array['Load test', 'OWASP'] end,
            jsonb_build_object('read', true, 'n', n), array['https://demo.example/' || n], ${at},
            case when n % 5 > 1 then ${at} + interval '1 hour' end, ${at}, ${at} ${each}`,
    `insert into public.exec_quality_checkpoints
       (id, session_id, sd_id, checkpoint_name, checkpoint_type, is_complete, score, completed_at, completed_by)
     select md5(n || type)::uuid, ${idOf("n")}, 'SD-' || n, type, type, n % 5 = 2, case when n % 5 = 2 then 80 end,
            case when n % 5 = 2 then ${at} end, case when n % 5 = 2 then 'agent' end
     ${each}, unnest(array['CODE_QUALITY', 'TESTING', 'SECURITY']) type`,
    `insert into public.exec_handoff_preparations
       (id, session_id, sd_id, handoff_status, implementation_summary, test_results, known_issues, prepared_at, sent_at,
        response_at)
     select ${idOf("n")}, ${idOf("n")}, 'SD-' || n,
            (array['preparing', 'ready', 'sent', 'accepted', 'rejected'])[1 + n % 5], 'What was made',
            '{"passed": 12}', array['slow at first'], ${at}, case when n % 5 > 1 then ${at} end,
            case when n % 5 > 2 then ${at} end ${each}`,
    `insert into public.telemetry_analysis_runs
       (id, run_id, scope_type, scope_id, status, triggered_at, started_at, finished_at, correlation_id, output_ref,
        error_message, created_at, updated_at)
     select ${idOf("n")}, ${idOf("n")}, 'workspace', ${idOf("n % 100")}::text,
            case when n < 100 then 'QUEUED' when n % 10 = 0 then 'FAILED' else 'SUCCEEDED' end, ${at},
            case when n >= 100 then ${at} end, case when n >= 100 then ${at} end, 'correlation-' || n,
            '{"scanned": 1000}', case when n % 10 = 0 then 'it broke' end, ${at}, ${at} ${each}`,
    `insert into public.okr_generation_log
       (id, generation_date, period, vision_id, top_down_count, total_krs_generated, status, error_message, created_at)
     select ${idOf("n")}, date '2026-06-01' - n / 50, to_char(date '2026-06-01' - n / 50, 'YYYY-MM'), ${writersRow}, 3, 5,
            case when n % 20 = 1 then 'failed' else 'completed' end, case when n % 20 = 1 then 'it broke' end,
            ${at} ${each}`,
    `insert into public.companies (id, name) select ${idOf("n")}, 'Company ' || n from generate_series(0, 99) n`,
    `insert into public.ventures (id, name, company_id, problem_statement)
     select id, 'Venture', id, 'A problem' from public.companies`,
    `insert into public.eva_orchestration_sessions (session_id, company_id, session_type, created_by)
     select id, id, 'venture_workflow', id from public.companies`,
    `insert into public.orchestration_metrics
       (metric_id, session_id, company_id, venture_id, stage_id, stage_duration, error_rate, action_count,
        agent_response_time, agents_involved, compute_cost, recorded_at, metadata)
     select ${idOf("n")}, ${idOf("n % 100")}, ${idOf("n % 100")}, ${idOf("n % 100")}, 1 + n % 26,
            interval '1 second' * (n % 600), (n % 10) / 100.0, n % 50, interval '1 second' * (n % 9),
            array['coder', 'tester'], 0.05, ${at}, '{"source": "agent"}' ${each}`,
  ];
  for (const statement of statements) await admin.query(statement);
  await admin.query("set session_replication_role = origin");
  await admin.query("vacuum analyze");
}

/** A documented table (or one that they stand on), and what its writer does meanwhile. */
export interface WatchedTable {
  name: string;
  /** Which row the writer changes. */
  writersRow: string;
  /** The column into which it writes a number between 0 and 100, and nobody else anything. */
  column: string;
}

const watched = (name: string, column: string, row = `id = ${writersRow}`): WatchedTable => ({
  name: `public.${name}`,
  writersRow: row,
  column,
});

export const watchedTables: WatchedTable[] = [
  watched("strategic_directives_v2", "phase_progress", "id = 'SD-0'"),
  watched("exec_implementation_sessions", "test_coverage_pct"),
  watched("exec_quality_checkpoints", "score", "id = md5('0TESTING')::uuid"),
  watched("exec_handoff_preparations", "post_implementation_notes"),
  watched("telemetry_analysis_runs", "findings_count"),
  watched("okr_generation_log", "bottom_up_count"),
  watched("orchestration_metrics", "api_calls_made", `metric_id = ${writersRow}`),
];
