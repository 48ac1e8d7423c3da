import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.connect();
  await client.query("alter table public.telemetry_analysis_runs disable trigger user");
  // 100 000 runs that are all fresh: half of them of the scope without an id, the rest in 500 scopes.
  await client.query(
    `insert into public.telemetry_analysis_runs (run_id, scope_id, status, started_at, finished_at)
     select gen_random_uuid(), case when n % 2 = 0 then format('scope-%s', n % 1000) end, 'SUCCEEDED', at, at
     from generate_series(1, 100000) n, lateral (select now() - interval '1 second' * n as at) times`,
  );
  await client.query("alter table public.telemetry_analysis_runs enable trigger user");
  await client.query("vacuum analyze public.telemetry_analysis_runs");
});
afterAll(() => database.drop());

/** What requests looked at, for the ways that they go and in plans that are made once and kept. */
async function lookedAt(fields: (turn: number) => object): Promise<Record<string, unknown>> {
  const turns = 20;
  await client.query("begin");
  for (let turn = 0; turn < turns; turn += 1) {
    await client.query("select leo.request_telemetry_run($1, $2)", [
      JSON.stringify(fields(turn)),
      JSON.stringify({ actor: "test", event: "request" }),
    ]);
  }
  const { rows } = await client.query(
    `select seq_scan::integer as "whole tables", ceil(idx_tup_fetch / $1::numeric)::integer as "rows by index"
     from pg_stat_xact_user_tables where relid = 'public.telemetry_analysis_runs'::regclass`,
    [turns],
  );
  await client.query("rollback");
  return rows[0];
}

test.each<[string, (turn: number) => object]>([
  ["a new scope", (turn) => ({ scope_id: `new-${turn}` })],
  ["a scope with a fresh run", (turn) => ({ scope_id: `scope-${2 * turn}` })],
  ["a scope with fresh runs, forced", (turn) => ({ scope_id: `scope-${2 * turn}`, force: true })],
  ["the scope without an id, which has a fresh run", () => ({})],
  ["the scope without an id, which has an active run", () => ({ force: true })],
  ["one and the other in turn", (turn) => (turn % 2 ? {} : { scope_id: `new-${turn}` })],
])("a request of %s looks at a few rows among 100 000", async (_, fields) => {
  const { "whole tables": wholeTables, "rows by index": rows } = await lookedAt(fields);
  expect(wholeTables).toBe(0);
  expect(rows).toBeLessThanOrEqual(10);
});
