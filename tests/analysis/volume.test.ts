import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

const ROWS = 100_000;

let database: TestDatabase;

/** 80 days of metrics in 50 companies, so that the windows hold a tenth of them. */
beforeAll(async () => {
  database = await createTestDatabase();
  await database.query("insert into public.companies (name) select 'c' from generate_series(1, 50)");
  await database.query(
    `insert into public.orchestration_metrics (company_id, stage_id, stage_duration, agents_involved, recorded_at)
     select company.ids[1 + i % 50], 1 + i % 26, make_interval(secs => i % 100), array['agent ' || i % 20],
       now() - i * interval '80 days' / $1
     from generate_series(1, $1::integer) i, (select array_agg(id) as ids from public.companies) company`,
    [ROWS],
  );
  await database.query("vacuum analyze public.orchestration_metrics");
}, 120_000);
afterAll(() => database.drop());

it.each([
  ["of all companies", "global", "null", ROWS / 10],
  ["of one company", "workspace", "(select id::text from companies limit 1)", ROWS / 500],
])("an analysis %s reads no row beyond its windows", async (_title, type, id, expected) => {
  const client = await database.connect();
  await client.query("begin");
  const { rows: found } = await client.query(`select leo.find_bottlenecks('${type}', ${id}, now()) as found`);
  const { rows } = await client.query(
    `select seq_scan::integer, (idx_tup_fetch + seq_tup_read)::integer as tuples
     from pg_stat_xact_user_tables where relname = 'orchestration_metrics'`,
  );
  await client.query("rollback");
  // Which of the rows at the edges are in depends on the moment.
  expect(Math.abs(found[0].found.output_ref.rows_scanned - expected)).toBeLessThan(10);
  expect(rows[0].seq_scan).toBe(0);
  expect(rows[0].tuples).toBeLessThanOrEqual(ROWS / 10);
});
