import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { execHandoffAnswer } from "../../types/contracts/exec-handoffs.ts";
import { execSessionAnswer, execSessionMoved } from "../../types/contracts/exec-sessions.ts";
import { qualityCheckpointAnswer } from "../../types/contracts/quality-checkpoints.ts";
import { completeCheckpoints, createDirective } from "../functions/support/directives.ts";
import { expectProblem } from "../functions/support/problems.ts";
import { type Api, answerOf, startApi } from "./support/api.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stack.stop());

async function start(request: Record<string, unknown> = {}) {
  const sd_id = await createDirective(api.stack.database);
  const body = { sd_id, implementation_type: "UI_COMPONENT", ...request };
  return answerOf(execSessionAnswer, api.post("exec-sessions", body), 201);
}

const move = (id: string, event: string, body?: Record<string, unknown>) =>
  answerOf(execSessionMoved, api.post(`exec-sessions/${id}/${event}`, body));

/** Brings a session to completed, or to where its hand-off was rejected. */
async function complete(id: string) {
  await completeCheckpoints(api.stack.database, id, 80);
  return answerOf(execSessionAnswer, api.post(`exec-sessions/${id}/complete`));
}

async function rejectHandoff(session_id: string): Promise<void> {
  const content = { implementation_summary: "What was built", deliverables_manifest: ["it"] };
  const { handoff } = await answerOf(execHandoffAnswer, api.post("exec-handoffs", { session_id, ...content }), 201);
  const step = (event: string, label: string, body?: Record<string, unknown>) =>
    answerOf(execHandoffAnswer, api.post(`exec-handoffs/${handoff.id}/${event}`, body, { label }));
  await step("ready", "builder");
  await step("send", "builder");
  await step("reject", "verifier", { reason: "it does not work" });
}

describe("scores of a completed session", () => {
  type Gate = { name: string; score?: number | null; fate?: "waived" };

  test.each<[string, Gate[], Record<string, number>]>([
    [
      "are rounded means of its checkpoints, by type",
      [
        { name: "CODE_QUALITY", score: 70 },
        { name: "code review", score: 81 },
        { name: "SECURITY", score: 90 },
        { name: "PERFORMANCE", score: 33 },
        { name: "ACCESSIBILITY", score: 100 },
      ],
      {
        quality_score: 75,
        code_quality_score: 76,
        security_score: 90,
        performance_score: 33,
        ux_accessibility_score: 100,
      },
    ],
    [
      "stay as they were for types that it has no checkpoint of",
      [{ name: "TESTING", score: 60 }],
      {
        quality_score: 60,
        code_quality_score: 0,
        security_score: 0,
        performance_score: 0,
        ux_accessibility_score: 0,
      },
    ],
    [
      "leave out a checkpoint without a score, and one that was waived",
      [
        { name: "SECURITY", score: 50 },
        { name: "auth", score: null },
        { name: "PERFORMANCE", fate: "waived" },
      ],
      { quality_score: 50, code_quality_score: 0, security_score: 50, performance_score: 0, ux_accessibility_score: 0 },
    ],
    [
      "are left alone where there is no score at all",
      [{ name: "SECURITY", score: null }],
      { quality_score: 0, code_quality_score: 0, security_score: 0, performance_score: 0, ux_accessibility_score: 0 },
    ],
  ])("%s", async (_what, gates, scores) => {
    const { session, checkpoints } = await start({ quality_gates: gates.map(({ name }) => name) });
    for (const { name, score, fate } of gates) {
      const id = checkpoints.find(({ checkpoint_name }) => checkpoint_name === name)?.id;
      const [event, body] = fate === "waived" ? ["waive", { reason: "no time" }] : ["complete", { score: score ?? 0 }];
      await answerOf(qualityCheckpointAnswer, api.post(`quality-checkpoints/${id}/${event}`, body));
      if (score !== null) continue;
      await api.stack.database.query("update public.exec_quality_checkpoints set score = null where id = $1", [id]);
    }
    const answer = await answerOf(execSessionAnswer, api.post(`exec-sessions/${session.id}/complete`));
    expect(answer.session).toMatchObject({ ...scores, implementation_progress: 100 });
  });
});

