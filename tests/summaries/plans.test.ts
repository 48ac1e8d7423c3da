import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { createCompanies, createMember, day, noon, rollUpEverything } from "./summaries.ts";

// 100 000 metrics of 200 companies in 32 days: 16 or so for each of them a day.
const companyCount = 200;
const metricCount = 100_000;

let database: TestDatabase;
let client: pg.Client;
let company: string;
let member: string;

beforeAll(async () => {
  database = await createTestDatabase();
  const companies = await createCompanies(database, companyCount);
  company = companies[77] ?? "";
  member = await createMember(database, [company]);
  client = await database.connect();
  await client.query(
    `insert into public.orchestration_metrics (company_id, recorded_at, action_count, stage_duration)
     select
       ($1::uuid[])[1 + number % cardinality($1::uuid[])],
       $2::timestamptz - number * interval '32 days' / $3,
       number % 50,
       number % 1000 * interval '1 second'
     from generate_series(1, $3::integer) number`,
    [companies, noon(0), metricCount],
  );
  await rollUpEverything(database);
  await client.query("vacuum analyze public.orchestration_metrics, public.orchestration_daily_summaries");
}, 120_000);
afterAll(() => database.drop());

interface Cost {
  rows: number;
  /** Pages that were looked at, in whatever table or index. */
  buffers: number;
  /** How often each index was searched, and tables read from one end to the other, as `table (whole)`. */
  scans: Record<string, number>;
}

const scansNow = `
  select relname as name, pg_stat_get_xact_numscans(oid)::integer as scans from pg_class
  where relkind = 'i' and relname ~ 'orch'
  union all
  select relname || ' (whole)', seq_scan::integer from pg_stat_xact_user_tables where relname ~ '^orch.*(metrics|s)$'`;

/** Runs a statement, within a transaction that is rolled back, and tells what it did, also within functions. */
async function costOf(statement: string, values: unknown[], asMember: boolean): Promise<Cost> {
  await client.query("begin");
  try {
    if (asMember) {
      const claims = JSON.stringify({ sub: member, role: "authenticated" });
      await client.query("select set_config('request.jwt.claims', $1, true)", [claims]);
      await client.query("set local role authenticated");
    }
    // The first run fills the caches of the catalogue, whose pages would be counted too.
    await client.query(statement, values);
    const scans = async () => new Map((await client.query(scansNow)).rows.map(({ name, scans }) => [name, scans]));
    const before = await scans();
    const { rows } = await client.query(`explain (analyze, buffers, format json) ${statement}`, values);
    const after = await scans();
    const plan = rows[0]["QUERY PLAN"][0].Plan;
    return {
      rows: plan["Actual Rows"],
      buffers: plan["Shared Hit Blocks"] + plan["Shared Read Blocks"],
      scans: Object.fromEntries(
        [...after].map(([name, count]) => [name, count - (before.get(name) ?? 0)]).filter(([, count]) => count > 0),
      ),
    };
  } finally {
    await client.query("rollback");
  }
}

const summary = (args: string) => `select * from public.orchestration_summary(${args})`;

describe("the summary of 30 days of one company among 200", () => {
  it("reads what is rolled up by its key and today's metrics by their index, and few pages", async () => {
    const cost = await costOf(summary("$1, $2, $3"), [company, day(-29), day(0)], true);
    expect(cost.rows).toBe(30);
    expect(cost.scans).toEqual({
      idx_orch_metrics_company_recorded: 1,
      idx_orchestration_stale_days_company_day: 1,
      orchestration_daily_summaries_pkey: 1,
      "orchestration_summary_progress (whole)": 1,
    });
    // Some 500 for the metrics of the 30 days, if nothing were rolled up.
    expect(cost.buffers).toBeLessThan(100);
  });

  it("reads the metrics of a stale day besides, and of no other", async () => {
    await client.query("insert into public.orchestration_metrics (company_id, recorded_at) values ($1, $2)", [
      company,
      noon(-5),
    ]);
    const cost = await costOf(summary("$1, $2, $3"), [company, day(-29), day(0)], true);
    expect(cost.rows).toBe(30);
    expect(cost.scans).toMatchObject({ idx_orch_metrics_company_recorded: 2 });
    expect(cost.scans).not.toHaveProperty("orchestration_metrics (whole)");
    expect(cost.buffers).toBeLessThan(150);
  });

  it("is as cheap where the company is not named, for a member", async () => {
    const cost = await costOf(summary("from_day => $1, to_day => $2"), [day(-29), day(0)], true);
    expect(cost.rows).toBe(30);
    expect(cost.scans).not.toHaveProperty("orchestration_metrics (whole)");
    expect(cost.buffers).toBeLessThan(150);
  });
});

it("a day that changed is rolled up again from its own metrics, and few pages", async () => {
  await rollUpEverything(database);
  await client.query("insert into public.orchestration_metrics (company_id, recorded_at) values ($1, $2)", [
    company,
    noon(-7),
  ]);
  const cost = await costOf("select leo.roll_up_metrics()", [], false);
  expect(cost.scans).not.toHaveProperty("orchestration_metrics (whole)");
  expect(cost.buffers).toBeLessThan(200);
});
