import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { callEvent, type EventAnswer, historyOf } from "../transitions/call-event.ts";
import { pidOf, untilBlocked } from "../transitions/events.ts";
import { insertRun, type Run, runNow } from "../transitions/telemetry-runs.ts";

let database: TestDatabase;
let run: Run;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.query("delete from public.telemetry_analysis_runs");
  run = await runningRun();
});

const runningRun = (columns: Record<string, unknown> = {}) =>
  insertRun(database, { scope_type: "global", status: "RUNNING", started_at: { sql: "now()" }, ...columns });

const analyze = (on: Parameters<typeof callEvent>[0] = database, id: unknown = run.run_id) =>
  callEvent(on, "analyze_telemetry_run", { id, context: { event: "analyze" } });

const failure = { error_class: "sqlstate_57014", error_message: "too slow: password=hunter2" };

const abandon = (id: unknown = run.run_id): Promise<EventAnswer> =>
  callEvent(database, "abandon_telemetry_run", { id, request: failure, context: { event: "analyze" } });

const lastEvent = async (id: unknown) => (await historyOf(database, id)).at(-1);

describe("the analysis of a run", () => {
  it("succeeds with what it found, and says so where that is nothing", async () => {
    expect((await analyze()).run).toMatchObject({
      status: "SUCCEEDED",
      reason_code: "INSUFFICIENT_DATA",
      findings_count: 0,
      output_ref: { rows_scanned: 0, dimensions_evaluated: 0, bottlenecks: [] },
    });
    expect(await lastEvent(run.run_id)).toMatchObject({ event: "succeed", actor: "secret:test/agent-1" });
  });

  it("looks at what was recorded up to the claim", async () => {
    await database.query(
      `insert into public.orchestration_metrics (recorded_at)
       select now() - interval '1 hour' * hours from generate_series(1, 5) hours`,
    );
    const claimed = await runningRun({ started_at: { sql: "now() - interval '2 hours 30 minutes'" } });
    const ahead = await runningRun({ started_at: { sql: "'infinity'" } });
    expect((await analyze(database, claimed.run_id)).run).toMatchObject({ output_ref: { rows_scanned: 3 } });
    expect((await analyze(database, ahead.run_id)).run).toMatchObject({ output_ref: { rows_scanned: 5 } });
    await database.query("delete from public.orchestration_metrics");
  });

  it("fails where its scope is not known, and finds nothing", async () => {
    const lost = await runningRun({ scope_type: "workspace", scope_id: randomUUID() });
    expect((await analyze(database, lost.run_id)).run).toMatchObject({
      status: "FAILED",
      error_class: "unknown_scope",
      error_message: expect.stringContaining("has to be the id of a company"),
      output_ref: null,
      findings_count: 0,
    });
  });

  describe("where the metrics cannot be read", () => {
    beforeEach(() => database.query("alter table public.orchestration_metrics rename to hidden"));
    afterEach(() => database.query("alter table public.hidden rename to orchestration_metrics"));

    it("fails, and never counts as fresh", async () => {
      expect((await analyze()).run).toMatchObject({
        status: "FAILED",
        error_class: "sqlstate_42P01",
        error_message: expect.stringContaining("orchestration_metrics"),
        output_ref: null,
      });
      expect(await lastEvent(run.run_id)).toMatchObject({ event: "fail" });
      const { decision } = await callEvent(database, "request_telemetry_run", { request: { scope_type: "global" } });
      expect(decision).toBe("enqueued");
    });
  });

  it.each(["QUEUED", "SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"])(
    "is refused to one that is %s",
    async (status) => {
      const other = await insertRun(database, { status });
      expect(await analyze(database, other.run_id)).toMatchObject({
        refusal: { code: "illegal_transition", current: status, event: "succeed" },
        run: other,
      });
      expect(await runNow(database, other.run_id)).toEqual(other);
    },
  );

  it("is refused where there is no run", async () => {
    const id = randomUUID();
    expect(await analyze(database, id)).toEqual({ refusal: { code: "not_found", entity: "telemetry_run", id } });
  });

  it.each<[string, string, string, () => Promise<unknown>]>([
    [
      "cancelled",
      "CANCELLED",
      "cancel",
      () => callEvent(database, "move_telemetry_run", { id: run.run_id, context: { event: "cancel" } }),
    ],
    ["timed out", "TIMED_OUT", "time_out", timeOut],
  ])("changes nothing about a run that is %s meanwhile", async (_title, status, event, end) => {
    const [gate, worker] = [await database.connect(), await database.connect()];
    const pid = await pidOf(worker);
    await gate.query("begin");
    await gate.query("lock table public.orchestration_metrics in access exclusive mode");
    const answer = analyze(worker);
    await untilBlocked(database, pid);
    await end();
    const ended = await runNow(database, run.run_id);
    expect(ended.status).toBe(status);
    await gate.query("commit");
    expect(await answer).toMatchObject({ refusal: { code: "illegal_transition", current: status }, run: ended });
    expect(await runNow(database, run.run_id)).toEqual(ended);
    expect(await lastEvent(run.run_id)).toMatchObject({ event });
  });

  it("tells of a cancellation that it had to wait for", async () => {
    const [canceller, worker] = [await database.connect(), await database.connect()];
    const pid = await pidOf(worker);
    await canceller.query("begin");
    await callEvent(canceller, "move_telemetry_run", { id: run.run_id, context: { event: "cancel" } });
    const answer = analyze(worker);
    await untilBlocked(database, pid);
    await canceller.query("commit");
    expect(await answer).toMatchObject({
      refusal: { code: "illegal_transition", current: "CANCELLED" },
      run: { status: "CANCELLED" },
    });
  });

  it("does not go on when it is told to stop", async () => {
    const [gate, worker] = [await database.connect(), await database.connect()];
    await gate.query("begin");
    await gate.query("lock table public.orchestration_metrics in access exclusive mode");
    await worker.query("set statement_timeout = '50ms'");
    await expect(analyze(worker)).rejects.toMatchObject({ code: "57014" });
    await gate.query("rollback");
    expect(await runNow(database, run.run_id)).toEqual(run);
  });
});

