import { randomUUID } from "node:crypto";
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { stateMachines } from "../../types/state-machines.ts";
import { completeCheckpoints } from "../functions/support/directives.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { complete, pidOf, startedSession, untilBlocked } from "./events.ts";
import { call, historyOf, moveSession, rows } from "./machines.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const sessionRow = async (id: string) =>
  (
    await database.query<{ session: Record<string, unknown> }>(
      "select to_jsonb(s) as session from public.exec_implementation_sessions s where id = $1",
      [id],
    )
  )[0]?.session;

const sdOf = async (id: string) => String((await sessionRow(id))?.sd_id);

const phaseOf = async (id: string) =>
  (
    await database.query<{ current_phase: string }>(
      `select current_phase from public.strategic_directives_v2
       where id = (select sd_id from public.exec_implementation_sessions where id = $1)`,
      [id],
    )
  )[0]?.current_phase;

/** Gives a session a hand-off in a status. */
const handOver = (id: string, status: string, createdAt = "now") =>
  database.query(
    `insert into public.exec_handoff_preparations
       (session_id, sd_id, implementation_summary, handoff_status, created_at)
     select id, sd_id, 'Done.', $2, $3 from public.exec_implementation_sessions where id = $1`,
    [id, status, createdAt],
  );

const moves = stateMachines.exec_session.transitions.filter(({ event, from }) => from !== null && event !== "complete");

describe("an event of a session", () => {
  it.each(moves)("$event takes it from $from to $to", async ({ event, from, to }) => {
    const id = await rows.exec_session.insert(database, from);
    const bystander = await rows.exec_session.insert(database, from);
    if (event === "reopen") await handOver(id, "rejected");
    const [before, untouched] = [await sessionRow(id), await sessionRow(bystander)];
    const answer = await moveSession(database, event, id, { reason: "as agreed", attempt: 1 });
    const row = await sessionRow(id);
    expect(answer).toEqual({ session: row, attempt: to === "active" ? 2 : 1, from });
    expect(row).toEqual({
      ...before,
      status: to,
      attempt: to === "active" ? 2 : 1,
      completed_at: ["failed", "cancelled"].includes(to) ? row?.updated_at : null,
      updated_at: row?.updated_at,
    });
    expect(row?.updated_at).not.toBe(before?.updated_at);
    expect((await historyOf(database, id)).at(-1)).toEqual({
      machine: "exec_session",
      event,
      from_status: from,
      to_status: to,
      actor: "secret:test",
      reason: "as agreed",
      request_id: "request-1",
      sd_id: before?.sd_id,
    });
    expect(await sessionRow(bystander)).toEqual(untouched);
  });

  it("is recorded with its reason, without the secrets in it", async () => {
    const id = await rows.exec_session.insert(database, "active");
    await moveSession(database, "fail", id, { reason: "no login with password=hunter2 at the host" });
    expect((await historyOf(database, id)).at(-1)).toMatchObject({
      event: "fail",
      reason: "no login with password=*** at the host",
    });
  });

  const events = [...new Set(moves.map(({ event }) => event))];
  const illegal = stateMachines.exec_session.statuses.flatMap((from) =>
    events
      .filter((event) => !moves.some((move) => move.event === event && move.from === from))
      .map((event) => ({ event, from })),
  );

  it.each(illegal)("$event is refused while it is $from", async ({ event, from }) => {
    const id = await rows.exec_session.insert(database, from);
    const before = await sessionRow(id);
    const allowed = stateMachines.exec_session.transitions
      .filter((transition) => transition.from === from)
      .map((transition) => transition.event);
    expect(await moveSession(database, event, id, { reason: "as agreed" })).toEqual({
      refusal: { code: "illegal_transition", current: from, event, allowed },
    });
    expect(await sessionRow(id)).toEqual(before);
    expect(await historyOf(database, id)).toHaveLength(1);
  });

  it.each(events)("%s is refused without a session", async (event) => {
    const id = randomUUID();
    expect(await moveSession(database, event, id)).toEqual({
      refusal: { code: "not_found", entity: "exec_session", id },
    });
  });

  it("is refused of an attempt that is over", async () => {
    const id = await rows.exec_session.insert(database, "active");
    await moveSession(database, "pause", id);
    await moveSession(database, "resume", id);
    expect(await moveSession(database, "fail", id, { attempt: 1, reason: "no heartbeat" })).toEqual({
      refusal: { code: "stale_attempt", attempt: 2 },
    });
    expect(await moveSession(database, "fail", id, { attempt: 2, reason: "no heartbeat" })).toMatchObject({
      session: { status: "failed" },
    });
  });

  it.each(moves)("$event is refused where another session of the directive is $to", async ({ event, from, to }) => {
    const id = await rows.exec_session.insert(database, from);
    if (event === "reopen") await handOver(id, "rejected");
    const [other] = await database.query<{ id: string }>(
      `insert into public.exec_implementation_sessions (sd_id, implementation_type, status)
       values ($1, 'UI_COMPONENT', $2) returning id`,
      [await sdOf(id), to],
    );
    const before = await sessionRow(id);
    expect(await moveSession(database, event, id, { reason: "as agreed" })).toMatchObject({
      refusal: { code: "status_taken", id: other?.id, status: to },
    });
    expect(await sessionRow(id)).toEqual(before);
  });
});

