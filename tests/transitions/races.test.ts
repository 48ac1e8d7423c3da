import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { completeCheckpoints, createDirective } from "../functions/support/directives.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { type Answer, complete, pidOf, start, startedSession, untilBlocked } from "./events.ts";

let database: TestDatabase;
let clients: pg.Client[];

beforeAll(async () => {
  database = await createTestDatabase();
  clients = await Promise.all(Array.from({ length: 20 }, () => database.connect()));
});
afterAll(() => database.drop());

/** A connection of its own, by number. */
const client = (place: number) => clients[place] as pg.Client;

const rounds = (count: number) => Array.from({ length: count }, (_, round) => round);

/** The outcome of a statement that a client sends itself: "done", or the code of the error. */
const outcome = (statement: Promise<unknown>) =>
  statement.then(
    () => "done",
    (error: { code: string }) => error.code,
  );

/** What an event came to: the status that it led to, or the code of its refusal. */
const result = ({ session, refusal }: Answer) => session?.status ?? refusal?.code;

const statusesOf = async (sdId: string) =>
  (
    await database.query<{ status: string }>(
      "select status from public.exec_implementation_sessions where sd_id = $1 order by status",
      [sdId],
    )
  ).map(({ status }) => status);

const uniqueViolation = "23505";

it("parallel starts and inserts for one directive make one session, without a deadlock", async () => {
  for (const _ of rounds(10)) {
    const sdId = await createDirective(database);
    const request = { sd_id: sdId, implementation_type: "GENERAL_FEATURE" };
    const insert =
      "insert into public.exec_implementation_sessions (sd_id, implementation_type) values ($1, 'UI_COMPONENT')";
    const outcomes = await Promise.all(
      clients.map((each, place) =>
        place % 2 ? outcome(each.query(insert, [sdId])) : start(each, request).then(result),
      ),
    );
    const lost = outcomes.filter((each) => each !== "active" && each !== "done");
    expect(lost).toHaveLength(19);
    expect(new Set(lost)).toEqual(new Set(["session_exists", uniqueViolation]));
    expect(await statusesOf(sdId)).toEqual(["active"]);
  }
});

