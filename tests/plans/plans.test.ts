import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { type CarriedOut, carryOut } from "./support/carried-out.ts";
import { deletions } from "./support/deletions.ts";
import { callsOnce, handoffEvents, okrEvents, runEvents, sessionEvents } from "./support/events.ts";
import type { HotStatement } from "./support/hot-statement.ts";
import { metricStatements } from "./support/metrics.ts";
import { reads } from "./support/reads.ts";
import { fill, largeTables, volume } from "./support/volume.ts";

// Pages and plans, not times: the same on every machine.

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await fill(database);
}, 180_000);
afterAll(() => database.drop());

const groups: Record<string, HotStatement[]> = {
  "events of sessions and checkpoints": sessionEvents,
  "events of hand-offs": handoffEvents,
  "events of telemetry runs, and the sweep": runEvents,
  "events of OKR generations": okrEvents,
  "calls with an Idempotency-Key": callsOnce,
  metrics: metricStatements,
  "reads of signed-in users": reads,
  deletions,
};

/** How much more than was measured is let pass: another version of PostgreSQL, an index one level higher. */
const leeway = 2.5;

const measured = new Map<HotStatement, Promise<CarriedOut[]>>();
function measure(statement: HotStatement): Promise<CarriedOut[]> {
  const found = measured.get(statement) ?? carryOut(database, statement);
  measured.set(statement, found);
  return found;
}

test("every table that grows has a hundred thousand rows", async () => {
  // As the vacuum has counted them: a count would use an index of its own choice, see the last test.
  const small = await database.query(
    "select oid::regclass::text from pg_class where oid = any ($1::regclass[]) and reltuples < $2 * 0.99",
    [largeTables, volume],
  );
  expect(small).toEqual([]);
});

describe.each(Object.entries(groups))("%s", (_name, statements) => {
  test.each(statements.map((statement) => [statement.title, statement] as const))("%s", async (_title, statement) => {
    for (const { readWhole, indexes, pages, statements } of await measure(statement)) {
      expect(largeTables.filter((table) => readWhole.includes(table.replace(/^.*\./, "")))).toEqual([]);
      expect(indexes).toEqual(expect.arrayContaining(statement.indexes));
      expect(pages).toBeLessThan(statement.pages * leeway);
      if (statement.statements !== undefined) expect(statements).toBeLessThanOrEqual(statement.statements);
    }
  });
});

test("a count of sessions looks neither at their checkpoints nor at their hand-offs", async () => {
  const plan = await database.query("explain select count(*) from public.session_overview");
  const lines = plan.map((row) => row["QUERY PLAN"]).join("\n");
  expect(lines).toContain("exec_implementation_sessions");
  expect(lines).not.toMatch(/checkpoint|handoff|directive/);
});

// Documented: other parts of the customer's system may count on them, so they stay.
const unused: Record<string, string> = {
  idx_exec_checkpoints_complete: "documented; gates are asked for by their session",
  idx_exec_checkpoints_type: "documented; gates are asked for by their session",
  idx_exec_sessions_quality_score: "documented; nothing here asks for a score",
  idx_okr_gen_log_date: "documented; generations are asked for by month",
  idx_telemetry_runs_correlation: "documented; for clients that look for their own runs",
};

test("every index is used, but for those of which it is known", async () => {
  await Promise.all(Object.values(groups).flat().map(measure));
  const client = await database.connect();
  const folder = join(repositoryRoot, "supabase", "snippets");
  for (const file of readdirSync(folder)) await client.query(readFileSync(join(folder, file), "utf8"));
  await client.query("select pg_stat_force_next_flush()");
  // What makes sure of a constraint is used by every write, which is not counted.
  const { rows } = await client.query<{ name: string }>(
    `select indexrelname as name from pg_stat_user_indexes
     where schemaname in ('public', 'leo') and idx_scan = 0
       and not exists (select from pg_constraint where conindid = indexrelid)
     order by 1`,
  );
  expect(rows.map(({ name }) => name)).toEqual(Object.keys(unused).sort());
}, 60_000);