describe("a directive is not bricked", () => {
  it("by a session that fails again and again", async () => {
    const { id } = await startedSession(database);
    for (const reason of ["first", "second", "third"]) {
      expect(await moveSession(database, "fail", id, { reason })).toMatchObject({ session: { status: "failed" } });
      expect(await moveSession(database, "retry", id)).toMatchObject({ session: { completed_at: null } });
    }
    const failures = (await historyOf(database, id)).filter(({ event }) => event === "fail");
    expect(failures.map(({ reason }) => reason)).toEqual(["first", "second", "third"]);
    expect(await sessionRow(id)).toMatchObject({ status: "active", attempt: 4 });
  });

  it("by a retry, which keeps the checkpoints as they are", async () => {
    const { id } = await startedSession(database);
    await completeCheckpoints(database, id, 77);
    const checkpoints = () =>
      database.query("select * from public.exec_quality_checkpoints where session_id = $1 order by id", [id]);
    const before = await checkpoints();
    await moveSession(database, "cancel", id, { reason: "later" });
    await moveSession(database, "retry", id);
    expect(await checkpoints()).toEqual(before);
    expect((await complete(database, id)).session).toMatchObject({ status: "completed", quality_score: 77 });
  });
});

describe("reopen", () => {
  let id: string;

  beforeEach(async () => {
    ({ id } = await startedSession(database));
    await completeCheckpoints(database, id, 80);
    await complete(database, id);
  });

  it("takes the directive back to EXEC_IMPLEMENTATION", async () => {
    await handOver(id, "rejected");
    expect(await phaseOf(id)).toBe("PLAN_VERIFY");
    expect(await moveSession(database, "reopen", id)).toMatchObject({ session: { completed_at: null, attempt: 2 } });
    expect(await phaseOf(id)).toBe("EXEC_IMPLEMENTATION");
  });

  it("is refused without a hand-off", async () => {
    expect(await moveSession(database, "reopen", id)).toEqual({
      refusal: {
        code: "illegal_transition",
        current: "completed",
        event: "reopen",
        allowed: [],
        handoff: null,
        detail: "A session is reopened after its hand-off was rejected; there is none.",
      },
    });
  });

  it.each(stateMachines.handoff.statuses.filter((status) => status !== "rejected"))(
    "is refused while the latest hand-off is %s, though an earlier one was rejected",
    async (status) => {
      await handOver(id, "rejected", "2026-01-01");
      await handOver(id, status);
      expect(await moveSession(database, "reopen", id)).toMatchObject({
        refusal: {
          code: "illegal_transition",
          current: "completed",
          handoff: { status },
          detail: expect.stringContaining(`there is one that is ${status}`),
        },
      });
    },
  );

  it.each(stateMachines.handoff.statuses.filter((status) => status !== "rejected"))(
    "is refused while an earlier hand-off, revised after the latest was rejected, is %s",
    async (status) => {
      await handOver(id, status, "2026-01-01");
      await handOver(id, "rejected");
      expect(await moveSession(database, "reopen", id)).toMatchObject({
        refusal: { code: "illegal_transition", current: "completed", handoff: { status } },
      });
    },
  );

  it("waits for a hand-off that is being revised, and is then refused", async () => {
    await handOver(id, "rejected");
    const [one, other] = [await database.connect(), await database.connect()];
    await one.query("begin");
    await one.query("update public.exec_handoff_preparations set handoff_status = 'preparing' where session_id = $1", [
      id,
    ]);
    const pid = await pidOf(other);
    const reopening = moveSession(other, "reopen", id);
    await untilBlocked(database, pid);
    await one.query("commit");
    expect((await reopening).refusal).toMatchObject({ code: "illegal_transition", handoff: { status: "preparing" } });
  });
});

