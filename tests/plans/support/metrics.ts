import { randomUUID } from "node:crypto";
import { caller } from "../../transitions/call-event.ts";
import { type HotStatement, idOf } from "./hot-statement.ts";

/** A member of the companies 500, which has 20 000 metrics more than the others, and 501. */
const user = idOf("user500");
const company = idOf("company500");

/** Of another company's, for what was inserted and rolled back is in the way of its readers until a vacuum. */
const writer = idOf("user277");

/** Metrics of the writer's company, of which some are there already. */
const batch = (count: number, known: number) =>
  Array.from({ length: count }, (_, index) => ({
    metric_id: index < known ? idOf(`m${277 + 1000 * (index % 100)}`) : randomUUID(),
    company_id: idOf("company277"),
    venture_id: idOf(`venture${277 + 1000 * (index % 5)}`),
    session_id: idOf(`eva${277 + 1000 * (index % 5)}`),
    stage_id: 3,
    action_count: 5,
    recorded_at: new Date().toISOString(),
    metadata: {},
  }));

const record = "select leo.record_metrics($1, $2) as answer";

export const metricStatements: HotStatement[] = [
  {
    title: "1000 metrics of a service, 100 of them known",
    sql: record,
    params: [{ metrics: batch(1000, 100) }, caller],
    indexes: ["companies_pkey"],
    pages: 37609,
    statements: 2706,
  },
  {
    title: "1000 metrics of a user, 100 of them known",
    sql: record,
    params: [{ metrics: batch(1000, 100) }, { ...caller, claims: { sub: writer, role: "authenticated" } }],
    indexes: [],
    pages: 42076,
    statements: 2712,
  },
  {
    title: "1000 metrics of a user, by supabase-js",
    // As PostgREST writes it.
    sql: `insert into public.orchestration_metrics
            (metric_id, company_id, venture_id, session_id, stage_id, action_count, recorded_at, metadata)
          select metric_id, company_id, venture_id, session_id, stage_id, action_count, recorded_at, metadata
          from jsonb_to_recordset($1) as _ (metric_id uuid, company_id uuid, venture_id uuid, session_id uuid,
            stage_id integer, action_count integer, recorded_at timestamptz, metadata jsonb)`,
    params: [batch(1000, 0)],
    user: writer,
    writes: true,
    indexes: [],
    pages: 42100,
    statements: 3006,
  },
  {
    title: "a user's correction of a metric",
    sql: "update public.orchestration_metrics set action_count = 6 where metric_id = ($1 ->> 'id')::uuid",
    params: [{ id: idOf("m500") }],
    user,
    writes: true,
    indexes: ["orchestration_metrics_pkey"],
    pages: 61,
  },
  // The first times both read 9 and 26 pages, by idx_orch_metrics_company_recorded. Once PostgreSQL keeps one plan for
  // all companies, it reads all metrics of the company: row level security asks for the company a second time, and
  // together they are expected to leave but one metric. At a hundred times as many metrics they are not.
  {
    title: "the newest metrics of a company, for a user",
    sql: `select * from public.orchestration_metrics where company_id = $1 order by recorded_at desc limit 50`,
    params: [company],
    user,
    indexes: [],
    pages: 3192,
  },
  {
    title: "the metrics of a company of the last day, for a user",
    sql: `select * from public.orchestration_metrics
          where company_id = $1 and recorded_at >= $2 and recorded_at < $3`,
    params: [company, new Date(Date.now() - 86_400_000), new Date()],
    user,
    indexes: [],
    pages: 3192,
  },
  {
    title: "the metrics of a company, as documented",
    sql: `select * from public.orchestration_metrics where company_id = $1`,
    params: [idOf("company501")],
    user,
    indexes: ["idx_orch_metrics_company"],
    pages: 106,
  },
  {
    title: "the metrics of a venture, for a user",
    sql: `select * from public.orchestration_metrics where venture_id = $1`,
    params: [idOf("venture501")],
    user,
    indexes: ["idx_orch_metrics_venture"],
    pages: 47,
  },
  {
    title: "the metrics of a session, for a user",
    sql: `select * from public.orchestration_metrics where session_id = $1`,
    params: [idOf("eva501")],
    user,
    indexes: ["idx_orch_metrics_session"],
    pages: 47,
  },
  {
    title: "the metrics of the last hour, of all companies, for a service",
    sql: `select count(*) from public.orchestration_metrics where recorded_at > now() - interval '1 hour'`,
    indexes: ["idx_orch_metrics_recorded"],
    pages: 31,
  },
  {
    title: "the summary of 30 days of a company, for a user",
    sql: `select * from public.orchestration_summary($1)`,
    params: [company],
    user,
    indexes: ["orchestration_daily_summaries_pkey", "idx_orch_metrics_company_recorded"],
    pages: 65,
  },
  {
    title: "the bottlenecks of a workspace",
    sql: "select leo.find_bottlenecks('workspace', $1, now()) as answer",
    params: [idOf("company77")],
    indexes: ["idx_orch_metrics_company_recorded"],
    pages: 158,
    statements: 3,
  },
];
