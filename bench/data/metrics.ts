import type { BenchDatabase } from "../harness/lab.ts";
import { asAdmin } from "./as-admin.ts";
import { companyId } from "./companies.ts";

/** One metric as a client sends it. */
export type SentMetric = Record<string, string | number | string[] | Record<string, string>>;

/** Metrics of many companies in turn, as they come in now, each with most of what it may say. */
export function sentMetrics(count: number, companies: number): SentMetric[] {
  return Array.from({ length: count }, (_, n) => {
    const id = companyId(1 + (n % companies));
    return {
      company_id: id,
      venture_id: id,
      session_id: id,
      stage_id: 1 + (n % 40),
      stage_duration: `00:${10 + (n % 50)}:30.5`,
      handoff_efficiency: 90.25,
      error_rate: 0.0125,
      action_count: 100 + n,
      success_count: 90,
      failure_count: 10,
      agent_response_time: "00:00:01.25",
      agent_utilization: 75.5,
      agents_involved: ["builder", "verifier"],
      compute_cost: 1.25,
      api_calls_made: 12,
      data_quality_score: 88.5,
      confidence_score: 77.25,
      recorded_at: new Date(Date.now() - n).toISOString(),
      metadata: { session_type: "venture_workflow", model: "model-3" },
    };
  });
}

/** The same as lines of `COPY`, and the columns that they are of. */
export function copyLines(metrics: SentMetric[]): { columns: string; lines: string } {
  const columns = Object.keys(metrics[0] ?? {});
  const field = (value: SentMetric[string] | undefined) =>
    Array.isArray(value) ? `{${value.join(",")}}` : typeof value === "object" ? JSON.stringify(value) : String(value);
  const lines = metrics.map((metric) => `${columns.map((column) => field(metric[column])).join("\t")}\n`);
  return { columns: columns.join(", "), lines: lines.join("") };
}

/**
 * Fills the table with metrics of the last 30 days, today as if it were over: the part of a summary that is not
 * rolled up is then as large as it gets.
 */
export async function fillMetrics(database: BenchDatabase, rows: number, companies: number): Promise<void> {
  await asAdmin(database, async (client) => {
    // Indexes are made afterwards, and nothing is rolled up yet that triggers would have to know of.
    await client.query("set session_replication_role = replica");
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(
      `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
       from pg_index where indrelid = 'public.orchestration_metrics'::regclass and not indisprimary`,
    );
    for (const { name } of indexes) await client.query(`drop index ${name}`);
    await client.query(
      `insert into public.orchestration_metrics
         (company_id, stage_id, stage_duration, handoff_efficiency, error_rate, action_count, success_count,
          failure_count, agent_response_time, agent_utilization, agents_involved, compute_cost, api_calls_made,
          data_quality_score, confidence_score, recorded_at)
       select ('00000000-0000-4000-8000-' || lpad((1 + n % ${companies})::text, 12, '0'))::uuid, 1 + n % 40,
              random() * interval '1 hour', random() * 100, random() * 0.3, 100, 90, 10,
              random() * interval '10 seconds', random() * 100, array['builder', 'verifier'], random() * 10, 12,
              random() * 100, random() * 100,
              date_trunc('day', now(), 'UTC') - interval '29 days' + interval '30 days' * ((n - 0.5) / ${rows})
       from generate_series(1, ${rows}) n`,
    );
    await client.query("set maintenance_work_mem = '1GB'");
    for (const { definition } of indexes) await client.query(definition);
    await client.query("vacuum analyze public.orchestration_metrics");
  });
}

/** Sums up all past days. */
export async function rollUp(database: BenchDatabase): Promise<void> {
  // The first call has writers mark what they change; when that is known to all, the next ones begin.
  let done = await database.number("select leo.roll_up_metrics()");
  do {
    done = await database.number("select leo.roll_up_metrics(1000000, interval '1 hour')");
  } while (done > 0);
  await database.query("vacuum analyze");
}
