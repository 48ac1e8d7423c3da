import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { stateMachines } from "../../types/state-machines.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { callEvent, caller, historyOf } from "./call-event.ts";
import { insertRun, newScope, type Run, runNow } from "./telemetry-runs.ts";

let database: TestDatabase;
let run: Run;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const evidence = { output_ref: { rows_scanned: 12, bottlenecks: [] } };

const move = (event: string, runId: unknown, request: object = {}) =>
  callEvent(database, "move_telemetry_run", { id: runId, request, context: { event } });

/** Inserts a run that began as many seconds ago. */
const running = (seconds: number, columns: object = {}) =>
  insertRun(database, { status: "RUNNING", started_at: { sql: `now() - interval '${seconds} s'` }, ...columns });

beforeEach(async () => {
  run = await running(60);
});

describe("succeed", () => {
  it("keeps what was found, and how long it took by the clock of the database", async () => {
    const found = {
      output_ref: { rows_scanned: 812, dimensions_evaluated: 4, bottlenecks: [{ ratio: 3.5 }] },
      findings_count: 1,
      top_bottleneck_category: "agent",
      reason_code: "BOTTLENECK",
    };
    const bystander = await running(5);
    const answer = await move("succeed", run.run_id, found);
    const now = await runNow(database, run.run_id);
    expect(answer).toEqual({ run: now, from: "RUNNING" });
    expect(now).toMatchObject({ status: "SUCCEEDED", error_class: null, error_message: null, ...found });
    const [times] = await database.query(
      `select duration_ms = round(extract(epoch from finished_at - started_at) * 1000) as measured,
              duration_ms between 60000 and 90000 as plausible
       from public.telemetry_analysis_runs where run_id = $1`,
      [run.run_id],
    );
    expect(times).toEqual({ measured: true, plausible: true });
    expect(await runNow(database, bystander.run_id)).toEqual(bystander);
    expect((await historyOf(database, run.run_id)).at(-1)).toEqual({
      ...{ event: "succeed", from_status: "RUNNING", to_status: "SUCCEEDED", reason: null },
      ...caller,
    });
  });

  it.each([
    ["rows that were scanned", { output_ref: { rows_scanned: 1 } }],
    ["word that there was too little", { reason_code: "INSUFFICIENT_DATA" }],
    ["both", { output_ref: { rows_scanned: 0 }, reason_code: "INSUFFICIENT_DATA" }],
  ])("takes %s for evidence", async (_title, request) => {
    expect((await move("succeed", run.run_id, request)).run).toMatchObject({ status: "SUCCEEDED", ...request });
  });

  it.each([
    {},
    { output_ref: {} },
    { output_ref: null },
    { output_ref: { rows_scanned: 0 } },
    { output_ref: { rows_scanned: "many" } },
    { output_ref: { rows_scanned: null } },
    { reason_code: "OK", findings_count: 3 },
  ])("is refused without evidence: %j", async (request) => {
    const before = await runNow(database, run.run_id);
    expect((await move("succeed", run.run_id, request)).refusal).toEqual({
      code: "invalid_request",
      issues: [
        {
          path: ["output_ref", "rows_scanned"],
          message: "Say how many rows were scanned, or send reason_code INSUFFICIENT_DATA.",
        },
      ],
    });
    expect(await runNow(database, run.run_id)).toEqual(before);
  });
});

describe.each([
  ["fail", "RUNNING", "FAILED"],
  ["fail_enqueue", "QUEUED", "FAILED_ENQUEUE"],
])("%s", (event, from, to) => {
  it("keeps what went wrong, without secrets, in row and history", async () => {
    const other = await insertRun(database, { status: from });
    const request = {
      error_class: "ConnectionError",
      error_message: "no route to postgresql://leo:hunter2@db.example:5432/x with password=hunter2",
    };
    const masked = "no route to postgresql://*** with password=***";
    expect((await move(event, other.run_id, request)).run).toMatchObject({
      status: to,
      error_class: "ConnectionError",
      error_message: masked,
      finished_at: expect.any(String),
    });
    expect((await historyOf(database, other.run_id)).at(-1)).toEqual({
      ...{ event, from_status: from, to_status: to, reason: masked },
      ...caller,
    });
  });
});