describe("the strategic directive", () => {
  const phaseOf = async (id: string) => {
    const { current_phase, phase_progress, progress_percentage, is_working_on, active_session_id } = await api.row(
      "strategic_directives_v2",
      id,
    );
    return { current_phase, phase_progress, progress_percentage, is_working_on, active_session_id };
  };

  test("goes on to be verified when its session is completed, and back when that is reopened", async () => {
    const { session } = await start();
    await api.stack.database.query(
      "update public.strategic_directives_v2 set is_working_on = true, active_session_id = 'x' where id = $1",
      [session.sd_id],
    );
    await complete(session.id);
    expect(await phaseOf(session.sd_id)).toEqual({
      current_phase: "PLAN_VERIFY",
      phase_progress: 0,
      progress_percentage: 70,
      is_working_on: false,
      active_session_id: null,
    });
    await rejectHandoff(session.id);
    await move(session.id, "reopen");
    expect(await phaseOf(session.sd_id)).toMatchObject({ current_phase: "EXEC_IMPLEMENTATION" });
  });

  test("does not move back from LEAD_FINAL", async () => {
    const { session } = await start();
    await complete(session.id);
    await rejectHandoff(session.id);
    await api.stack.database.query(
      "update public.strategic_directives_v2 set current_phase = 'LEAD_FINAL', progress_percentage = 95 where id = $1",
      [session.sd_id],
    );
    const before = await phaseOf(session.sd_id);
    await move(session.id, "reopen");
    await complete(session.id);
    expect(await phaseOf(session.sd_id)).toEqual(before);
  });
});

describe("completed_at", () => {
  test.each(["fail", "cancel"])("is set by %s and cleared by retry", async (event) => {
    const { session } = await start();
    const ended = await move(session.id, event, { reason: "it broke" });
    expect(ended.session.completed_at).toEqual(ended.session.updated_at);
    expect((await move(session.id, "retry")).session.completed_at).toBeNull();
  });

  test("is set by complete and cleared by reopen", async () => {
    const { session } = await start();
    expect((await complete(session.id)).session.completed_at).not.toBeNull();
    await rejectHandoff(session.id);
    expect((await move(session.id, "reopen")).session.completed_at).toBeNull();
  });
});

describe("a second failure", () => {
  test("is recorded after a retry like the first, and the directive is never bricked", async () => {
    const { session } = await start();
    for (const attempt of [2, 3, 4]) {
      await move(session.id, "fail", { reason: `failure ${attempt - 1}` });
      const again = { sd_id: session.sd_id, implementation_type: "UI_COMPONENT" };
      const problem = await expectProblem(await api.post("exec-sessions", again), "session_exists");
      expect(problem).toMatchObject({ id: session.id, current: "failed", use: "retry" });
      const retried = await move(session.id, "retry");
      expect(retried).toMatchObject({ attempt, session: { status: "active", attempt } });
    }
    const failures = await api.stack.database.query<{ reason: string }>(
      "select reason from public.state_transitions where entity_id = $1 and event = 'fail' order by id",
      [session.id],
    );
    expect(failures.map(({ reason }) => reason)).toEqual(["failure 1", "failure 2", "failure 3"]);
    expect((await complete(session.id)).session.status).toBe("completed");
  });

  test("leaves the checkpoints in the state that they had", async () => {
    const { session, checkpoints } = await start();
    await answerOf(
      qualityCheckpointAnswer,
      api.post(`quality-checkpoints/${checkpoints[0]?.id}/complete`, { score: 55 }),
    );
    await move(session.id, "fail", { reason: "it broke" });
    await move(session.id, "retry");
    expect(await api.row("exec_quality_checkpoints", checkpoints[0]?.id ?? "")).toMatchObject({
      is_complete: true,
      score: 55,
    });
  });
});

describe("where another row of the directive holds the status", () => {
  test.each([
    ["pause", "active", "paused"],
    ["resume", "paused", "active"],
    ["complete", "active", "completed"],
    ["fail", "active", "failed"],
    ["cancel", "paused", "cancelled"],
    ["retry", "failed", "active"],
    ["reopen", "completed", "active"],
  ])("%s is refused with the id of that row", async (event, from, to) => {
    const { database } = api.stack;
    const sd_id = await createDirective(database);
    const insert = async (status: string) => {
      const [row] = await database.query<{ id: string }>(
        `insert into public.exec_implementation_sessions (sd_id, implementation_type, status)
         values ($1, 'UI_COMPONENT', $2) returning id`,
        [sd_id, status],
      );
      return row?.id ?? "";
    };
    const id = await insert(from);
    await completeCheckpoints(database, id, 80);
    await database.query(
      `insert into public.exec_handoff_preparations (session_id, sd_id, implementation_summary, handoff_status)
       values ($1, $2, '-', 'rejected')`,
      [id, sd_id],
    );
    const holder = await insert(to);
    const before = await api.row("exec_implementation_sessions", id);
    const body = ["fail", "cancel"].includes(event) ? { reason: "it broke" } : {};
    const problem = await expectProblem(await api.post(`exec-sessions/${id}/${event}`, body), "status_taken");
    expect(problem).toMatchObject({ id: holder, current: to });
    expect(problem.detail).toContain(holder);
    expect(await api.row("exec_implementation_sessions", id)).toEqual(before);
  });
});

