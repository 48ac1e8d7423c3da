import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stateMachines } from "../../types/state-machines.ts";
import { completeCheckpoints } from "../functions/support/directives.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { complete, context, startedSession } from "./events.ts";
import { answer, call, historyOf, type MoveAnswer, rows } from "./machines.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const handoffRow = async (id: string) =>
  (
    await database.query<{ handoff: Record<string, unknown> }>(
      "select to_jsonb(h) as handoff from public.exec_handoff_preparations h where id = $1",
      [id],
    )
  )[0]?.handoff;

const prepare = (request: object) =>
  answer(database, "select leo.prepare_handoff($1, $2) as answer", [request, { ...context, event: "prepare" }]);

/** Asks for an event as the one who prepares, or as somebody else. */
const move = (event: string, id: string, request: object = {}, actor = "secret:builder") =>
  call(database, "move_handoff", id, request, event, actor);

const verifier = "user:0d000000-0000-4000-8000-000000000001";

async function completedSession(): Promise<string> {
  const { id } = await startedSession(database);
  await completeCheckpoints(database, id, 80);
  await complete(database, id);
  return id;
}

const content = {
  implementation_summary: "All of it.",
  quality_metrics: { score: 80 },
  deliverables_manifest: ["app.tar.gz"],
  known_issues: ["none worth a word"],
  demo_url: "https://example.test/demo",
};

/** A hand-off of a completed session, brought to a status by its events. */
async function handoffAt(status: "preparing" | "ready" | "sent" | "accepted" | "rejected"): Promise<string> {
  const { handoff } = await prepare({ session_id: await completedSession(), ...content });
  const id = String(handoff?.id);
  const way = { preparing: [], ready: ["ready"], sent: ["ready", "send"], accepted: ["ready", "send", "accept"] };
  for (const event of status === "rejected" ? [...way.sent, "reject"] : way[status]) {
    const answers = ["accept", "reject"].includes(event);
    const { refusal } = await move(event, id, { reason: "not yet" }, answers ? verifier : undefined);
    if (refusal) throw new Error(`${event}: ${refusal.code}`);
  }
  return id;
}

describe("prepare", () => {
  it("makes a hand-off of the session and its directive", async () => {
    const sessionId = await completedSession();
    const { handoff } = await prepare({
      session_id: sessionId,
      ...content,
      sd_id: "other",
      handoff_status: "accepted",
    });
    expect(handoff).toEqual(await handoffRow(String(handoff?.id)));
    expect(handoff).toMatchObject({ ...content, session_id: sessionId, handoff_status: "preparing", sent_at: null });
    expect(handoff?.sd_id).toMatch(/^SD-/);
    expect(handoff?.sd_id).not.toBe("other");
    expect(await historyOf(database, String(handoff?.id))).toMatchObject([
      { event: "prepare", from_status: null, to_status: "preparing", actor: "secret:test", sd_id: handoff?.sd_id },
    ]);
  });

  it("needs nothing but the session, at work or not", async () => {
    const { id } = await startedSession(database);
    const { handoff } = await prepare({ session_id: id });
    expect(handoff).toMatchObject({ implementation_summary: "", quality_metrics: {}, deliverables_manifest: null });
  });

  it.each([
    ["preparing", "ready", ["ready"]],
    ["ready", "send", ["revise", "send"]],
    ["sent", null, ["accept", "reject"]],
    ["accepted", null, []],
  ] as const)("is refused while the session has one that is %s", async (status, use, allowed) => {
    const id = await handoffAt(status);
    const sessionId = (await handoffRow(id))?.session_id;
    expect(await prepare({ session_id: sessionId, ...content })).toEqual({
      refusal: { code: "handoff_open", id, status, use, allowed },
    });
  });

  it("is open again after a rejection", async () => {
    const id = await handoffAt("rejected");
    const { handoff } = await prepare({ session_id: (await handoffRow(id))?.session_id });
    expect(handoff).toMatchObject({ handoff_status: "preparing" });
  });

  it("is refused without a session", async () => {
    const id = randomUUID();
    expect(await prepare({ session_id: id })).toEqual({ refusal: { code: "not_found", entity: "exec_session", id } });
  });

  it("by many at once makes one hand-off", async () => {
    const clients = await Promise.all(Array.from({ length: 8 }, () => database.connect()));
    for (let round = 0; round < 5; round += 1) {
      const request = { session_id: await completedSession() };
      const answers = await Promise.all(
        clients.map((client) => answer(client, "select leo.prepare_handoff($1, $2) as answer", [request, context])),
      );
      const [winner] = answers.map(({ handoff }) => handoff).filter((handoff) => handoff);
      const refusals = answers.flatMap(({ refusal }) => refusal ?? []);
      expect(refusals).toHaveLength(7);
      for (const refusal of refusals) expect(refusal).toMatchObject({ code: "handoff_open", id: winner?.id });
    }
  });
});

describe("an update of a hand-off", () => {
  const update = (id: string, request: object): Promise<MoveAnswer> =>
    call(database, "update_handoff", id, request, "update");

  it("changes what it says while it is prepared, and nothing else", async () => {
    const id = await handoffAt("preparing");
    const before = await handoffRow(id);
    const changes = { implementation_summary: "More.", test_results: { passed: 9 }, deliverables_manifest: ["a", "b"] };
    const { handoff } = await update(id, { ...changes, demo_url: null, handoff_status: "accepted" });
    expect(handoff).toEqual({ ...before, ...changes, updated_at: handoff?.updated_at });
    expect(await handoffRow(id)).toEqual(handoff);
    expect(await historyOf(database, id)).toHaveLength(1);
  });

  it.each(["ready", "sent", "accepted", "rejected"] as const)("is refused while it is %s", async (status) => {
    const id = await handoffAt(status);
    const before = await handoffRow(id);
    expect(await update(id, { implementation_summary: "More." })).toMatchObject({
      refusal: { code: "illegal_transition", current: status, event: "update" },
    });
    expect(await handoffRow(id)).toEqual(before);
  });
});

