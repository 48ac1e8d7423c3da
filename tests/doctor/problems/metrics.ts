/** Metrics that are wrong. */

import { insert, insertCompany, pastTriggers } from "../support.ts";
import { metrics, type Problem } from "./problem.ts";

/** A measurement that only these columns make wrong; $company, $venture and $session are its own. */
const metric = (problem: string, values: Record<string, string>, says: RegExp, variant?: string): Problem => ({
  problem,
  table: metrics,
  variant: variant ?? Object.keys(values).join(", "),
  async plant(database) {
    const own = await insertCompany(database);
    const other = await insertCompany(database);
    const all: Record<string, string> = { company_id: "$company", ...values };
    for (const [name, value] of Object.entries(all)) {
      all[name] = value
        .replace("$otherVenture", `'${other.venture}'`)
        .replace("$otherSession", `'${other.session}'`)
        .replace("$company", `'${own.company}'`)
        .replace("$venture", `'${own.venture}'`)
        .replace("$session", `'${own.session}'`);
    }
    return [await insert(database, `public.${metrics}`, all, "metric_id")];
  },
  says,
});

const outOfRange = (column: string, value: string) =>
  metric("metric_out_of_range", { [column]: value }, new RegExp(`^${column} is -?([0-9N]|infinity)`));

/** A measurement that names what somebody deleted past the foreign keys. */
const orphanedMetric = (
  variant: string,
  deletions: (own: Awaited<ReturnType<typeof insertCompany>>) => string,
  says: RegExp,
): Problem => ({
  problem: "metric_orphaned",
  table: metrics,
  variant,
  async plant(database) {
    const own = await insertCompany(database);
    const id = await insert(
      database,
      `public.${metrics}`,
      { company_id: `'${own.company}'`, venture_id: `'${own.venture}'`, session_id: `'${own.session}'` },
      "metric_id",
    );
    await pastTriggers(database, deletions(own));
    return [id];
  },
  says,
});

export const problemsOfMetrics: Problem[] = [
  outOfRange("error_rate", "-9.5"),
  outOfRange("error_rate", "1.0001"),
  outOfRange("handoff_efficiency", "100.01"),
  outOfRange("agent_utilization", "-0.01"),
  outOfRange("data_quality_score", "200"),
  outOfRange("confidence_score", "'NaN'"),
  outOfRange("compute_cost", "-0.01"),
  outOfRange("action_count", "-1"),
  outOfRange("success_count", "-1"),
  outOfRange("failure_count", "-1"),
  outOfRange("chairman_interventions", "-1"),
  outOfRange("chairman_approvals", "-1"),
  outOfRange("chairman_rejections", "-1"),
  outOfRange("api_calls_made", "-1"),
  outOfRange("stage_duration", "'-1 second'"),
  outOfRange("agent_response_time", "'-1 second'"),
  outOfRange("stage_duration", "'infinity'"),
  outOfRange("metric_period_start", "'-infinity'"),
  outOfRange("metric_period_end", "'infinity'"),
  {
    problem: "metric_out_of_range",
    table: metrics,
    variant: "stage_id",
    async plant(database) {
      const { company } = await insertCompany(database);
      // Brought along from a database that did not have the constraint.
      await database.query(`alter table public.${metrics} drop constraint orchestration_metrics_stage_id_check`);
      const values = { company_id: `'${company}'`, stage_id: "41" };
      const id = await insert(database, `public.${metrics}`, values, "metric_id");
      await database.query(
        `alter table public.${metrics} add constraint orchestration_metrics_stage_id_check
         check (stage_id >= 1 and stage_id <= 40) not valid`,
      );
      return [id];
    },
    says: /^stage_id is 41$/,
  },
  metric(
    "metric_out_of_range",
    { error_rate: "2", compute_cost: "-1" },
    /^error_rate is 2\.0000, compute_cost is -1\.00$/,
  ),
  metric(
    "metric_counts_contradict",
    { action_count: "2", success_count: "2", failure_count: "1" },
    /^2 successes and 1 failures of 2 actions$/,
  ),
  metric(
    "metric_counts_contradict",
    { action_count: "2147483647", success_count: "2147483647", failure_count: "1" },
    /^2147483647 successes/,
    "more than a number can hold",
  ),
  metric(
    "metric_period_reversed",
    { metric_period_start: "now()", metric_period_end: "now() - interval '1 hour'" },
    /^from .* to /,
  ),
  metric(
    "metric_without_company",
    { company_id: "null", venture_id: "$venture" },
    /^belongs to no company.* its venture belongs to company/,
    "a venture",
  ),
  metric(
    "metric_without_company",
    { company_id: "null", session_id: "$session" },
    /^belongs to no company.* its session belongs to company/,
    "a session",
  ),
  metric("metric_of_another_company", { venture_id: "$otherVenture" }, /^its venture belongs to company/),
  metric("metric_of_another_company", { session_id: "$otherSession" }, /^its session belongs to company/),
  metric(
    "metric_of_another_company",
    { venture_id: "$otherVenture", session_id: "$otherSession" },
    /^its venture belongs to company .* and its session belongs to company/,
  ),
  orphanedMetric(
    "a venture and a session",
    ({ venture, session }) =>
      `delete from public.ventures where id = '${venture}';
       delete from public.eva_orchestration_sessions where session_id = '${session}'`,
    /^there is nothing that venture_id and session_id names$/,
  ),
  orphanedMetric(
    "all of it",
    ({ company, venture, session }) =>
      `delete from public.ventures where id = '${venture}';
       delete from public.eva_orchestration_sessions where session_id = '${session}';
       delete from public.companies where id = '${company}'`,
    /^there is nothing that company_id and venture_id and session_id names$/,
  ),
  metric("metric_without_time", { recorded_at: "null" }, /^has no recorded_at/),
  metric(
    "metric_without_time",
    { recorded_at: "'-infinity'", metric_period_end: "now()" },
    /^recorded_at is -infinity, so/,
  ),
  metric("metric_from_the_future", { recorded_at: "now() + interval '25 hours'" }, /^recorded_at is/),
  metric("metric_from_the_future", { recorded_at: "'infinity'" }, /^recorded_at is infinity/, "infinity"),
];
