import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { sessionNow } from "../sweep/support.ts";
import { callEvent } from "../transitions/call-event.ts";
import { startedSession } from "../transitions/events.ts";
import { liveThrough } from "./busy-life.ts";
import { type Problem, plantFullDirective, plantSilentSessionWithoutRoom, problems } from "./problems/index.ts";
import { completedSession, examine, type Finding, insert, insertCompany, pastTriggers } from "./support.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(await readFile(join(repositoryRoot, "supabase", "seed.sql"), "utf8"));
});
afterAll(() => database.drop());

/** What is found of which row, in any order. */
const named = (findings: Pick<Finding, "problem" | "table_name" | "entity_id">[]) =>
  findings.map(({ problem, table_name, entity_id }) => `${problem} ${table_name} ${entity_id}`).sort();

const planted = (problem: Problem, ids: string[]) =>
  ids.map((entity_id) => ({ problem: problem.problem, table_name: problem.table, entity_id }));

/** As somebody would who copies them. */
async function runFixes(findings: Finding[]): Promise<void> {
  for (const { fix } of findings) await database.query(fix as string);
}

/** Every row of the tables that fixes write to. */
async function contents(database: TestDatabase): Promise<Record<string, unknown[]>> {
  const tables = [...new Set(problems.map(({ table }) => (table.includes(".") ? table : `public.${table}`)))];
  const rows: Record<string, unknown[]> = {};
  for (const table of [...tables, "public.state_transitions"]) {
    rows[table] = await database.query(`select to_jsonb(t) as row from ${table} t order by to_jsonb(t)::text`);
  }
  return rows;
}

it("says nothing about the demo data", async () => {
  expect(await examine(database)).toEqual([]);
});

it("says nothing about what the events make, with failures, retries, refusals and sweeps in between", async () => {
  const { company } = await insertCompany(database);
  await liveThrough(database, company);
  expect(await examine(database)).toEqual([]);
});

it("says nothing about clocks that are some hours ahead", async () => {
  const soon = "now() + interval '23 hours'";
  const { id, sdId } = await completedSession(database);
  await insert(database, "public.telemetry_analysis_runs", {
    ...{ run_id: "gen_random_uuid()", scope_id: "'soon'", status: "'CANCELLED'", output_ref: "'{}'" },
    ...{ triggered_at: soon, started_at: soon, finished_at: soon, created_at: soon, updated_at: soon },
  });
  await insert(database, "public.okr_generation_log", {
    ...{ generation_date: `(${soon})::date`, created_at: soon, period: "'1997-01'" },
  });
  await insert(database, "public.exec_handoff_preparations", {
    ...{ session_id: `'${id}'`, sd_id: `'${sdId}'`, implementation_summary: "'-'", handoff_status: "'accepted'" },
    ...{ prepared_at: soon, sent_at: soon, response_at: soon, created_at: soon, updated_at: soon },
  });
  const both = `completed_at = ${soon}, created_at = ${soon}, updated_at = ${soon}`;
  await database.query(`update public.exec_quality_checkpoints set ${both} where session_id = $1`, [id]);
  await database.query(`update public.exec_implementation_sessions set ${both}, started_at = ${soon} where id = $1`, [
    id,
  ]);
  expect(await examine(database)).toEqual([]);
});

it("gives a run that has succeeded at no time its own, so that it counts as fresh again", async () => {
  const scope_id = randomUUID();
  await database.query(
    `insert into public.telemetry_analysis_runs (run_id, scope_id, status, started_at, finished_at, output_ref)
     values (gen_random_uuid(), $1, 'SUCCEEDED', now(), 'infinity', '{"rows_scanned": 5}')`,
    [scope_id],
  );
  await runFixes(await examine(database));
  expect(await callEvent(database, "request_telemetry_run", { request: { scope_id } })).toMatchObject({
    decision: "fresh",
  });
});

it("does not bring a dead session back to life by giving it times that can be", async () => {
  const { id } = await startedSession(database);
  await database.query(
    `update public.exec_implementation_sessions
     set updated_at = 'infinity', started_at = now() - interval '3 days' where id = $1`,
    [id],
  );
  const found = await examine(database);
  expect(found.map(({ problem }) => problem)).toEqual(["session_silent", "session_times_out_of_range"]);
  await runFixes(found.reverse());
  expect(await sessionNow(database, id)).toMatchObject({ status: "paused" });
  expect(await examine(database)).toEqual([]);
});

it("does not take a run past its deadline for one at work, beside the one that was requested in its place", async () => {
  const scope = { run_id: "gen_random_uuid()", scope_id: "'late'" };
  const started = { status: "'RUNNING'", started_at: "now() - interval '3 minutes'" };
  const id = await insert(database, "public.telemetry_analysis_runs", { ...scope, ...started });
  await insert(database, "public.telemetry_analysis_runs", scope);
  expect(await examine(database)).toEqual([]);
  await database.query("delete from public.telemetry_analysis_runs where scope_id = 'late'");
  expect(id).toBeDefined();
});

