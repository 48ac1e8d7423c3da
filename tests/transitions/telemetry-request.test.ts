import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { callEvent, caller, historyOf } from "./call-event.ts";
import { insertRun, newScope, runNow, statusesOf } from "./telemetry-runs.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const request = (fields: object) => callEvent(database, "request_telemetry_run", { request: fields });
const daysAgo = (days: number) => ({ sql: `now() - interval '${days} days'` });

describe("a request", () => {
  it("enqueues a run with what it was given, and records it", async () => {
    const scope = newScope();
    const fields = { ...scope, triggered_by: "CLI", correlation_id: "c-1", metadata: { build: 7 }, timeout_ms: 5000 };
    const { decision, run } = await request(fields);
    expect(decision).toBe("enqueued");
    expect(run).toEqual(await runNow(database, run?.run_id));
    expect(run).toMatchObject({
      ...scope,
      status: "QUEUED",
      triggered_by: "CLI",
      correlation_id: "c-1",
      metadata: { build: 7, timeout_ms: 5000 },
      started_at: null,
      finished_at: null,
    });
    expect(await historyOf(database, run?.run_id)).toEqual([
      { event: "request", from_status: null, to_status: "QUEUED", reason: null, ...caller },
    ]);
  });

  it("is about the workspace when it names no scope", async () => {
    const { run } = await request({});
    expect(run).toMatchObject({
      scope_type: "workspace",
      scope_id: null,
      triggered_by: "SESSION_START",
      metadata: {},
    });
    expect(await request({ scope_type: "workspace" })).toMatchObject({ decision: "already_active", run });
    expect(await request({ scope_type: "global" })).toMatchObject({ decision: "enqueued" });
  });

  it("answers with the active run of the scope, also when forced", async () => {
    const scope = newScope();
    const { run } = await request(scope);
    expect(await request(scope)).toEqual({ decision: "already_active", run });
    expect(await request({ ...scope, force: true })).toEqual({ decision: "already_active", run });
    await callEvent(database, "claim_telemetry_runs", { request: { worker: "w", limit: 500 } });
    const running = await runNow(database, run?.run_id);
    expect(running.status).toBe("RUNNING");
    expect(await request({ ...scope, force: true })).toEqual({ decision: "already_active", run: running });
    expect(await statusesOf(database, scope)).toEqual(["RUNNING"]);
  });

  it("does not mistake another scope for its own", async () => {
    const scope = newScope();
    await insertRun(database, { ...scope, scope_type: "workspace" });
    await insertRun(database, { scope_type: scope.scope_type });
    await insertRun(database, { ...newScope(), status: "SUCCEEDED", finished_at: daysAgo(0) });
    expect(await request(scope)).toMatchObject({ decision: "enqueued" });
  });

  it("answers with the newest fresh run", async () => {
    const scope = newScope();
    await insertRun(database, { ...scope, status: "SUCCEEDED", finished_at: daysAgo(6) });
    const newest = await insertRun(database, { ...scope, status: "SUCCEEDED", finished_at: daysAgo(2) });
    await insertRun(database, { ...scope, status: "SUCCEEDED", finished_at: daysAgo(5) });
    expect(await request(scope)).toEqual({ decision: "fresh", run: newest });
    expect(await request({ ...scope, force: true })).toMatchObject({ decision: "enqueued" });
  });

  it("finds the fresh run of a scope without an id", async () => {
    const [count] = await database.query<{ count: number }>(
      `with gone as (delete from public.telemetry_analysis_runs where scope_id is null returning 1)
       select count(*)::integer as count from gone`,
    );
    expect(count?.count).toBeGreaterThan(0);
    const fresh = await insertRun(database, { status: "SUCCEEDED", finished_at: daysAgo(1) });
    expect(await request({})).toEqual({ decision: "fresh", run: fresh });
  });

  it.each([
    ["7 days by default", {}, 6.9, "fresh"],
    ["7 days by default", {}, 7.1, "enqueued"],
    ["as many days as it says", { staleness_days: 1 }, 0.9, "fresh"],
    ["as many days as it says", { staleness_days: 1 }, 1.1, "enqueued"],
    ["parts of a day", { staleness_days: 0.5 }, 0.6, "enqueued"],
    ["no day at all", { staleness_days: 0 }, 0, "enqueued"],
  ])("takes a success for fresh for %s (%j, %d days ago: %s)", async (_title, fields, days, decision) => {
    const scope = newScope();
    await insertRun(database, { ...scope, status: "SUCCEEDED", finished_at: daysAgo(days) });
    expect(await request({ ...scope, ...fields })).toMatchObject({ decision });
  });

  it.each(["FAILED", "TIMED_OUT", "CANCELLED", "FAILED_ENQUEUE"])(
    "does not take a %s run for fresh",
    async (status) => {
      const scope = newScope();
      await insertRun(database, { ...scope, status, finished_at: daysAgo(0) });
      expect(await request(scope)).toMatchObject({ decision: "enqueued" });
    },
  );

  it("times out the run of a worker that is gone, and enqueues another", async () => {
    const scope = newScope();
    const dead = await insertRun(database, {
      ...scope,
      status: "RUNNING",
      started_at: daysAgo(30),
      metadata: { deadline_at: "2020-01-01T00:00:00Z" },
    });
    const { decision, run } = await request(scope);
    expect(decision).toBe("enqueued");
    expect(await runNow(database, dead.run_id)).toMatchObject({
      status: "TIMED_OUT",
      reason_code: "DEADLINE_EXCEEDED",
    });
    expect((await historyOf(database, dead.run_id)).at(-1)).toMatchObject({ event: "time_out", ...caller });
    expect((await historyOf(database, run?.run_id)).at(-1)).toMatchObject({ event: "request", reason: null });
    expect(
      (await callEvent(database, "move_telemetry_run", { id: dead.run_id, context: { event: "heartbeat" } })).refusal,
    ).toMatchObject({ code: "illegal_transition", current: "TIMED_OUT" });
  });
});

describe("a running run that a client started by itself", () => {
  it.each([
    ["counts as active for two minutes", { started_at: { sql: "now() - interval '119 s'" } }, "already_active"],
    ["is overdue after two minutes", { started_at: { sql: "now() - interval '121 s'" } }, "enqueued"],
    ["counts from its last change where it has no start", {}, "already_active"],
    [
      "has the time that its metadata gives it",
      { started_at: { sql: "now() - interval '121 s'" }, metadata: { timeout_ms: 130_000 } },
      "already_active",
    ],
    [
      "has two minutes where its metadata makes no sense",
      { started_at: { sql: "now() - interval '121 s'" }, metadata: { timeout_ms: "long", deadline_at: "soon" } },
      "enqueued",
    ],
    [
      "has two minutes where its metadata is no object",
      { started_at: { sql: "now() - interval '119 s'" }, metadata: [1] },
      "already_active",
    ],
    [
      "has two minutes where its timeout is out of range",
      { started_at: { sql: "now() - interval '121 s'" }, metadata: { timeout_ms: 1e300 } },
      "enqueued",
    ],
  ])("%s", async (_title, columns, decision) => {
    const scope = newScope();
    await insertRun(database, { ...scope, status: "RUNNING", ...columns });
    expect(await request(scope)).toMatchObject({ decision });
  });
});
