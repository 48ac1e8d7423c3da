import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { completeCheckpoints } from "../functions/support/directives.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { sessionNow, silence, silentSession, sweep } from "../sweep/support.ts";
import { callEvent, historyOf } from "../transitions/call-event.ts";
import { complete, pidOf, untilBlocked } from "../transitions/events.ts";
import { type Contestants, gather, rounds } from "./gate.ts";

let database: TestDatabase;
let contestants: Contestants;
let id: string;
let sdId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  contestants = await gather(database, 3);
});
afterAll(() => database.drop());
beforeEach(async () => {
  // What the test before has left.
  await sweep(database);
  ({ id, sdId } = await silentSession(database));
});

const client = (place: number) => contestants.clients[place] as pg.Client;

const report = (by: pg.ClientBase) =>
  callEvent(by, "update_exec_session", { id, request: { implementation_progress: 50, attempt: 1 } });

const move = (event: string) => (by: pg.ClientBase) =>
  callEvent(by, "move_exec_session", { id, request: { reason: "no need" }, context: { event } });

describe("a session that somebody is at", () => {
  it.each([
    [
      "is locked for a move",
      () => "select from public.exec_implementation_sessions where id = $1 for update",
      () => id,
    ],
    [
      "gets another gate",
      () =>
        `insert into public.exec_quality_checkpoints (session_id, sd_id, checkpoint_name, checkpoint_type)
         select id, sd_id, 'late', 'SECURITY' from public.exec_implementation_sessions where id = $1`,
      () => id,
    ],
    [
      "has its directive locked",
      () => "select from public.strategic_directives_v2 where id = $1 for update",
      () => sdId,
    ],
  ])("is passed over without waiting, and paused next time: it %s", async (_what, sql, of) => {
    const other = await silentSession(database);
    await client(0).query("begin");
    await client(0).query(sql(), [of()]);
    // A wait for the row would end in an error here.
    await client(1).query("set statement_timeout = '5s'");
    expect(await sweep(client(1))).toMatchObject({ sessions_paused: 1, skipped: 0 });
    expect(await sessionNow(database, other.id)).toMatchObject({ status: "paused" });
    await client(0).query("rollback");
    expect(await sweep(client(1))).toMatchObject({ sessions_paused: 1 });
  });

  it("is not paused once that has given a sign of life", async () => {
    await client(0).query("begin");
    await report(client(0));
    expect(await sweep(client(1))).toMatchObject({ sessions_paused: 0 });
    await client(0).query("commit");
    expect(await sweep(client(1))).toMatchObject({ sessions_paused: 0 });
    expect(await sessionNow(database, id)).toEqual({ status: "active", attempt: 1 });
  });
});

it("a sweep that is under way pauses no session of which a gate was passed since it looked", async () => {
  await client(0).query("begin");
  await client(0).query("lock table public.exec_handoff_preparations in access exclusive mode");
  // It waits for the table with the rows before its eyes; to pass a gate takes no hand-off.
  const pid = await pidOf(client(1));
  const sweeping = sweep(client(1));
  await untilBlocked(database, pid);
  await completeCheckpoints(database, id, 90);
  await client(0).query("commit");
  expect(await sweeping).toMatchObject({ sessions_paused: 0, skipped: 0 });
  expect(await sessionNow(database, id)).toMatchObject({ status: "active" });
});

it("a move that comes after the sweep waits for it, and is told what became of the session", async () => {
  await client(0).query("begin");
  expect(await sweep(client(0))).toMatchObject({ sessions_paused: 1 });
  const pid = await pidOf(client(1));
  const late = report(client(1));
  await untilBlocked(database, pid);
  await client(0).query("commit");
  expect((await late).refusal).toMatchObject({ code: "illegal_transition", current: "paused" });
});

it("two sweeps at once pause a session once", async () => {
  for (const _ of rounds(5)) {
    const session = await silentSession(database);
    const swept = await contestants.race("public.exec_implementation_sessions", (each) => sweep(each));
    expect(swept.reduce((sum, { skipped }) => sum + skipped, 0)).toBe(0);
    expect((await historyOf(database, session.id)).map(({ event }) => event)).toEqual(["start", "pause"]);
  }
});

describe("when the sweep and somebody else come at the same moment,", () => {
  it.each([
    ["reports progress", "active", report],
    ["fails the session", "failed", move("fail")],
    ["pauses it too", "paused", move("pause")],
    ["completes it", "completed", (by: pg.ClientBase) => complete(by, id)],
  ])("one of them wins and the other knows: who %s", async (_what, status, act) => {
    for (const round of rounds(15)) {
      await sweep(database);
      ({ id, sdId } = await silentSession(database));
      await completeCheckpoints(database, id, 80);
      await silence(database, id);
      await database.query(
        "update public.exec_quality_checkpoints set updated_at = now() - interval '26 hours' where session_id = $1",
        [id],
      );
      const answers = await contestants.race(
        "public.exec_implementation_sessions",
        async (each, number) => {
          if (number === round % 2) return { paused: (await sweep(each)).sessions_paused };
          return { refusal: ((await act(each)) as { refusal?: { code: string } }).refusal?.code };
        },
        2,
      );
      const paused = answers.find((answer) => "paused" in answer)?.paused;
      const refusal = answers.find((answer) => "refusal" in answer)?.refusal;
      const now = (await sessionNow(database, id)).status;
      if (paused === 0) {
        expect({ now, refusal }).toEqual({ now: status, refusal: undefined });
      } else if (status === "failed") {
        // A paused session can be failed.
        expect({ now, refusal }).toEqual({ now: "failed", refusal: undefined });
      } else {
        expect({ now, refusal }).toEqual({ now: "paused", refusal: "illegal_transition" });
      }
    }
  });
});
