import type { BenchDatabase } from "../harness/lab.ts";
import { withoutTriggers } from "./as-admin.ts";
import { makeCompanies } from "./companies.ts";
import { fillMetrics } from "./metrics.ts";

/** Companies of the metrics, of which the member has the first one. */
const COMPANIES = 100;

/** The id of row n of each table with ids that nobody chose. */
const uuidOf = (n: string) => `md5('bench' || ${n})::uuid`;

/** Fills each documented table with so many rows. */
export async function fillDocumentedTables(database: BenchDatabase, rows: number): Promise<void> {
  const each = `from generate_series(1, ${rows}) n`;
  const at = "now() - interval '1 minute' * n";
  await withoutTriggers(database, async (client) => {
    await client.query(
      `insert into public.exec_implementation_sessions (id, sd_id, status, implementation_type, started_at, quality_score)
       select ${uuidOf("n")}, 'SD-' || n, (array['active', 'paused', 'completed', 'failed'])[1 + n % 4],
              'API_ENDPOINT', ${at}, n % 101 ${each}`,
    );
    await client.query(
      `insert into public.exec_quality_checkpoints (session_id, sd_id, checkpoint_name, checkpoint_type, is_complete)
       select ${uuidOf("n / 5")}, 'SD-' || n / 5, 'Checkpoint ' || n % 5,
              (array['CODE_QUALITY', 'PERFORMANCE', 'SECURITY', 'TESTING', 'DOCUMENTATION'])[1 + n % 5],
              n % 3 > 0 ${each}`,
    );
    await client.query(
      `insert into public.exec_handoff_preparations
         (id, session_id, sd_id, handoff_status, implementation_summary, prepared_at)
       select ${uuidOf("n")}, ${uuidOf("n")}, 'SD-' || n,
              (array['preparing', 'ready', 'sent', 'accepted'])[1 + n % 4], 'What was made', ${at} ${each}`,
    );
    await client.query(
      `insert into public.telemetry_analysis_runs
         (id, run_id, scope_type, scope_id, status, triggered_at, finished_at, correlation_id)
       select ${uuidOf("n")}, ${uuidOf("n")}, 'workspace', 'scope-' || n % 1000,
              case when n <= 1000 then 'QUEUED' else 'SUCCEEDED' end, ${at},
              case when n > 1000 then ${at} end, 'correlation-' || n ${each}`,
    );
    await client.query(
      `insert into public.okr_generation_log (id, generation_date, period, top_down_count, created_at)
       select ${uuidOf("n")}, date '2020-01-01' + n / 50, to_char(date '2020-01-01' + n / 50, 'YYYY-MM'), 1, ${at} ${each}`,
    );
  });
  await makeCompanies(database, { companies: COMPANIES, ofMember: 1 });
  await fillMetrics(database, rows, COMPANIES);
  await withoutTriggers(database, async (client) => {
    await client.query("update public.orchestration_metrics set venture_id = company_id, session_id = company_id");
  });
  await database.query("vacuum analyze");
}
