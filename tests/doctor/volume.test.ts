import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

let directives = 0;

/** Adds so many rows to each of the large tables, four times as many gates, and their history. */
async function grow(rows: number): Promise<void> {
  await database.query(
    `insert into public.strategic_directives_v2
       (id, title, status, category, priority, description, rationale, scope, sequence_rank, sd_key, current_phase)
     select 'SD-' || number, '-', 'active', '-', '-', '-', '-', '-', 1, 'SD-' || number, 'EXEC_IMPLEMENTATION'
     from generate_series($1::integer + 1, $1::integer + $2::integer) as number`,
    [directives, rows],
  );
  await database.query(
    `insert into public.exec_implementation_sessions (sd_id, implementation_type)
     select 'SD-' || number, 'DATABASE_CHANGE' from generate_series($1::integer + 1, $1::integer + $2::integer) as number`,
    [directives, rows],
  );
  directives += rows;
  await database.query(`
    insert into public.exec_handoff_preparations (session_id, sd_id, implementation_summary)
    select id, sd_id, '-' from public.exec_implementation_sessions session
    where not exists (select from public.exec_handoff_preparations handoff where handoff.session_id = session.id)`);
  await database.query(
    `insert into public.telemetry_analysis_runs (run_id, scope_id, status, started_at, finished_at, output_ref)
     select gen_random_uuid(), gen_random_uuid()::text, 'SUCCEEDED', now(), now(), '{"rows_scanned": 5}'
     from generate_series(1, $1)`,
    [rows],
  );
  await database.query(
    `insert into public.okr_generation_log (generation_date, period, status)
     select current_date, '2026-01', 'failed' from generate_series(1, $1)`,
    [rows],
  );
  await database.query(
    `with company as (insert into public.companies (name) values ('A company') returning id),
     venture as (
       insert into public.ventures (name, company_id, problem_statement) select '-', id, '-' from company
       returning id, company_id
     )
     insert into public.orchestration_metrics (company_id, venture_id, error_rate)
     select company_id, id, 0.1 from venture, generate_series(1, $1)`,
    [rows],
  );
}

/** How many rows PostgreSQL reads from tables for one look of the doctor, which finds nothing. */
async function rowsRead(): Promise<number> {
  const client = await database.connect();
  await client.query("begin");
  expect((await client.query("select * from leo.doctor()")).rows).toEqual([]);
  const { rows } = await client.query(
    `select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::integer as read
     from pg_stat_xact_user_tables where schemaname in ('public', 'leo')`,
  );
  await client.end();
  return rows[0].read;
}

it("reads ten times the rows where there are ten times as many, also before anybody has counted them", async () => {
  await grow(200);
  const few = await rowsRead();
  await grow(1800);
  const many = await rowsRead();
  expect(few).toBeGreaterThan(200 * 10);
  // With a look at every other row for each, it would be a hundred times.
  expect(many / few).toBeLessThan(15);
  await database.query("analyze");
  expect((await rowsRead()) / few).toBeLessThan(15);
});