describe("cancel", () => {
  it("ends a queued run, which took no time", async () => {
    const queued = await insertRun(database);
    expect((await move("cancel", queued.run_id, { reason: "not needed" })).run).toMatchObject({
      status: "CANCELLED",
      duration_ms: null,
      finished_at: expect.any(String),
    });
    expect((await historyOf(database, queued.run_id)).at(-1)).toMatchObject({ event: "cancel", reason: "not needed" });
  });

  it("ends a running run; a later success or failure changes nothing", async () => {
    expect((await move("cancel", run.run_id, { reason: "sb_secret_oops" })).run).toMatchObject({ status: "CANCELLED" });
    const cancelled = await runNow(database, run.run_id);
    for (const [event, request] of [
      ["succeed", evidence],
      ["fail", { error_message: "late" }],
    ] as const) {
      expect((await move(event, run.run_id, request)).refusal).toEqual({
        code: "illegal_transition",
        current: "CANCELLED",
        event,
        allowed: [],
      });
    }
    expect(await runNow(database, run.run_id)).toEqual(cancelled);
    expect((await historyOf(database, run.run_id)).at(-1)).toMatchObject({
      event: "cancel",
      reason: "sb_secret_***",
    });
  });
});

describe("heartbeat", () => {
  it("moves the deadline, nothing else, and is recorded", async () => {
    run = await running(100, { metadata: { worker: "w", timeout_ms: 300_000 } });
    const answer = await move("heartbeat", run.run_id);
    const { metadata, updated_at, ...same } = await runNow(database, run.run_id);
    const { metadata: _, updated_at: __, ...before } = run;
    expect(same).toEqual(before);
    expect(metadata).toEqual({ worker: "w", timeout_ms: 300_000, deadline_at: expect.any(String) });
    expect(answer).toMatchObject({ from: "RUNNING", run: { metadata, updated_at } });
    const [row] = await database.query<{ moved: boolean }>(
      "select $1::timestamptz between now() + interval '290 s' and now() + interval '300 s' as moved",
      [(metadata as { deadline_at: string }).deadline_at],
    );
    expect(row?.moved).toBe(true);
    expect((await historyOf(database, run.run_id)).at(-1)).toMatchObject({
      event: "heartbeat",
      from_status: "RUNNING",
      to_status: "RUNNING",
    });
  });
});

describe("the duration", () => {
  it.each([
    ["is unknown where the start is", {}, null],
    ["is not negative where a client's clock is ahead", { started_at: { sql: "now() + interval '1 hour'" } }, 0],
    ["ends at what an integer holds", { started_at: { sql: "now() - interval '30 days'" } }, 2_147_483_647],
    ["is unknown after an infinite past", { started_at: "-infinity" }, null],
  ])("%s", async (_title, columns, duration) => {
    const other = await insertRun(database, { status: "RUNNING", ...columns });
    expect((await move("succeed", other.run_id, evidence)).run).toMatchObject({ duration_ms: duration });
  });
});

describe("every event in every status", () => {
  const { statuses, transitions } = stateMachines.telemetry_run;
  const served = ["heartbeat", "succeed", "fail", "cancel", "fail_enqueue"];
  const pairs = statuses.flatMap((status) => served.map((event) => [event, status] as const));

  it.each(pairs)("%s, %s: happens if the table allows it, and else changes nothing", async (event, status) => {
    const other = await insertRun(database, { ...newScope(), status });
    const answer = await move(event, other.run_id, { ...evidence, error_message: "e" });
    const allowed = transitions.filter(({ from }) => from === status);
    const target = allowed.find((each) => each.event === event)?.to;
    if (target) {
      expect(answer).toMatchObject({ from: status, run: { status: target } });
    } else {
      const events = allowed.map((each) => each.event);
      expect(answer.refusal).toEqual({ code: "illegal_transition", current: status, event, allowed: events });
      expect(await runNow(database, other.run_id)).toEqual(other);
      expect(await historyOf(database, other.run_id)).toHaveLength(1);
    }
  });
});

it("does not find a run that is not there", async () => {
  const id = randomUUID();
  expect((await move("cancel", id)).refusal).toEqual({ code: "not_found", entity: "telemetry_run", id });
});

it.each(["claim", "time_out", "request", "unknown"])("does not serve %s, which has a way of its own", async (event) => {
  await expect(move(event, run.run_id)).rejects.toThrow("does not serve the event");
});