it("never takes a move that is being made for a contradiction", async () => {
  const { company } = await insertCompany(database);
  let isLiving = true;
  const living = Promise.all([1, 2].map(() => liveThrough(database, company, false))).finally(() => {
    isLiving = false;
  });
  const found = new Set<string>();
  let examinations = 0;
  for (; isLiving; examinations++) for (const { problem } of await examine(database)) found.add(problem);
  await living;
  expect(examinations).toBeGreaterThan(10);
  // What is backdated there, for the sweep to end.
  expect([...found].filter((problem) => !["session_silent", "run_past_deadline"].includes(problem))).toEqual([]);
});

describe("finds, in words, and nothing else, and its fix makes an end of it:", () => {
  // Whatever a failed test has left behind must not fail the others.
  afterEach(async () => {
    for (let round = 0; round < 3; round++) await runFixes(await examine(database)).catch(() => {});
  });

  it.each(problems.map((each) => [`${each.problem} ${each.variant ?? ""}`, each] as const))(
    "%s",
    async (_name, each) => {
      const ids = await each.plant(database);
      expect(ids.length).toBeGreaterThan(0);
      const found = await examine(database);
      expect(named(found)).toEqual(named(planted(each, ids)));
      for (const { detail } of found) expect(detail).toMatch(each.says);
      await runFixes(found);
      expect(await examine(database)).toEqual([]);

      // A fix may be run long after it was printed: where the problem is gone, it does nothing.
      const mended = await contents(database);
      await runFixes(found);
      expect(await contents(database)).toEqual(mended);
    },
  );
});

it("finds every problem of its list, one of each at a time", async () => {
  const own = await createTestDatabase();
  try {
    const all: Pick<Finding, "problem" | "table_name" | "entity_id">[] = [];
    for (const each of problems) all.push(...planted(each, await each.plant(own)));
    const found = await examine(own);
    expect(named(found)).toEqual(named(all));
    expect(new Set(found.map(({ problem }) => problem))).toEqual(new Set(problems.map(({ problem }) => problem)));
  } finally {
    await own.drop();
  }
});

