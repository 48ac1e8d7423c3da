import { randomUUID } from "node:crypto";
import type { TestDatabase } from "../../support/database.ts";
import type { Evidence, Metric, Threshold } from "./recompute.ts";

/** The moment that analyses are made for. */
export const asOf = new Date("2026-03-10T12:00:00Z");

export const sessionTypes = ["venture_workflow", "strategic_analysis", "performance_review"] as const;

/** Whom metrics can belong to. */
export interface Cast {
  /** Two. */
  companies: string[];
  /** Three, all of the first company. */
  ventures: string[];
  /** An EVA session of each type. */
  sessions: Record<string, string>;
  /** Has access to the first company, and had access to the second. */
  member: string;
  /** Has none. */
  stranger: string;
}

/** Makes companies, ventures, sessions and users. */
export async function createCast(database: TestDatabase): Promise<Cast> {
  const companies = [randomUUID(), randomUUID()];
  const ventures = [randomUUID(), randomUUID(), randomUUID()];
  const [member, stranger] = [randomUUID(), randomUUID()];
  await database.query("insert into public.companies (id, name) select unnest($1::uuid[]), 'a company'", [companies]);
  await database.query(
    `insert into public.ventures (id, name, company_id, problem_statement)
     select unnest($1::uuid[]), 'a venture', $2, '-'`,
    [ventures, companies[0]],
  );
  const sessions = await database.query<{ session_id: string; session_type: string }>(
    `insert into public.eva_orchestration_sessions (company_id, session_type, created_by)
     select $1, unnest($2::text[]), $3 returning session_id, session_type`,
    [companies[0], sessionTypes, member],
  );
  for (const id of [member, stranger]) {
    await database.query("insert into auth.users (id, email) values ($1, $2)", [id, `${id}@example.test`]);
  }
  await database.query(
    "insert into public.user_company_access (user_id, company_id, is_active) values ($1, $2, true), ($1, $3, false)",
    [member, ...companies],
  );
  return {
    companies,
    ventures,
    sessions: Object.fromEntries(sessions.map(({ session_type, session_id }) => [session_type, session_id])),
    member,
    stranger,
  };
}

/** A metric with nothing to say, over which a test puts what matters. */
export const nothing: Metric = {
  age: 0,
  companyId: null,
  stage: null,
  venture: null,
  sessionType: null,
  agents: null,
  stageTime: null,
  responseTime: null,
  errorRate: null,
  actions: null,
  failures: null,
};

const interval = (time: number | null) =>
  time === null ? null : Number.isFinite(time) ? `${time} microseconds` : "infinity";

/** Puts these metrics in place of all that are there, as the owner of the table, who may write nonsense too. */
export async function replaceMetrics(database: TestDatabase, cast: Cast, metrics: Metric[]): Promise<void> {
  const rows = metrics.map((metric) => ({
    metric_id: randomUUID(),
    recorded_at: new Date(asOf.getTime() - metric.age).toISOString(),
    company_id: metric.companyId,
    stage_id: metric.stage,
    venture_id: metric.venture,
    session_id: metric.sessionType && cast.sessions[metric.sessionType],
    agents_involved: metric.agents,
    stage_duration: interval(metric.stageTime),
    agent_response_time: interval(metric.responseTime),
    error_rate: metric.errorRate === null ? null : metric.errorRate / 10_000,
    action_count: metric.actions,
    failure_count: metric.failures,
  }));
  await database.query("truncate public.orchestration_metrics");
  await database.query(
    `insert into public.orchestration_metrics
     select (jsonb_populate_recordset(null::public.orchestration_metrics, $1)).*`,
    [JSON.stringify(rows)],
  );
}

/** A threshold with the usual figures. */
export const usual: Omit<Threshold, "type"> = {
  key: null,
  ratio: 3,
  minSamples: 3,
  baselineDays: 7,
  lookbackDays: 1,
  isActive: true,
};

/** Puts these thresholds in place of all that are there. */
export async function replaceThresholds(database: TestDatabase, thresholds: Threshold[]): Promise<void> {
  await database.query("delete from leo.telemetry_thresholds");
  await database.query(
    `insert into leo.telemetry_thresholds (
       dimension_type, dimension_key, threshold_ratio, min_samples, baseline_window_days, lookback_window_days, is_active
     )
     select type, key, ratio, "minSamples", "baselineDays", "lookbackDays", "isActive"
     from jsonb_to_recordset($1) as row (
       type text, key text, ratio numeric, "minSamples" integer, "baselineDays" integer, "lookbackDays" integer,
       "isActive" boolean
     )`,
    [JSON.stringify(thresholds)],
  );
}

/** What the database finds. */
export async function findBottlenecks(
  database: TestDatabase,
  scope: { type?: string; id?: string | null } = {},
): Promise<Evidence> {
  const [row] = await database.query<{ found: Evidence }>("select leo.find_bottlenecks($1, $2, $3) as found", [
    scope.type ?? "global",
    scope.id ?? null,
    asOf.toISOString(),
  ]);
  if (!row) throw new Error("nothing was answered");
  return row.found;
}
