import type { SupabaseClient } from "@supabase/supabase-js";
import {
  type MetricsRecorded,
  type OrchestrationMetric,
  type TelemetryRunDecision,
  type TelemetryRunsAnalyzed,
  telemetryFindings,
} from "../../types/contracts/index.ts";
import type { Narrator } from "./narrator.ts";

const HOUR_MS = 3_600_000;
const usual: Record<string, number> = { planner: 20, coder: 90, tester: 45 };
const degraded = "coder";

/** Eight days of three agents, one of which takes five times as long on the last day. */
function measurements(companyId: string, now: number): OrchestrationMetric[] {
  return Array.from({ length: 8 * 24 }, (_, hours) =>
    Object.entries(usual).map(([agent, seconds]) => {
      const slower = agent === degraded && hours < 20 ? 5 : 1;
      return {
        company_id: companyId,
        agents_involved: [agent],
        agent_response_time: `${seconds * slower + (hours % 7)} seconds`,
        action_count: 10,
        success_count: 10,
        recorded_at: new Date(now - hours * HOUR_MS).toISOString(),
      };
    }),
  ).flat();
}

/** Metrics of three agents, a run that is asked for, claimed and analysed: its finding names the slow one. */
export async function telemetryStory(
  narrator: Narrator,
  admin: SupabaseClient,
  { key }: { key: string },
): Promise<void> {
  narrator.chapter("Telemetry: three agents at work, one of them slower since yesterday");
  const { data: company, error } = await admin.from("companies").insert({ name: "Northwind" }).select("id").single();
  if (error) throw new Error(`the company was not made: ${error.message}`);

  const metrics = measurements(company.id, Date.now());
  await narrator.call<MetricsRecorded>(
    { key, label: "collector" },
    "POST orchestration-metrics",
    { metrics },
    200,
    ({ accepted }) => `sends ${accepted} measurements of ${Object.keys(usual).join(", ")}`,
  );
  const request = { scope_type: "workspace", scope_id: company.id, triggered_by: "MANUAL" };
  const orchestrator = { key, label: "orchestrator" };
  await narrator.call<TelemetryRunDecision>(
    orchestrator,
    "POST telemetry-runs",
    request,
    201,
    ({ decision }) => `asks for an analysis: ${decision}`,
  );
  await narrator.call<TelemetryRunDecision>(
    { key, label: "scheduler" },
    "POST telemetry-runs",
    request,
    200,
    ({ decision }) => `asks for the same: ${decision}`,
  );
  const { runs } = await narrator.call<TelemetryRunsAnalyzed>(
    { key, label: "analyzer" },
    "POST telemetry-analyzer",
    {},
    200,
    ({ runs: [run] }) => `claims and analyses: ${run?.status}, ${run?.findings_count} found`,
  );
  const { bottlenecks } = telemetryFindings.parse(runs[0]?.output_ref);
  if (bottlenecks.length !== 1 || bottlenecks[0]?.dimension_key !== degraded) {
    throw new Error(`the analysis should have named ${degraded}: ${JSON.stringify(runs)}`);
  }
  for (const { dimension_type, dimension_key, ratio, sample_count } of bottlenecks) {
    narrator.tell(
      `Finding: ${dimension_type} ${dimension_key} takes ${ratio.toFixed(1)} times as long as in the week before ` +
        `(${sample_count} measurements).`,
    );
  }
}