describe("completing a session while", () => {
  let id: string;
  let sdId: string;

  beforeEach(async () => {
    ({ id, sdId } = await startedSession(database));
    await completeCheckpoints(database, id, 80);
  });

  const reopen = (by: pg.ClientBase) =>
    by.query(
      `update public.exec_quality_checkpoints set is_complete = false
       where session_id = $1 and checkpoint_name = 'TESTING'`,
      [id],
    );
  const add = (by: pg.ClientBase) =>
    by.query(
      `insert into public.exec_quality_checkpoints (session_id, sd_id, checkpoint_name, checkpoint_type)
       values ($1, $2, 'late', 'SECURITY')`,
      [id, sdId],
    );

  describe.each([
    ["a checkpoint is reopened", reopen],
    ["a checkpoint is added", add],
  ])("%s", (_title, change) => {
    it("waits for the change and is refused because of it", async () => {
      await client(0).query("begin");
      await change(client(0));
      const pid = await pidOf(client(1));
      const completing = complete(client(1), id);
      await untilBlocked(database, pid);
      await client(0).query("commit");
      expect(result(await completing)).toBe("gates_incomplete");
    });

    it("waits for the change and succeeds if that is taken back", async () => {
      await client(0).query("begin");
      await change(client(0));
      const pid = await pidOf(client(1));
      const completing = complete(client(1), id);
      await untilBlocked(database, pid);
      await client(0).query("rollback");
      expect(result(await completing)).toBe("completed");
    });

    it("makes the change wait, and then be refused", async () => {
      await client(0).query("begin");
      expect(result(await complete(client(0), id))).toBe("completed");
      const pid = await pidOf(client(1));
      const changing = outcome(change(client(1)));
      await untilBlocked(database, pid);
      await client(0).query("commit");
      expect(await changing).toBe("PT409");
    });
  });

  it("a checkpoint is added never ends completed with an incomplete required checkpoint", async () => {
    for (const round of rounds(50)) {
      ({ id, sdId } = await startedSession(database));
      await completeCheckpoints(database, id, 80);
      // Who is sent first alternates, so that both orders occur.
      const race = [() => complete(client(0), id).then(result), () => outcome(add(client(1)))];
      const order = round % 2 ? [1, 0] : [0, 1];
      const running: Promise<string | undefined>[] = [];
      for (const place of order) running[place] = (race[place] as () => Promise<string | undefined>)();
      const [completed, changed] = await Promise.all(running);
      expect(["completed / PT409", "gates_incomplete / done"]).toContain(`${completed} / ${changed}`);
    }
    expect(
      await database.query(
        `select gate.id from leo.incomplete_gates gate
         join public.exec_implementation_sessions s on s.id = gate.session_id where s.status = 'completed'`,
      ),
    ).toEqual([]);
  });

  it("somebody else completes it has one winner; the other is told", async () => {
    for (const _ of rounds(10)) {
      ({ id, sdId } = await startedSession(database));
      await completeCheckpoints(database, id, 80);
      const answers = await Promise.all(clients.slice(0, 8).map((each) => complete(each, id)));
      expect(answers.filter(({ session }) => session)).toHaveLength(1);
      for (const { refusal } of answers.filter((answer) => answer.refusal)) {
        expect(refusal).toMatchObject({ code: "illegal_transition", current: "completed", allowed: ["reopen"] });
      }
    }
  });

  it("it is cancelled is refused with what it has become", async () => {
    await client(0).query("begin");
    await client(0).query("update public.exec_implementation_sessions set status = 'cancelled' where id = $1", [id]);
    const pid = await pidOf(client(1));
    const completing = complete(client(1), id);
    await untilBlocked(database, pid);
    await client(0).query("commit");
    expect((await completing).refusal).toMatchObject({ code: "illegal_transition", current: "cancelled" });
  });

  it("another attempt begins is refused as stale", async () => {
    await client(0).query("begin");
    for (const status of ["paused", "active"]) {
      await client(0).query("update public.exec_implementation_sessions set status = $2 where id = $1", [id, status]);
    }
    const pid = await pidOf(client(1));
    const completing = complete(client(1), id, { attempt: 1 });
    await untilBlocked(database, pid);
    await client(0).query("commit");
    expect((await completing).refusal).toEqual({ code: "stale_attempt", attempt: 2 });
  });

  it("its directive is started again makes the start wait, and tell of the completed session", async () => {
    await client(0).query("begin");
    await complete(client(0), id);
    const pid = await pidOf(client(1));
    const starting = start(client(1), { sd_id: sdId, implementation_type: "GENERAL_FEATURE" });
    await untilBlocked(database, pid);
    await client(0).query("commit");
    expect((await starting).refusal).toMatchObject({ code: "session_exists", id, status: "completed", use: "reopen" });
  });

  it("a start of its directive has not ended waits and succeeds, without a deadlock", async () => {
    await client(0).query("begin");
    await start(client(0), { sd_id: sdId, implementation_type: "GENERAL_FEATURE" });
    const pid = await pidOf(client(1));
    const completing = complete(client(1), id);
    await untilBlocked(database, pid);
    await client(0).query("commit");
    expect(result(await completing)).toBe("completed");
  });

  describe("another session of the directive", () => {
    // Two sessions of a directive cannot both be active, so the other one is imported as completed.
    const importOther = (by: pg.ClientBase) =>
      by.query(
        `insert into public.exec_implementation_sessions (sd_id, implementation_type, status)
         values ($1, 'UI_COMPONENT', 'completed')`,
        [sdId],
      );

    it("is being imported as completed waits, and names that session", async () => {
      await client(0).query("begin");
      await importOther(client(0));
      const pid = await pidOf(client(1));
      const completing = complete(client(1), id);
      await untilBlocked(database, pid);
      await client(0).query("commit");
      expect((await completing).refusal).toMatchObject({ code: "status_taken", status: "completed" });
    });

    it("is imported as completed at the same moment leaves one of them completed, without a deadlock", async () => {
      for (const _ of rounds(30)) {
        ({ id, sdId } = await startedSession(database));
        await completeCheckpoints(database, id, 80);
        const [own, other] = await Promise.all([complete(client(0), id).then(result), outcome(importOther(client(1)))]);
        expect(["completed / 23505", "status_taken / done"]).toContain(`${own} / ${other}`);
      }
    });
  });
});