describe("attempts", () => {
  test("are counted by start, resume, retry and reopen, and nothing else", async () => {
    const { session, attempt } = await start();
    const attempts = [attempt];
    const count = (answer: { attempt: number }) => attempts.push(answer.attempt);
    count(await move(session.id, "pause"));
    count(await move(session.id, "resume"));
    count(await move(session.id, "cancel", { reason: "not now" }));
    count(await move(session.id, "retry"));
    count(await complete(session.id));
    await rejectHandoff(session.id);
    count(await move(session.id, "reopen"));
    expect(attempts).toEqual([1, 1, 2, 2, 3, 3, 4]);
  });

  test.each([
    ["pause", "active", {}],
    ["resume", "paused", {}],
    ["complete", "active", {}],
    ["fail", "active", { reason: "it broke" }],
    ["cancel", "paused", { reason: "not now" }],
    ["retry", "failed", {}],
    ["reopen", "completed", {}],
  ])("that are over may not %s", async (event, state, body) => {
    const { session, checkpoints } = await start();
    // The work of attempt 1, which was thought dead, goes on while attempt 2 has begun.
    await move(session.id, "pause");
    await move(session.id, "resume");
    if (state === "paused") await move(session.id, "pause");
    if (state === "failed") await move(session.id, "fail", { reason: "it broke" });
    if (state === "completed") {
      await complete(session.id);
      await rejectHandoff(session.id);
    } else {
      await completeCheckpoints(api.stack.database, session.id, 80);
    }
    const before = await api.row("exec_implementation_sessions", session.id);
    const late = await api.post(`exec-sessions/${session.id}/${event}`, { ...body, attempt: 1 });
    const problem = await expectProblem(late, "stale_attempt");
    expect(problem).toMatchObject({ attempt: 2 });
    expect(problem.detail).toContain("2");
    expect(await api.row("exec_implementation_sessions", session.id)).toEqual(before);
    expect(checkpoints).toHaveLength(4);
    expect((await api.post(`exec-sessions/${session.id}/${event}`, { ...body, attempt: 2 })).status).toBe(200);
  });

  test("that are over may not report progress, complete a checkpoint or prepare a hand-off", async () => {
    const { session, checkpoints } = await start();
    await move(session.id, "pause");
    await move(session.id, "resume");
    const checkpoint = `quality-checkpoints/${checkpoints[0]?.id}`;
    const handoff = { session_id: session.id, implementation_summary: "What was built" };
    const calls: ((attempt: number) => Promise<Response>)[] = [
      (attempt) => api.patch(`exec-sessions/${session.id}`, { attempt, implementation_progress: 50 }),
      (attempt) => api.post(`${checkpoint}/complete`, { attempt, score: 1 }),
      (attempt) => api.post(`${checkpoint}/reopen`, { attempt, reason: "wrong" }),
      (attempt) => api.post(`${checkpoint}/waive`, { attempt, reason: "no time" }),
      (attempt) => api.post("exec-handoffs", { attempt, ...handoff }),
    ];
    for (const call of calls) {
      expect(await expectProblem(await call(1), "stale_attempt")).toMatchObject({ attempt: 2 });
      expect([200, 201]).toContain((await call(2)).status);
    }
  });
});

