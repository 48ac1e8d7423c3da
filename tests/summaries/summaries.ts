import { randomUUID } from "node:crypto";
import type pg from "pg";
import type { TestDatabase } from "../support/database.ts";
import { type DaySummary, type Metric, summarize } from "./recompute.ts";

/** Today in UTC plus some days, as PostgreSQL and the Data API write a date. */
export const day = (fromToday: number): string =>
  new Date(Date.now() + fromToday * 86_400_000).toISOString().slice(0, 10);

/** A moment on such a day. */
export const noon = (fromToday: number): string => `${day(fromToday)}T12:00:00Z`;

/** Makes companies, and returns their ids. */
export async function createCompanies(database: TestDatabase, count: number): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    "insert into public.companies (name) select 'company ' || number from generate_series(1, $1) number returning id",
    [count],
  );
  return rows.map(({ id }) => id);
}

/** Makes a user with active access to companies, and returns the id. */
export async function createMember(database: TestDatabase, companyIds: string[], isActive = true): Promise<string> {
  const id = randomUUID();
  await database.query("insert into auth.users (id, email) values ($1, $2)", [id, `${id}@example.test`]);
  await database.query(
    "insert into public.user_company_access (user_id, company_id, is_active) select $1, unnest($2::uuid[]), $3",
    [id, companyIds, isActive],
  );
  return id;
}

/** Works as a signed-in user, as the Data API does, in a transaction of its own. */
export async function asUser<T>(client: pg.Client, userId: string, work: () => Promise<T>): Promise<T> {
  await client.query("begin");
  try {
    const claims = JSON.stringify({ sub: userId, role: "authenticated" });
    await client.query("select set_config('request.jwt.claims', $1, true)", [claims]);
    await client.query("set local role authenticated");
    return await work();
  } finally {
    await client.query("rollback");
  }
}

/** What `orchestration_summary` answers; null for what is not given. */
export async function readSummary(
  client: pg.Client,
  companyId: string | null,
  fromDay: string | null = null,
  toDay: string | null = null,
): Promise<DaySummary[]> {
  const { rows } = await client.query<{ summary: DaySummary }>(
    "select to_jsonb(summary) as summary from public.orchestration_summary($1, $2, $3) summary",
    [companyId, fromDay, toDay],
  );
  return rows.map(({ summary }) => summary);
}

/** The same, summed up from every metric that is there. */
export async function expectedSummary(
  client: pg.Client,
  companyIds: string[],
  fromDay: string,
  toDay: string,
): Promise<DaySummary[]> {
  const { rows } = await client.query<{ metric: Metric }>(
    `select to_jsonb(metric) || jsonb_build_object(
       'recorded_at', metric.recorded_at at time zone 'UTC',
       'stage_duration', extract(epoch from metric.stage_duration) * 1000000,
       'agent_response_time', extract(epoch from metric.agent_response_time) * 1000000,
       'compute_cost', metric.compute_cost::text, 'error_rate', metric.error_rate::text,
       'handoff_efficiency', metric.handoff_efficiency::text, 'agent_utilization', metric.agent_utilization::text,
       'data_quality_score', metric.data_quality_score::text, 'confidence_score', metric.confidence_score::text
     ) as metric
     from public.orchestration_metrics metric`,
  );
  return summarize(
    rows.map(({ metric }) => metric),
    companyIds,
    fromDay,
    toDay,
  );
}

/** Rolls up in a transaction of its own; how many company days were. */
export async function rollUp(connection: TestDatabase, dayLimit = 1000): Promise<number> {
  const [row] = await connection.query<{ done: number }>("select leo.roll_up_metrics($1) as done", [dayLimit]);
  return row?.done ?? -1;
}

/** Rolls up again and again, until yesterday is rolled up and no day is stale. */
export async function rollUpEverything(database: TestDatabase): Promise<void> {
  for (let call = 0; call < 1000; call += 1) {
    await rollUp(database);
    const [found] = await database.query<{ isDone: boolean }>(
      `select rolled_up_through >= (now() at time zone 'UTC')::date - 1
         and not exists (select from public.orchestration_stale_days) as "isDone"
       from public.orchestration_summary_progress`,
    );
    if (found?.isDone) return;
  }
  throw new Error("the roll-up does not come to an end");
}

/** As if the roll-up had never run. */
export async function forgetRollUps(database: TestDatabase): Promise<void> {
  await database.query("select leo.forget_summaries()");
  await database.query("delete from public.orchestration_stale_days");
  await database.query(
    "update leo.metric_marking set marked_through = '-infinity', marked_in = null, unaware_writers = null",
  );
}

/** The last day that is rolled up; null where none is. */
export async function rolledUpThrough(database: TestDatabase): Promise<string | null> {
  const [row] = await database.query<{ day: string | null }>(
    `select nullif(rolled_up_through, '-infinity')::text as day from public.orchestration_summary_progress`,
  );
  return row?.day ?? null;
}

/** Days that are marked, in order, one line for each mark. */
export async function staleDays(database: TestDatabase): Promise<string[]> {
  const rows = await database.query<{ day: string }>(
    "select day::text from public.orchestration_stale_days order by company_id, day",
  );
  return rows.map((row) => row.day);
}