describe("an event of a hand-off", () => {
  const { transitions, statuses, events } = stateMachines.handoff;
  const moves = transitions.filter(({ from }) => from !== null);

  it.each(moves)("$event takes it from $from to $to", async ({ event, from, to }) => {
    const id = await handoffAt(from ?? "preparing");
    const before = await handoffRow(id);
    const answered = ["accept", "reject"].includes(event);
    const result = await move(event, id, { reason: "as agreed" }, answered ? verifier : "secret:builder");
    const row = await handoffRow(id);
    expect(result).toEqual({ handoff: row, from });
    const times = {
      ready: { sent_at: null, response_at: null },
      revise: { sent_at: null, response_at: null },
      send: { sent_at: row?.updated_at, response_at: null },
      answer: { sent_at: before?.sent_at, response_at: row?.updated_at },
    };
    expect(row).toEqual({
      ...before,
      handoff_status: to,
      updated_at: row?.updated_at,
      ...times[answered ? "answer" : (event as "ready" | "revise" | "send")],
    });
    expect((await historyOf(database, id)).at(-1)).toMatchObject({
      event,
      from_status: from,
      to_status: to,
      actor: answered ? verifier : "secret:builder",
      reason: "as agreed",
    });
  });

  const illegal = statuses.flatMap((from) =>
    events
      .filter((event) => event !== "prepare" && !moves.some((rule) => rule.event === event && rule.from === from))
      .map((event) => ({ event, from })),
  );

  it.each(illegal)("$event is refused while it is $from", async ({ event, from }) => {
    const id = await handoffAt(from);
    const before = await handoffRow(id);
    const length = (await historyOf(database, id)).length;
    const allowed = moves.filter((rule) => rule.from === from).map((rule) => rule.event);
    expect(await move(event, id, { reason: "as agreed" }, verifier)).toEqual({
      refusal: { code: "illegal_transition", current: from, event, allowed },
    });
    expect(await handoffRow(id)).toEqual(before);
    expect(await historyOf(database, id)).toHaveLength(length);
  });

  it.each(events.filter((event) => event !== "prepare"))("%s is refused without a hand-off", async (event) => {
    const id = randomUUID();
    expect(await move(event, id)).toEqual({ refusal: { code: "not_found", entity: "handoff", id } });
  });
});

describe("a hand-off", () => {
  it.each([
    ["a summary", { implementation_summary: " \n\t" }, ["implementation_summary"]],
    ["a deliverable", { deliverables_manifest: [] }, ["deliverables_manifest"]],
    ["a deliverable that is not blank", { deliverables_manifest: ["", "  "] }, ["deliverables_manifest"]],
    [
      "both",
      { implementation_summary: "", deliverables_manifest: [] },
      ["implementation_summary", "deliverables_manifest"],
    ],
  ])("is not ready without %s", async (_title, missing, paths) => {
    const { handoff } = await prepare({ session_id: await completedSession(), ...content, ...missing });
    const { refusal } = await move("ready", String(handoff?.id));
    expect(refusal).toMatchObject({ code: "invalid_request" });
    const issues = paths.map((path) => ({ path: [path], message: expect.stringContaining("The hand-off") }));
    expect(refusal?.issues).toEqual(issues);
    expect(await handoffRow(String(handoff?.id))).toEqual(handoff);
  });

  it("is not sent before its session is completed", async () => {
    const { id: sessionId } = await startedSession(database);
    const { handoff } = await prepare({ session_id: sessionId, ...content });
    const id = String(handoff?.id);
    await move("ready", id);
    expect(await move("send", id)).toEqual({
      refusal: {
        code: "illegal_transition",
        current: "ready",
        event: "send",
        allowed: ["revise"],
        session: { id: sessionId, status: "active" },
        detail: "A hand-off is sent once its session is completed; that is active.",
      },
    });
    expect((await handoffRow(id))?.sent_at).toBeNull();
  });

  it.each(["accept", "reject"])("is not answered by who sent it (%s)", async (event) => {
    const id = await handoffAt("sent");
    const before = await handoffRow(id);
    expect(await move(event, id, { reason: "fine" })).toEqual({
      refusal: {
        code: "same_actor",
        actor: "secret:builder",
        detail: `secret:builder sent this hand-off; somebody else has to ${event} it.`,
      },
    });
    expect(await handoffRow(id)).toEqual(before);
  });

  it("is answered by who sent it the time before", async () => {
    const id = await handoffAt("rejected");
    for (const event of ["revise", "ready", "send"]) await move(event, id, {}, verifier);
    expect(await move("accept", id, {}, verifier)).toMatchObject({ refusal: { code: "same_actor", actor: verifier } });
    expect(await move("accept", id)).toMatchObject({ handoff: { handoff_status: "accepted" } });
  });

  it("is not answered by a role that sent it by SQL", async () => {
    const id = await handoffAt("ready");
    await database.query("update public.exec_handoff_preparations set handoff_status = 'sent' where id = $1", [id]);
    expect(await move("accept", id, {}, "postgres")).toMatchObject({ refusal: { code: "same_actor" } });
    expect(await move("accept", id)).toMatchObject({ handoff: { handoff_status: "accepted" } });
  });

  it("is answered by anybody if it was sent before there was a history", async () => {
    const id = await rows.handoff.insert(database, "sent");
    await database.query("delete from public.state_transitions where entity_id = $1", [id]);
    expect(await move("accept", id)).toMatchObject({ handoff: { handoff_status: "accepted" } });
  });
});
