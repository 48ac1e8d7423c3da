import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { callEvent, caller, historyOf } from "./call-event.ts";
import { insertRun, type Run, runNow } from "./telemetry-runs.ts";

let database: TestDatabase;
let queue: Run[];

const minutesAgo = (minutes: number) => ({ sql: `now() - interval '${minutes} minutes'` });

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.query("delete from public.telemetry_analysis_runs");
  queue = [];
  for (const minutes of [10, 30, 20]) {
    queue.push(await insertRun(database, { triggered_at: minutesAgo(minutes), metadata: { asked: minutes } }));
  }
});

const claim = (request: object) => callEvent(database, "claim_telemetry_runs", { request });

describe("a claim", () => {
  it("hands out the oldest runs, up to its limit, and leaves the rest alone", async () => {
    const [newest, oldest, middle] = queue as [Run, Run, Run];
    const { runs } = await claim({ worker: "w-1", limit: 2 });
    expect(runs?.map(({ run_id }) => run_id)).toEqual([oldest.run_id, middle.run_id]);
    expect(runs?.[0]).toEqual(await runNow(database, oldest.run_id));
    expect(await runNow(database, newest.run_id)).toEqual(newest);
    expect((await historyOf(database, oldest.run_id)).slice(1)).toEqual([
      { event: "claim", from_status: "QUEUED", to_status: "RUNNING", reason: null, ...caller },
    ]);
    expect(await historyOf(database, newest.run_id)).toHaveLength(1);
  });

  it("hands out one run unless it asks for more, and none where none is queued", async () => {
    const claimed = [];
    for (const _ of queue) claimed.push((await claim({ worker: "w" })).runs?.length);
    expect(claimed).toEqual([1, 1, 1]);
    expect(await claim({ worker: "w", limit: 10 })).toEqual({ runs: [] });
  });

  it("notes worker, start and a deadline two minutes on", async () => {
    const { runs } = await claim({ worker: "w-1" });
    expect(runs?.[0]).toMatchObject({ status: "RUNNING", metadata: { asked: 30, worker: "w-1" } });
    const [times] = await database.query(
      `select (metadata ->> 'deadline_at')::timestamptz - started_at = interval '120 s' as two_minutes,
              started_at > now() - interval '1 minute' as just_now
       from public.telemetry_analysis_runs where run_id = $1`,
      [runs?.[0]?.run_id],
    );
    expect(times).toEqual({ two_minutes: true, just_now: true });
  });

  it("gives a run the time that it was requested with", async () => {
    await database.query("delete from public.telemetry_analysis_runs");
    await callEvent(database, "request_telemetry_run", { request: { timeout_ms: 1500 } });
    await claim({ worker: "w" });
    expect(
      await database.query(
        `select ((metadata ->> 'deadline_at')::timestamptz - started_at)::text as time
         from public.telemetry_analysis_runs`,
      ),
    ).toEqual([{ time: "00:00:01.5" }]);
  });

  it("hands out only what is queued", async () => {
    await database.query("delete from public.telemetry_analysis_runs");
    for (const status of ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "CANCELLED", "FAILED_ENQUEUE"]) {
      await insertRun(database, { status });
    }
    expect(await claim({ worker: "w", limit: 10 })).toEqual({ runs: [] });
  });

  it("also hands out a run whose metadata is no object", async () => {
    await database.query("delete from public.telemetry_analysis_runs");
    await insertRun(database, { metadata: { sql: "'null'" } });
    const { runs } = await claim({ worker: "w" });
    expect(Object.keys(runs?.[0]?.metadata as object).sort()).toEqual(["deadline_at", "worker"]);
  });
});

describe("claim_next", () => {
  const finish = (event: string, runId: unknown, request: object) =>
    callEvent(database, "move_telemetry_run", { id: runId, request, context: { event } });

  it.each([
    ["fail", { error_message: "no" }, "FAILED"],
    ["succeed", { reason_code: "INSUFFICIENT_DATA" }, "SUCCEEDED"],
    ["succeed", { reason_code: "INSUFFICIENT_DATA", reason: "of this run and not of the next" }, "SUCCEEDED"],
  ])("of %s hands out the oldest run that is queued", async (event, evidence, status) => {
    const { runs } = await claim({ worker: "w" });
    const middle = queue[2] as Run;
    const claimNext = { claim_next: { worker: "w" } };
    const { run, next } = await finish(event, runs?.[0]?.run_id, { ...evidence, ...claimNext });
    expect(run).toMatchObject({ status, run_id: (queue[1] as Run).run_id });
    expect(next).toEqual(await runNow(database, middle.run_id));
    expect(next).toMatchObject({ status: "RUNNING", metadata: { worker: "w" } });
    expect((await historyOf(database, (queue[1] as Run).run_id)).at(-1)).toMatchObject({ event, to_status: status });
    expect((await historyOf(database, middle.run_id)).at(-1)).toEqual({
      ...{ event: "claim", from_status: "QUEUED", to_status: "RUNNING", reason: null },
      ...caller,
    });
  });

  it("is null where nothing is queued, and absent where it was not asked for", async () => {
    const { runs } = await claim({ worker: "w", limit: 3 });
    const [first, second] = (runs ?? []).map(({ run_id }) => run_id);
    const evidence = { reason_code: "INSUFFICIENT_DATA" };
    expect(await finish("succeed", first, { ...evidence, claim_next: { worker: "w" } })).toHaveProperty("next", null);
    expect(await finish("succeed", second, evidence)).not.toHaveProperty("next");
  });

  it("hands out nothing where the run is not finished by it", async () => {
    const cancelled = await insertRun(database, { status: "CANCELLED" });
    const { refusal } = await finish("succeed", cancelled.run_id, {
      reason_code: "INSUFFICIENT_DATA",
      claim_next: { worker: "w" },
    });
    expect(refusal).toMatchObject({ code: "illegal_transition", current: "CANCELLED", allowed: [] });
    for (const run of queue) expect(await runNow(database, run.run_id)).toEqual(run);
  });
});
