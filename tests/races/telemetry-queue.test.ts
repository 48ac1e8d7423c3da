import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { callEvent } from "../transitions/call-event.ts";
import { pidOf, untilBlocked } from "../transitions/events.ts";
import { insertRun, newScope, runNow, statusesOf } from "../transitions/telemetry-runs.ts";
import { type Contestants, gather, rounds, tally } from "./gate.ts";

let database: TestDatabase;
let contestants: Contestants;

beforeAll(async () => {
  database = await createTestDatabase();
  contestants = await gather(database, 100);
});
afterAll(() => database.drop());

const table = "public.telemetry_analysis_runs";

describe("100 parallel requests for one scope", () => {
  const request = (fields: object) =>
    contestants.race(table, (client) => callEvent(client, "request_telemetry_run", { request: fields }));

  it.each([
    ["", {}],
    [" though all insist", { force: true }],
  ])("make exactly one active run%s; 99 are told which", async (_title, fields) => {
    for (const _ of rounds(3)) {
      const scope = newScope();
      const answers = await request({ ...scope, ...fields });
      expect(tally(answers.map(({ decision }) => decision))).toEqual({ enqueued: 1, already_active: 99 });
      expect(new Set(answers.map(({ run }) => run?.run_id)).size).toBe(1);
      expect(await statusesOf(database, scope)).toEqual(["QUEUED"]);
    }
  });

  it("make exactly one where the scope has no id", async () => {
    const answers = await request({});
    expect(tally(answers.map(({ decision }) => decision))).toEqual({ enqueued: 1, already_active: 99 });
  });

  it("make none where a fresh run is, and tell everybody of it", async () => {
    const scope = newScope();
    const fresh = await insertRun(database, { ...scope, status: "SUCCEEDED", finished_at: { sql: "now()" } });
    const answers = await request(scope);
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify({ run: fresh, decision: "fresh" })]),
    );
    expect(await statusesOf(database, scope)).toEqual(["SUCCEEDED"]);
  });

  it("make exactly one in place of an overdue one, which is timed out once", async () => {
    const scope = newScope();
    const dead = await insertRun(database, {
      ...scope,
      status: "RUNNING",
      started_at: { sql: "now() - interval '1 d'" },
    });
    const answers = await request(scope);
    expect(tally(answers.map(({ decision }) => decision))).toEqual({ enqueued: 1, already_active: 99 });
    expect((await statusesOf(database, scope)).sort()).toEqual(["QUEUED", "TIMED_OUT"]);
    const moves = await database.query("select event from public.state_transitions where entity_id = $1 order by id", [
      dead.run_id,
    ]);
    expect(moves.filter(({ event }) => event === "time_out")).toHaveLength(1);
  });
});

it("parallel requests for 100 scopes make a run each", async () => {
  const scopes = contestants.clients.map(newScope);
  const answers = await contestants.race(table, (client, number) =>
    callEvent(client, "request_telemetry_run", { request: scopes[number] }),
  );
  expect(tally(answers.map(({ decision }) => decision))).toEqual({ enqueued: 100 });
});

it("a request that waited for a sign of life finds the run active", async () => {
  const scope = newScope();
  const [worker, requester] = contestants.clients;
  if (!worker || !requester) throw new Error("there are no contestants");
  const late = await insertRun(database, {
    ...scope,
    status: "RUNNING",
    started_at: { sql: "now() - interval '1 d'" },
  });
  await worker.query("begin");
  await callEvent(worker, "move_telemetry_run", { id: late.run_id, context: { event: "heartbeat" } });
  const pid = await pidOf(requester);
  const requesting = callEvent(requester, "request_telemetry_run", { request: scope });
  await untilBlocked(database, pid);
  await worker.query("commit");
  expect(await requesting).toMatchObject({ decision: "already_active", run: { run_id: late.run_id } });
  expect(await runNow(database, late.run_id)).toMatchObject({ status: "RUNNING" });
});

describe("50 parallel claims", () => {
  const enqueue = async (count: number) => {
    await database.query("delete from public.telemetry_analysis_runs");
    await database.query(
      "insert into public.telemetry_analysis_runs (run_id) select gen_random_uuid() from generate_series(1, $1)",
      [count],
    );
  };

  /** Who was handed which run, and how often each run was claimed by its history. */
  const expectEachOnce = async (handedOut: unknown[], count: number) => {
    expect(handedOut).toHaveLength(count);
    expect(new Set(handedOut).size).toBe(count);
    expect(
      await database.query(
        `select count(*)::integer as claims, count(distinct entity_id)::integer as runs
         from public.state_transitions where event = 'claim' and entity_id = any ($1)`,
        [handedOut],
      ),
    ).toEqual([{ claims: count, runs: count }]);
  };

  it("over 500 runs hand out each once", async () => {
    await enqueue(500);
    const handedOut = await contestants.race(
      table,
      async (client, number) => {
        const mine: unknown[] = [];
        for (;;) {
          const request = { worker: `w-${number}`, limit: 7 };
          const { runs = [] } = await callEvent(client, "claim_telemetry_runs", { request });
          if (runs.length === 0) return mine;
          mine.push(...runs.map(({ run_id }) => run_id));
        }
      },
      50,
    );
    await expectEachOnce(handedOut.flat(), 500);
    const workers = await database.query<{ run_id: string; worker: string }>(
      "select run_id, metadata ->> 'worker' as worker from public.telemetry_analysis_runs",
    );
    for (const { run_id, worker } of workers) expect(handedOut[Number(worker.slice(2))]).toContain(run_id);
  });

  it("by workers that finish a run and claim the next in one call hand out each once", async () => {
    await enqueue(500);
    const handedOut = await contestants.race(
      table,
      async (client) => {
        const mine: unknown[] = [];
        let { runs: [run] = [] } = await callEvent(client, "claim_telemetry_runs", { request: { worker: "w" } });
        while (run) {
          mine.push(run.run_id);
          const answer = await callEvent(client, "move_telemetry_run", {
            id: run.run_id,
            request: { output_ref: { rows_scanned: 1 }, claim_next: { worker: "w" } },
            context: { event: "succeed" },
          });
          expect(answer.run).toMatchObject({ status: "SUCCEEDED" });
          run = answer.next ?? undefined;
        }
        return mine;
      },
      50,
    );
    await expectEachOnce(handedOut.flat(), 500);
    expect(
      tally((await database.query("select status from public.telemetry_analysis_runs")).map(({ status }) => status)),
    ).toEqual({ SUCCEEDED: 500 });
  });
});
