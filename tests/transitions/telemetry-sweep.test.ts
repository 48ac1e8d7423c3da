import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { callEvent, historyOf, type Row } from "./call-event.ts";
import { insertRun, runNow } from "./telemetry-runs.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => database.query("delete from public.telemetry_analysis_runs"));

const sweep = (request: object = {}, context: object = {}) => callEvent(database, "sweep", { request, context });
const overdue = { status: "RUNNING", started_at: { sql: "now() - interval '150 s'" } };

/** Inserts a running generation that is as many hours old, and returns its id. */
async function insertGeneration(hours: number, columns = "'running'"): Promise<string> {
  const [row] = await database.query<{ id: string }>(
    `insert into public.okr_generation_log (generation_date, period, created_at, status)
     values (current_date, '2026-01', now() - interval '${hours} hours', ${columns}) returning id`,
  );
  return row?.id as string;
}

const generationNow = async (id: string) =>
  (await database.query<Row>("select * from public.okr_generation_log where id = $1", [id]))[0];

describe("the sweep", () => {
  it("times out runs past their deadline, and leaves all others alone", async () => {
    const late = await insertRun(database, overdue);
    const others = [
      await insertRun(database, { status: "RUNNING", started_at: { sql: "now()" } }),
      await insertRun(database, {
        ...overdue,
        metadata: { deadline_at: "2999-01-01T00:00:00Z" },
      }),
      await insertRun(database, { status: "QUEUED", triggered_at: "2020-01-01T00:00:00Z" }),
      await insertRun(database, { status: "CANCELLED", started_at: "2020-01-01T00:00:00Z" }),
    ];
    expect(await sweep()).toMatchObject({ telemetry_runs_timed_out: 1, okr_generations_failed: 0 });
    const now = await runNow(database, late.run_id);
    expect(now).toMatchObject({ status: "TIMED_OUT", reason_code: "DEADLINE_EXCEEDED", error_class: null });
    expect(now.duration_ms).toBeGreaterThanOrEqual(150_000);
    expect((await historyOf(database, late.run_id)).at(-1)).toEqual({
      event: "time_out",
      from_status: "RUNNING",
      to_status: "TIMED_OUT",
      actor: "sweep",
      reason: "past its deadline",
      request_id: "request-1",
    });
    for (const other of others) expect(await runNow(database, other.run_id)).toEqual(other);
    expect(await sweep()).toMatchObject({ telemetry_runs_timed_out: 0 });
  });

  it.each([
    ["started at the end of time", { started_at: "294276-12-31T23:59:59Z" }],
    ["started at infinity", { started_at: "infinity" }],
    ["with a deadline at infinity", { metadata: { deadline_at: "infinity" } }],
    ["with a deadline in a thousand years", { metadata: { deadline_at: "3026-01-01T00:00:00Z" } }],
  ])("and requests get past a run %s, which ends a day after its last change", async (_what, fields) => {
    const odd = await insertRun(database, {
      ...overdue,
      ...fields,
      scope_id: "odd",
      updated_at: { sql: "now() - interval '25 hours'" },
    });
    const late = await insertRun(database, overdue);
    expect(await sweep()).toMatchObject({ telemetry_runs_timed_out: 2 });
    for (const { run_id } of [odd, late]) expect(await runNow(database, run_id)).toMatchObject({ status: "TIMED_OUT" });
  });

  it("takes a run that was last changed in the future for overdue", async () => {
    const odd = await insertRun(database, {
      ...overdue,
      updated_at: "infinity",
      metadata: { deadline_at: "infinity" },
    });
    await sweep();
    expect(await runNow(database, odd.run_id)).toMatchObject({ status: "TIMED_OUT" });
  });

  it("times out the row that a dead worker left a month ago", async () => {
    const dead = await insertRun(database, { ...overdue, started_at: { sql: "now() - interval '30 days'" } });
    await sweep();
    expect(await runNow(database, dead.run_id)).toMatchObject({ status: "TIMED_OUT", duration_ms: 2_147_483_647 });
  });

  it("is not stopped by metadata that makes no sense", async () => {
    for (const metadata of [{ deadline_at: "2026-02-31" }, { deadline_at: {} }, [], { timeout_ms: -1 }]) {
      await insertRun(database, { ...overdue, metadata });
    }
    expect(await sweep()).toMatchObject({ telemetry_runs_timed_out: 4 });
  });

  it("does no more than its limit, of each kind, in one go", async () => {
    const ids = [];
    for (let number = 0; number < 3; number++) {
      await insertRun(database, overdue);
      ids.push(await insertGeneration(25));
    }
    expect(await sweep({ limit: 2 })).toMatchObject({ telemetry_runs_timed_out: 2, okr_generations_failed: 2 });
    expect(await sweep({ limit: 2 })).toMatchObject({ telemetry_runs_timed_out: 1, okr_generations_failed: 1 });
    expect(ids).toHaveLength(3);
  });

  it("fails generations that have been running for more than a day", async () => {
    const stale = await insertGeneration(25);
    const young = await insertGeneration(23);
    const completed = await insertGeneration(99, "'completed'");
    const before = await Promise.all([young, completed].map(generationNow));
    expect(await sweep({}, { actor: "secret:cron" })).toMatchObject({ okr_generations_failed: 1 });
    expect(await generationNow(stale)).toMatchObject({ status: "failed", error_message: "Not finished within a day." });
    expect((await historyOf(database, stale)).at(-1)).toMatchObject({
      event: "fail",
      from_status: "running",
      to_status: "failed",
      actor: "sweep",
      reason: "Not finished within a day.",
    });
    expect(await Promise.all([young, completed].map(generationNow))).toEqual(before);
    await database.query("delete from public.okr_generation_log");
  });
});