describe("an update of a session", () => {
  const evidence = {
    implementation_progress: 60,
    pre_impl_checklist: { read: true },
    sub_agent_results: [{ agent: "tester" }],
    test_coverage_pct: 71,
    performance_metrics: { p95: 3 },
    security_scan_results: { high: 0 },
    accessibility_audit: { violations: 0 },
    before_screenshots: ["https://example.test/1.png"],
    after_screenshots: [],
    demo_urls: ["https://example.test/demo"],
  };

  const update = (connection: TestDatabase | pg.ClientBase, id: string, request: object) =>
    call(connection, "update_exec_session", id, request, "update");

  it("keeps progress and evidence, and nothing that is not theirs to say", async () => {
    const id = await rows.exec_session.insert(database, "active");
    const before = await sessionRow(id);
    const answer = await update(database, id, { ...evidence, attempt: 1, status: "completed", quality_score: 100 });
    const row = await sessionRow(id);
    expect(row).toEqual({ ...before, ...evidence, updated_at: row?.updated_at });
    expect(answer).toEqual({ session: row, attempt: 1 });
    expect(await historyOf(database, id)).toHaveLength(1);
  });

  it("leaves what is not given as it was", async () => {
    const id = await rows.exec_session.insert(database, "active");
    await update(database, id, evidence);
    const { session } = await update(database, id, { implementation_progress: 61, demo_urls: null });
    expect(session).toMatchObject({ ...evidence, implementation_progress: 61 });
  });

  it.each(stateMachines.exec_session.statuses.filter((status) => status !== "active"))(
    "is refused while it is %s",
    async (status) => {
      const id = await rows.exec_session.insert(database, status);
      const before = await sessionRow(id);
      expect(await update(database, id, evidence)).toMatchObject({
        refusal: { code: "illegal_transition", current: status, event: "update" },
      });
      expect(await sessionRow(id)).toEqual(before);
    },
  );

  it("is refused without a session, and of an attempt that is over", async () => {
    const nobody = randomUUID();
    expect(await update(database, nobody, evidence)).toEqual({
      refusal: { code: "not_found", entity: "exec_session", id: nobody },
    });
    const id = await rows.exec_session.insert(database, "active");
    expect(await update(database, id, { ...evidence, attempt: 9 })).toEqual({
      refusal: { code: "stale_attempt", attempt: 1 },
    });
  });
});

describe("complete against cancel", () => {
  it("has one winner; the other is told what the session has become", async () => {
    const [one, other] = [await database.connect(), await database.connect()];
    const winners = new Set<unknown>();
    for (let round = 0; round < 40; round += 1) {
      const { id } = await startedSession(database);
      await completeCheckpoints(database, id, 80);
      const race = [() => complete(one, id), () => moveSession(other, "cancel", id, { reason: "no longer needed" })];
      if (round % 2) race.reverse();
      const answers = await Promise.all(race.map((run) => run()));
      const [winner] = answers.map(({ session }) => session?.status).filter((status) => status);
      const [refusal] = answers.flatMap((answer) => answer.refusal ?? []);
      expect(refusal).toMatchObject({ code: "illegal_transition", current: winner });
      expect((await sessionRow(id))?.status).toBe(winner);
      expect(await historyOf(database, id)).toHaveLength(2);
      winners.add(winner);
    }
    expect([...winners].sort()).toEqual(["cancelled", "completed"]);
  });
});