it("has a case in this test for every problem that the functions name", async () => {
  const [row] = await database.query<{ source: string }>(
    `select string_agg(prosrc, '') as source from pg_proc
     where pronamespace = 'leo'::regnamespace and proname like 'doctor\\_of\\_%'`,
  );
  const names = [...(row?.source ?? "").matchAll(/^ {2}select\s+(?:case [^']*)?'([a-z_]+)'(?: else '([a-z_]+)')?/gm)];
  const found = new Set(names.flatMap(([, name, other]) => (other ? [name, other] : [name])));
  expect([...found].sort()).toEqual([...new Set(problems.map(({ problem }) => problem))].sort());
});

it("has a way out for a silent session that the sweep has no room for", async () => {
  const id = await plantSilentSessionWithoutRoom(database);
  const found = await examine(database);
  expect(found.map(({ problem }) => problem)).toEqual(["directive_with_two_sessions", "session_silent"]);
  const silent = found.find(({ problem }) => problem === "session_silent");
  expect(silent).toMatchObject({ entity_id: id, detail: expect.stringContaining("a paused session already") });
  await runFixes([silent as Finding]);
  expect(await examine(database)).toEqual([]);
});

it("names a hundred rows of a problem, or as many as asked for, and counts the rest", async () => {
  await database.query(`
    insert into public.orchestration_metrics (company_id, error_rate)
    select (select id from public.companies limit 1), 2 from generate_series(1, 103)`);
  const found = await examine(database);
  expect(found).toHaveLength(101);
  expect(found.at(-1)).toEqual({
    problem: "metric_out_of_range",
    table_name: "orchestration_metrics",
    entity_id: null,
    detail: "and 3 more",
    fix: null,
  });
  expect((await examine(database, 1)).map(({ detail }) => detail)).toEqual(["error_rate is 2.0000", "and 102 more"]);
  expect((await examine(database, 0)).map(({ detail }) => detail)).toEqual(["and 103 more"]);
  await database.query("delete from public.orchestration_metrics where error_rate = 2");
});

it("has no statement to offer where somebody has to decide, and says what to do", async () => {
  const ids = await plantFullDirective(database);
  const found = await examine(database);
  expect(found.map(({ entity_id, fix }) => ({ entity_id, fix }))).toEqual(
    [...ids].sort().map((entity_id) => ({ entity_id, fix: null })),
  );
  for (const { detail } of found) expect(detail).toMatch(/; its failed or its cancelled session has to go first$/);
  await pastTriggers(
    database,
    `delete from public.exec_quality_checkpoints where session_id in ('${ids.join("', '")}');
     delete from public.exec_implementation_sessions where id in ('${ids.join("', '")}')`,
  );
  expect(await examine(database)).toEqual([]);
});

it("writes times as everybody reads them, whatever the reader's settings", async () => {
  const finished = { ...{ scope_id: "'times'", run_id: "gen_random_uuid()" }, status: "'QUEUED'" };
  await insert(database, "public.telemetry_analysis_runs", { ...finished, finished_at: "'2026-03-04 05:06:07+00'" });
  const reader = await database.connect();
  await reader.query("set datestyle = 'SQL, DMY'; set timezone = 'Asia/Tokyo'");
  const { rows } = await reader.query("select * from leo.doctor()");
  expect(rows.map(({ detail }) => detail)).toEqual(["QUEUED, but finished at 2026-03-04 05:06:07+00"]);
  await database.query("delete from public.telemetry_analysis_runs where scope_id = 'times'");
});

it.each(["iso_8601", "sql_standard", "postgres_verbose"])(
  "has fixes for intervals that work, printed and run with intervalstyle %s",
  async (style) => {
    const { company } = await insertCompany(database);
    for (const stage_duration of ["'-10 mons +3 days -04:05:06.789'", "'-2 days'", "'-infinity'"]) {
      const values = { company_id: `'${company}'`, stage_duration, agent_response_time: "'-00:00:00.000001'" };
      await insert(database, "public.orchestration_metrics", values, "metric_id");
    }
    const operator = await database.connect();
    await operator.query(`set intervalstyle = '${style}'; set datestyle = 'SQL, DMY'; set timezone = 'Asia/Tokyo'`);
    const { rows: found } = await operator.query<Finding>("select * from leo.doctor()");
    expect(found.map(({ detail }) => detail).sort()).toEqual(
      ["-10 mons +3 days -04:05:06.789", "-2 days", "-infinity"].map(
        (duration) => `stage_duration is ${duration}, agent_response_time is -00:00:00.000001`,
      ),
    );
    // Printed by one and run by another, with other settings.
    const { fix } = found.pop() as Finding;
    await database.query(fix as string);
    for (const { fix } of found) expect(await operator.query(fix as string)).toMatchObject({ rowCount: 1 });
    expect(await examine(database)).toEqual([]);
  },
);

it("has no statement to offer where counts add up to more than their total can be", async () => {
  const values = { generation_date: "current_date", period: "'1998-01'", status: "'failed'" };
  const counts = { top_down_count: "2147483647", bottom_up_count: "5", total_krs_generated: "7" };
  const id = await insert(database, "public.okr_generation_log", { ...values, ...counts });
  expect(await examine(database)).toEqual([
    {
      problem: "generation_counts_contradict",
      table_name: "okr_generation_log",
      entity_id: id,
      detail:
        "2147483647 top-down and 5 bottom-up make 7; they are more than that can be, so that one of them is wrong",
      fix: null,
    },
  ]);
  await database.query("update public.okr_generation_log set bottom_up_count = -5 where id = $1", [id]);
  const found = await examine(database);
  // The fix of other counts does not touch these.
  await database.query("update public.okr_generation_log set bottom_up_count = 5 where id = $1", [id]);
  await runFixes(found);
  await database.query("update public.okr_generation_log set bottom_up_count = -5 where id = $1", [id]);
  await runFixes(found);
  expect(await examine(database)).toEqual([]);
});

describe("disturbs nobody:", () => {
  it("it waits for no row and no writer, writes nothing, and holds no lock but a reader's", async () => {
    const id = await insert(database, "public.telemetry_analysis_runs", {
      run_id: "gen_random_uuid()",
      scope_id: "gen_random_uuid()::text",
      status: "'RUNNING'",
      started_at: "now() - interval '1 hour'",
    });
    const writer = await database.connect();
    await writer.query("begin");
    for (const table of ["telemetry_analysis_runs", "exec_implementation_sessions", "orchestration_metrics"]) {
      await writer.query(`lock table public.${table} in exclusive mode`);
    }
    const doctor = await database.connect();
    await doctor.query("begin isolation level repeatable read read only; set local lock_timeout = '1s'");
    const { rows } = await doctor.query("select * from leo.doctor()");
    expect(rows.map(({ problem }) => problem)).toEqual(["run_past_deadline"]);
    const locks = await doctor.query(
      "select distinct mode from pg_locks where pid = pg_backend_pid() and locktype = 'relation'",
    );
    expect(locks.rows).toEqual([{ mode: "AccessShareLock" }]);
    await doctor.query("commit");
    await writer.query("rollback");
    expect(await database.query("select status from public.telemetry_analysis_runs where id = $1", [id])).toEqual([
      { status: "RUNNING" },
    ]);
    await database.query("delete from public.telemetry_analysis_runs where id = $1", [id]);
  });
});

it("lists fixes in an order in which they go through", async () => {
  const { id } = await completedSession(database);
  await pastTriggers(
    database,
    `update public.exec_quality_checkpoints set is_complete = false where session_id = '${id}' and is_required`,
  );
  const found = await examine(database);
  expect(found.map(({ problem }) => problem)).toContain("checkpoint_incomplete_with_record");
  expect(found.map(({ problem }) => problem)).toContain("session_completed_with_open_gates");
  await runFixes(found.filter(({ fix }) => fix !== null));
  await runFixes((await examine(database)).filter(({ fix }) => fix !== null));
  expect(await examine(database)).toEqual([]);
});
