import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stateMachines } from "../../types/state-machines.ts";
import { completeCheckpoints } from "../functions/support/directives.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { complete, startedSession } from "./events.ts";
import { call, historyOf, moveSession, rows } from "./machines.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const checkpointRow = async (id: string) =>
  (
    await database.query<{ checkpoint: Record<string, unknown> }>(
      "select to_jsonb(c) as checkpoint from public.exec_quality_checkpoints c where id = $1",
      [id],
    )
  )[0]?.checkpoint;

const sessionOf = async (id: string) => String((await checkpointRow(id))?.session_id);

const move = (event: string, id: string, request: object = {}) =>
  call(database, "move_quality_checkpoint", id, request, event);

const finding = { score: 87, evidence_url: "https://example.test/report", notes: "seen" };

describe("a checkpoint", () => {
  it("is completed with score, evidence and who did it", async () => {
    const id = await rows.quality_checkpoint.insert(database, "incomplete");
    const before = await checkpointRow(id);
    const answer = await move("complete", id, { ...finding, attempt: 1 });
    const row = await checkpointRow(id);
    expect(answer).toEqual({ checkpoint: row, from: "incomplete" });
    expect(row).toEqual({
      ...before,
      is_complete: true,
      score: 87,
      evidence_url: "https://example.test/report",
      completion_notes: "seen",
      completed_at: row?.updated_at,
      completed_by: "secret:test",
      updated_at: row?.updated_at,
    });
    expect((await historyOf(database, id)).at(-1)).toEqual({
      machine: "quality_checkpoint",
      event: "complete",
      from_status: "incomplete",
      to_status: "complete",
      actor: "secret:test",
      reason: null,
      request_id: "request-1",
      sd_id: before?.sd_id,
    });
  });

  it("is completed with a score alone", async () => {
    const id = await rows.quality_checkpoint.insert(database, "incomplete");
    await move("complete", id, { score: 0 });
    expect(await checkpointRow(id)).toMatchObject({ is_complete: true, score: 0, evidence_url: null });
  });

  it("is reopened with a reason; what was found stays on record", async () => {
    const id = await rows.quality_checkpoint.insert(database, "incomplete");
    await move("complete", id, finding);
    expect(await move("reopen", id, { reason: "flaky" })).toMatchObject({
      checkpoint: { is_complete: false, completed_at: null, completed_by: null, score: 87, completion_notes: "seen" },
      from: "complete",
    });
    expect((await historyOf(database, id)).at(-1)).toMatchObject({ event: "reopen", reason: "flaky" });
  });

  it("is waived with a reason, and no longer keeps its session from being completed", async () => {
    const id = await rows.quality_checkpoint.insert(database, "incomplete");
    const sessionId = await sessionOf(id);
    expect((await complete(database, sessionId)).refusal).toMatchObject({ code: "gates_incomplete" });
    expect(await move("waive", id, { reason: "does not apply" })).toMatchObject({
      checkpoint: { is_required: false, is_complete: false },
      from: "incomplete",
    });
    expect((await historyOf(database, id)).at(-1)).toMatchObject({
      event: "waive",
      from_status: "incomplete",
      to_status: "incomplete",
      reason: "does not apply",
    });
    expect((await complete(database, sessionId)).session).toMatchObject({ status: "completed" });
  });

  it("changes alone", async () => {
    const { id: sessionId } = await startedSession(database);
    const [own, ...others] = await database.query<{ id: string }>(
      "select id from public.exec_quality_checkpoints where session_id = $1",
      [sessionId],
    );
    for (const [event, request] of [
      ["waive", { reason: "does not apply" }],
      ["complete", finding],
      ["reopen", { reason: "flaky" }],
    ] as const) {
      await move(event, own?.id ?? "", request);
    }
    for (const { id } of others) {
      expect(await checkpointRow(id)).toMatchObject({ is_complete: false, is_required: true, score: 0 });
      expect(await historyOf(database, id)).toHaveLength(1);
    }
  });

  it("changes also while its session is paused", async () => {
    const id = await rows.quality_checkpoint.insert(database, "incomplete");
    await moveSession(database, "pause", await sessionOf(id));
    expect(await move("complete", id, finding)).toMatchObject({ checkpoint: { is_complete: true } });
  });
});

describe("an event of a checkpoint is refused", () => {
  const { transitions, statuses, events } = stateMachines.quality_checkpoint;
  const illegal = statuses.flatMap((from) =>
    events
      .filter((event) => !transitions.some((rule) => rule.event === event && rule.from === from))
      .map((event) => ({ event, from })),
  );

  it.each(illegal)("$event while it is $from", async ({ event, from }) => {
    const id = await rows.quality_checkpoint.insert(database, from);
    const before = await checkpointRow(id);
    const allowed = transitions.filter((rule) => rule.from === from).map((rule) => rule.event);
    expect(await move(event, id, { ...finding, reason: "as agreed" })).toEqual({
      refusal: { code: "illegal_transition", current: from, event, allowed },
    });
    expect(await checkpointRow(id)).toEqual(before);
    expect(await historyOf(database, id)).toHaveLength(1);
  });

  it.each(["completed", "failed", "cancelled"])("while its session is %s", async (status) => {
    const id = await rows.quality_checkpoint.insert(database, "complete");
    const sessionId = await sessionOf(id);
    await database.query("update public.exec_implementation_sessions set status = $2 where id = $1", [
      sessionId,
      status,
    ]);
    const before = await checkpointRow(id);
    for (const event of events) {
      expect(await move(event, id, { ...finding, reason: "as agreed" })).toMatchObject({
        refusal: {
          code: "illegal_transition",
          current: status,
          event,
          allowed: [],
          session: { id: sessionId, status },
          detail: expect.stringContaining(`is ${status}`),
        },
      });
    }
    expect(await checkpointRow(id)).toEqual(before);
  });

  it("if there is no such checkpoint", async () => {
    const id = randomUUID();
    expect(await move("waive", id, { reason: "x" })).toEqual({
      refusal: { code: "not_found", entity: "quality_checkpoint", id },
    });
  });

  it("of an attempt of the session that is over", async () => {
    const id = await rows.quality_checkpoint.insert(database, "incomplete");
    for (const event of ["pause", "resume"]) await moveSession(database, event, await sessionOf(id));
    expect(await move("complete", id, { ...finding, attempt: 1 })).toEqual({
      refusal: { code: "stale_attempt", attempt: 2 },
    });
  });
});

describe("completing a session against reopening one of its checkpoints", () => {
  it("never ends completed with an incomplete required checkpoint, in 200 rounds", async () => {
    const [one, other] = [await database.connect(), await database.connect()];
    for (let round = 0; round < 200; round += 1) {
      const { id } = await startedSession(database, {
        implementation_type: "GENERAL_FEATURE",
        quality_gates: ["lint"],
      });
      await completeCheckpoints(database, id, 80);
      const [gate] = await database.query<{ id: string }>(
        "select id from public.exec_quality_checkpoints where session_id = $1",
        [id],
      );
      const race = [
        () => complete(one, id),
        () => call(other, "move_quality_checkpoint", gate?.id ?? "", { reason: "flaky" }, "reopen"),
      ];
      if (round % 2) race.reverse();
      const answers = await Promise.all(race.map((run) => run()));
      expect(answers.filter(({ refusal }) => refusal)).toHaveLength(1);
    }
    expect(
      await database.query(
        `select gate.id from leo.incomplete_gates gate
         join public.exec_implementation_sessions s on s.id = gate.session_id where s.status = 'completed'`,
      ),
    ).toEqual([]);
  });
});
