import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { callEvent, type EventAnswer, historyOf } from "../transitions/call-event.ts";
import { pidOf, untilBlocked } from "../transitions/events.ts";
import { insertRun, newScope, type Run, runNow } from "../transitions/telemetry-runs.ts";
import { type Contestants, gather, rounds } from "./gate.ts";

let database: TestDatabase;
let contestants: Contestants;
let run: Run;

beforeAll(async () => {
  database = await createTestDatabase();
  contestants = await gather(database, 4);
});
afterAll(() => database.drop());
beforeEach(async () => {
  run = await overdueRun();
});

/** A run that is still at work past its deadline, so that every outcome is possible. */
const overdueRun = () =>
  insertRun(database, { ...newScope(), status: "RUNNING", started_at: { sql: "now() - interval '1 hour'" } });

const client = (place: number) => contestants.clients[place] as pg.Client;

const move = (event: string, request: object) => (by: pg.ClientBase, id: string) =>
  callEvent(by, "move_telemetry_run", { id, request, context: { event } });

const sweep = (by: pg.ClientBase) => callEvent(by, "sweep");

const succeed = move("succeed", { output_ref: { rows_scanned: 1 } });
const fail = move("fail", { error_message: "no" });
const cancel = move("cancel", { reason: "no need" });

/** What can end a run, and the status that it leads to. */
const ends: [string, string, (by: pg.ClientBase, id: string) => Promise<EventAnswer>][] = [
  ["succeed", "SUCCEEDED", succeed],
  ["fail", "FAILED", fail],
  ["cancel", "CANCELLED", cancel],
  ["time_out", "TIMED_OUT", sweep],
];

/** Those who wait for one who is at it; the sweep passes over the run instead. */
const waiting = ends.filter(([event]) => event !== "time_out");

describe.each(ends)("%s first", (_first, status, first) => {
  it.each(waiting)("stays: %s waits, is told, and changes nothing", async (event, _status, second) => {
    const { run_id } = run;
    await client(0).query("begin");
    await first(client(0), run_id);
    const pid = await pidOf(client(1));
    const late = second(client(1), run_id);
    await untilBlocked(database, pid);
    await client(0).query("commit");
    const decided = await runNow(database, run_id);
    expect((await late).refusal).toEqual({ code: "illegal_transition", current: status, event, allowed: [] });
    expect(decided.status).toBe(status);
    expect(await runNow(database, run_id)).toEqual(decided);
    expect(await historyOf(database, run_id)).toHaveLength(2);
  });

  it.each(waiting)("but taken back: %s waits and succeeds", async (_event, wanted, second) => {
    const { run_id } = run;
    await client(0).query("begin");
    await first(client(0), run_id);
    const pid = await pidOf(client(1));
    const next = second(client(1), run_id);
    await untilBlocked(database, pid);
    await client(0).query("rollback");
    expect((await next).run).toMatchObject({ status: wanted });
    expect(await historyOf(database, run_id)).toHaveLength(2);
  });

  it("is passed over by the sweep", async () => {
    await client(0).query("begin");
    await first(client(0), run.run_id);
    expect(await sweep(client(1))).toMatchObject({ telemetry_runs_timed_out: 0 });
    await client(0).query("commit");
    expect(await runNow(database, run.run_id)).toMatchObject({ status });
  });

  it("stays also where a client sets SUCCEEDED itself: it waits and gets an error", async () => {
    const { run_id } = run;
    await client(0).query("begin");
    await first(client(0), run_id);
    const pid = await pidOf(client(1));
    const update = client(1).query(
      "update public.telemetry_analysis_runs set status = 'SUCCEEDED', findings_count = 99 where run_id = $1",
      [run_id],
    );
    const outcome = update.then(
      ({ rowCount }) => rowCount,
      (error: { code: string }) => error.code,
    );
    await untilBlocked(database, pid);
    await client(0).query("commit");
    // To set the status that it has already is no move.
    expect(await outcome).toBe(status === "SUCCEEDED" ? 1 : "PT409");
    expect(await runNow(database, run_id)).toMatchObject({ status, findings_count: status === "SUCCEEDED" ? 99 : 0 });
    expect(await historyOf(database, run_id)).toHaveLength(2);
  });
});

it("a sign of life in time keeps the sweep away", async () => {
  await client(0).query("begin");
  await move("heartbeat", {})(client(0), run.run_id);
  expect(await sweep(client(1))).toMatchObject({ telemetry_runs_timed_out: 0 });
  await client(0).query("commit");
  expect(await sweep(client(1))).toMatchObject({ telemetry_runs_timed_out: 0 });
  expect(await runNow(database, run.run_id)).toMatchObject({ status: "RUNNING" });
});

it("two sweeps at once time a run out once", async () => {
  const swept = await contestants.race("public.telemetry_analysis_runs", sweep);
  expect(swept.reduce((sum, { telemetry_runs_timed_out: count }) => sum + Number(count), 0)).toBe(1);
  expect(await historyOf(database, run.run_id)).toHaveLength(2);
});

it("all at the same moment leave one outcome; the others are told of it", async () => {
  for (const round of rounds(40)) {
    await database.query("delete from public.telemetry_analysis_runs");
    const { run_id } = await overdueRun();
    // Who comes to the gate first changes, so that each of them wins at times.
    const place = (number: number) => ends[(number + round) % ends.length] as (typeof ends)[number];
    const answers = await contestants.race("public.telemetry_analysis_runs", (each, number) =>
      place(number)[2](each, run_id),
    );
    const { status } = await runNow(database, run_id);
    const winners = answers.filter((answer) => answer.run || answer.telemetry_runs_timed_out === 1);
    expect(winners).toHaveLength(1);
    for (const { refusal } of answers.filter((answer) => answer.refusal)) {
      expect(refusal).toMatchObject({ code: "illegal_transition", current: status });
    }
    expect(winners[0]?.run?.status ?? "TIMED_OUT").toBe(status);
    expect((await historyOf(database, run_id)).map(({ to_status }) => to_status)).toEqual(["RUNNING", status]);
  }
});

it("succeed waits for a claim that is under way, and then succeeds", async () => {
  const queued = await insertRun(database, { ...newScope(), triggered_at: { sql: "now() - interval '1 year'" } });
  await client(0).query("begin");
  await callEvent(client(0), "claim_telemetry_runs", { request: { worker: "w" }, context: { event: "claim" } });
  const pid = await pidOf(client(1));
  const late = succeed(client(1), queued.run_id);
  await untilBlocked(database, pid);
  await client(0).query("commit");
  expect((await late).run).toMatchObject({ status: "SUCCEEDED" });
  expect((await historyOf(database, queued.run_id)).map(({ to_status }) => to_status)).toEqual([
    ...["QUEUED", "RUNNING", "SUCCEEDED"],
  ]);
});