describe("progress", () => {
  test("is kept with the evidence that is given, and nothing else changes", async () => {
    const { session } = await start({ pre_impl_checklist: { read_the_prd: true }, demo_urls: ["https://a.example"] });
    const given = {
      implementation_progress: 40,
      sub_agent_results: [{ agent: "TESTING" }],
      test_coverage_pct: 12,
      performance_metrics: { p95_ms: 1 },
      security_scan_results: { findings: 0 },
      accessibility_audit: { violations: 0 },
      before_screenshots: ["before.png"],
      after_screenshots: [],
    };
    const answer = await answerOf(execSessionMoved, api.patch(`exec-sessions/${session.id}`, given));
    expect(answer).toEqual({
      session: { ...session, ...given, updated_at: answer.session.updated_at },
      attempt: 1,
    });
    expect(answer.session).toEqual(await api.row("exec_implementation_sessions", session.id));
    expect(await historyLength(session.id)).toBe(1);
  });

  test.each(["paused", "failed", "cancelled", "completed"])("is not taken while %s", async (status) => {
    const { session } = await start();
    if (status === "paused") await move(session.id, "pause");
    if (status === "failed") await move(session.id, "fail", { reason: "it broke" });
    if (status === "cancelled") await move(session.id, "cancel", { reason: "not now" });
    if (status === "completed") await complete(session.id);
    const before = await api.row("exec_implementation_sessions", session.id);
    const response = await api.patch(`exec-sessions/${session.id}`, { implementation_progress: 41 });
    expect(await expectProblem(response, "illegal_transition")).toMatchObject({ current: status, event: "update" });
    expect(await api.row("exec_implementation_sessions", session.id)).toEqual(before);
  });

  const historyLength = async (id: string) =>
    (await api.stack.database.query("select from public.state_transitions where entity_id = $1", [id])).length;
});

describe("reopening", () => {
  test("needs a rejected hand-off, and says where the latest one stands", async () => {
    const { session } = await start();
    await complete(session.id);
    const reopen = async () =>
      expectProblem(await api.post(`exec-sessions/${session.id}/reopen`), "illegal_transition");
    expect(await reopen()).toMatchObject({ current: "completed", event: "reopen", handoff: null });
    const handoff = { session_id: session.id, implementation_summary: "What was built" };
    await answerOf(execHandoffAnswer, api.post("exec-handoffs", handoff), 201);
    expect((await reopen()).detail).toContain("preparing");
    expect(await api.row("exec_implementation_sessions", session.id)).toMatchObject({ status: "completed" });
  });
});

describe("a checkpoint", () => {
  test("keeps who completed it, when and on what evidence; reopened, it is nobody's", async () => {
    const { checkpoints } = await start();
    const id = checkpoints[0]?.id ?? "";
    const body = { score: 88, evidence_url: "https://ci.example/7", notes: "all green" };
    const as = { label: "tester" };
    const { checkpoint } = await answerOf(
      qualityCheckpointAnswer,
      api.post(`quality-checkpoints/${id}/complete`, body, as),
    );
    expect(checkpoint).toMatchObject({
      is_complete: true,
      score: 88,
      evidence_url: "https://ci.example/7",
      completion_notes: "all green",
      completed_by: "secret:default/tester",
    });
    expect(checkpoint.completed_at).toBe(checkpoint.updated_at);
    const reopened = await answerOf(
      qualityCheckpointAnswer,
      api.post(`quality-checkpoints/${id}/reopen`, { reason: "flaky" }, as),
    );
    expect(reopened.checkpoint).toMatchObject({ is_complete: false, completed_at: null, completed_by: null });
  });

  test("that is waived keeps nobody from completing the session", async () => {
    const { session, checkpoints } = await start();
    const [waived, ...others] = checkpoints;
    for (const { id } of others) {
      await answerOf(qualityCheckpointAnswer, api.post(`quality-checkpoints/${id}/complete`, { score: 90 }));
    }
    const path = `exec-sessions/${session.id}/complete`;
    const problem = await expectProblem(await api.post(path), "gates_incomplete");
    expect(problem.checkpoints).toMatchObject([{ id: waived?.id }]);
    const { checkpoint } = await answerOf(
      qualityCheckpointAnswer,
      api.post(`quality-checkpoints/${waived?.id}/waive`, { reason: "no user interface" }),
    );
    expect(checkpoint).toMatchObject({ is_required: false, is_complete: false });
    expect((await api.post(path)).status).toBe(200);
  });

  test.each(["failed", "completed"])("does not change once its session is %s", async (status) => {
    const { session, checkpoints } = await start();
    if (status === "failed") await move(session.id, "fail", { reason: "it broke" });
    else await complete(session.id);
    const id = checkpoints[0]?.id ?? "";
    const before = await api.row("exec_quality_checkpoints", id);
    for (const [event, body] of [
      ["complete", { score: 1 }],
      ["reopen", { reason: "flaky" }],
      ["waive", { reason: "no time" }],
    ] as const) {
      const problem = await expectProblem(
        await api.post(`quality-checkpoints/${id}/${event}`, body),
        "illegal_transition",
      );
      expect(problem).toMatchObject({ current: status, event, session: { id: session.id, status } });
      expect(problem.detail).toContain(session.id);
    }
    expect(await api.row("exec_quality_checkpoints", id)).toEqual(before);
  });
});
