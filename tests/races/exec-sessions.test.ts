import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { completeCheckpoints, createDirective } from "../functions/support/directives.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { callEvent, historyOf, type Row } from "../transitions/call-event.ts";
import { complete, pidOf, start, startedSession, untilBlocked } from "../transitions/events.ts";
import { type Contestants, gather, rounds, tally } from "./gate.ts";

let database: TestDatabase;
let contestants: Contestants;

beforeAll(async () => {
  database = await createTestDatabase();
  contestants = await gather(database, 20);
});
afterAll(() => database.drop());

const client = (place: number) => contestants.clients[place] as pg.Client;
const table = "public.exec_implementation_sessions";

const cancel = (by: pg.ClientBase, id: string) =>
  callEvent(by, "move_exec_session", { id, request: { reason: "not wanted" }, context: { event: "cancel" } });

/** A session that could be completed. */
async function readySession(): Promise<{ id: string; sdId: string }> {
  const session = await startedSession(database);
  await completeCheckpoints(database, session.id, 80);
  return session;
}

const sessionNow = async (id: string) =>
  (await database.query<Row>("select * from public.exec_implementation_sessions where id = $1", [id]))[0];

it("20 parallel starts of one directive make one session; 19 are told which", async () => {
  for (const _ of rounds(5)) {
    const sdId = await createDirective(database);
    const request = { sd_id: sdId, implementation_type: "API_ENDPOINT" };
    const answers = await contestants.race(table, (each) => start(each, request));
    const started = answers.flatMap(({ session }) => session ?? []);
    expect(started).toHaveLength(1);
    const refusals = answers.flatMap(({ refusal }) => refusal ?? []);
    expect(refusals).toHaveLength(19);
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ code: "session_exists", id: started[0]?.id, status: "active" });
    }
    expect(await database.query(`select status from ${table} where sd_id = $1`, [sdId])).toEqual([
      { status: "active" },
    ]);
  }
});

describe("complete against cancel", () => {
  it.each([
    ["completed", complete, "cancel", cancel, ["reopen"]],
    ["cancelled", cancel, "complete", complete, ["retry"]],
  ] as const)("leaves it %s where that came first", async (status, first, event, second, allowed) => {
    const { id } = await readySession();
    await client(0).query("begin");
    await first(client(0), id);
    const pid = await pidOf(client(1));
    const late = second(client(1), id);
    await untilBlocked(database, pid);
    await client(0).query("commit");
    const decided = await sessionNow(id);
    expect((await late).refusal).toEqual({ code: "illegal_transition", current: status, event, allowed });
    expect(decided?.status).toBe(status);
    expect(await sessionNow(id)).toEqual(decided);
  });

  it("has one winner at the same moment, whose state the loser is told", async () => {
    const won: unknown[] = [];
    for (const round of rounds(40)) {
      const { id, sdId } = await readySession();
      const [completing, cancelling] = round % 2 ? [1, 0] : [0, 1];
      const answers = await contestants.race(
        table,
        (each, number) => (number === completing ? complete(each, id) : cancel(each, id)),
        2,
      );
      const status = (await sessionNow(id))?.status;
      won.push(status);
      const [winner, loser] = status === "completed" ? [completing, cancelling] : [cancelling, completing];
      expect(answers[winner]).toMatchObject({ session: { status } });
      expect(answers[loser]?.refusal).toMatchObject({ code: "illegal_transition", current: status });
      expect((await historyOf(database, id)).map(({ to_status }) => to_status)).toEqual(["active", status]);
      const [directive] = await database.query(
        "select current_phase from public.strategic_directives_v2 where id = $1",
        [sdId],
      );
      expect(directive?.current_phase).toBe(status === "completed" ? "PLAN_VERIFY" : "EXEC_IMPLEMENTATION");
    }
    expect(Object.keys(tally(won)).sort()).toEqual(["cancelled", "completed"]);
  });
});

describe("complete against the reopening of a checkpoint", () => {
  it("never leaves a completed session with an incomplete required checkpoint, in 200 rounds", async () => {
    const outcomes: string[] = [];
    for (const round of rounds(200)) {
      const { id } = await readySession();
      const [checkpoint] = await database.query<{ id: string }>(
        "select id from public.exec_quality_checkpoints where session_id = $1 order by checkpoint_name limit 1",
        [id],
      );
      const reopen = (by: pg.ClientBase) =>
        callEvent(by, "move_quality_checkpoint", {
          id: checkpoint?.id,
          request: { reason: "a test is missing" },
          context: { event: "reopen" },
        });
      // The first one's way is a little shorter, so both take turns at it.
      const work = [(by: pg.ClientBase) => complete(by, id), reopen];
      const [first, second] = await Promise.all(
        (round % 2 ? [1, 0] : [0, 1]).map(async (which) => ({ which, answer: await work[which]?.(client(which)) })),
      );
      const [completed, reopened] = first?.which === 0 ? [first, second] : [second, first];
      const outcome = `${completed?.answer?.refusal?.code ?? "completed"} / ${reopened?.answer?.refusal?.code ?? "reopened"}`;
      outcomes.push(outcome);
      expect((await sessionNow(id))?.status).toBe(outcome.startsWith("completed") ? "completed" : "active");
    }
    // Each of them came first at times.
    expect(Object.keys(tally(outcomes)).sort()).toEqual([
      "completed / illegal_transition",
      "gates_incomplete / reopened",
    ]);
    expect(
      await database.query(
        `select gate.id from leo.incomplete_gates gate
         join public.exec_implementation_sessions session on session.id = gate.session_id
         where session.status = 'completed'`,
      ),
    ).toEqual([]);
  });
});