async function timeOut(): Promise<void> {
  await overdue();
  await callEvent(database, "sweep");
}

const overdue = () =>
  database.query(
    `update public.telemetry_analysis_runs set metadata = jsonb_build_object('deadline_at', now() - interval '1 second')
     where run_id = $1`,
    [run.run_id],
  );

describe("a run that is given up", () => {
  it("past its deadline is timed out, as by the sweep", async () => {
    await overdue();
    expect((await abandon()).run).toMatchObject({
      status: "TIMED_OUT",
      reason_code: "DEADLINE_EXCEEDED",
      error_class: null,
    });
    expect(await lastEvent(run.run_id)).toMatchObject({ event: "time_out", reason: "past its deadline" });
  });

  it("before its deadline has failed, and says why without secrets", async () => {
    expect((await abandon()).run).toMatchObject({
      status: "FAILED",
      error_class: "sqlstate_57014",
      error_message: "too slow: password=***",
    });
    expect(await lastEvent(run.run_id)).toMatchObject({ event: "fail" });
  });

  it.each(["SUCCEEDED", "CANCELLED", "TIMED_OUT"])("stays %s where it is that already", async (status) => {
    const other = await insertRun(database, { status });
    expect(await abandon(other.run_id)).toMatchObject({ refusal: { code: "illegal_transition" }, run: other });
    expect(await runNow(database, other.run_id)).toEqual(other);
  });

  it("is not made up where there is none", async () => {
    const id = randomUUID();
    expect(await abandon(id)).toEqual({ refusal: { code: "not_found", entity: "telemetry_run", id } });
  });
});
