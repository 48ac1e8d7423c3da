import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { execSessionAnswer } from "../../types/contracts/exec-sessions.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { completeCheckpoints, createDirective } from "./support/directives.ts";
import { expectProblem } from "./support/problems.ts";

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack();
});

afterAll(() => stack.stop());

async function rowOf(table: string, id: string): Promise<Record<string, unknown>> {
  const [row] = await stack.database.query<{ row: Record<string, unknown> }>(
    `select to_jsonb(found) as row from public.${table} found where id::text = $1`,
    [id],
  );
  if (!row) throw new Error(`${table} has no row ${id}`);
  return row.row;
}

async function startSession(request: Record<string, unknown> = {}) {
  const sdId = (request.sd_id as string | undefined) ?? (await createDirective(stack.database));
  const response = await stack.call("exec-sessions", {
    body: { implementation_type: "UI_COMPONENT", ...request, sd_id: sdId },
  });
  expect(response.status).toBe(201);
  return execSessionAnswer.parse(await response.json());
}

describe("start", () => {
  test("answers 201 with the session's row, its checkpoints and attempt 1", async () => {
    const answer = await startSession({
      quality_gates: ["unit tests", "Security"],
      orchestrator: "an-orchestrator",
      session_version: "2.0",
      pre_impl_checklist: { read_the_prd: true, notes: "ünï\u{1F600}" },
      before_screenshots: ["before.png"],
      demo_urls: ["https://demo.example/1"],
    });
    expect(answer.session).toEqual(await rowOf("exec_implementation_sessions", answer.session.id));
    expect(answer.session).toMatchObject({
      status: "active",
      quality_gates: ["unit tests", "Security"],
      orchestrator: "an-orchestrator",
      session_version: "2.0",
      pre_impl_checklist: { read_the_prd: true, notes: "ünï\u{1F600}" },
      before_screenshots: ["before.png"],
      demo_urls: ["https://demo.example/1"],
    });
    expect(answer.attempt).toBe(1);
    expect(answer.checkpoints.map((checkpoint) => checkpoint.checkpoint_name).sort()).toEqual([
      "Security",
      "unit tests",
    ]);
    for (const checkpoint of answer.checkpoints) {
      expect(checkpoint).toEqual(await rowOf("exec_quality_checkpoints", checkpoint.id));
    }
  });

  test("writes timestamps as ISO strings with an offset", async () => {
    const { session } = await startSession();
    expect(session.started_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$/);
  });

  test("leaves to the database what the request leaves out", async () => {
    const { session } = await startSession();
    expect(session).toMatchObject({
      session_version: "1.0",
      orchestrator: "EXEC_IMPLEMENTATION_EXCELLENCE_ORCHESTRATOR_v1.0",
      quality_gates: [],
      pre_impl_checklist: {},
    });
  });

  test("refuses an unknown strategic directive", async () => {
    const response = await stack.call("exec-sessions", {
      body: { sd_id: "SD-NOWHERE", implementation_type: "UI_COMPONENT" },
    });
    expect(await expectProblem(response, "not_found")).toMatchObject({
      entity: "strategic_directive",
      id: "SD-NOWHERE",
    });
  });

  test("refuses a requirement document that the directive does not have, naming the field", async () => {
    const sdId = await createDirective(stack.database);
    const response = await stack.call("exec-sessions", {
      body: { sd_id: sdId, prd_id: "PRD-NOWHERE", implementation_type: "UI_COMPONENT" },
    });
    const problem = await expectProblem(response, "invalid_request");
    expect(problem.issues).toMatchObject([{ path: ["prd_id"] }]);
  });

  test("does not start a second session of a directive: it names the one there is and its state", async () => {
    const { session } = await startSession();
    const response = await stack.call("exec-sessions", {
      body: { sd_id: session.sd_id, implementation_type: "API_ENDPOINT" },
    });
    const problem = await expectProblem(response, "session_exists");
    expect(problem).toMatchObject({ id: session.id, current: "active" });
    expect(await rowOf("exec_implementation_sessions", session.id)).toEqual(session);
  });

  test("tells to retry a failed session instead of starting another", async () => {
    const { session } = await startSession();
    await stack.database.query("update public.exec_implementation_sessions set status = 'failed' where id = $1", [
      session.id,
    ]);
    const response = await stack.call("exec-sessions", {
      body: { sd_id: session.sd_id, implementation_type: "UI_COMPONENT" },
    });
    const problem = await expectProblem(response, "session_exists");
    expect(problem).toMatchObject({ id: session.id, current: "failed", use: "retry" });
    expect(problem.detail).toContain("retry");
  });
});

describe("complete", () => {
  test("answers 200 with the completed row, derived scores and the evidence", async () => {
    const bystander = await startSession();
    const { session } = await startSession();
    await completeCheckpoints(stack.database, session.id, 81);
    const evidence = {
      sub_agent_results: [{ agent: "TESTING", verdict: "pass" }],
      test_coverage_pct: 87,
      performance_metrics: { p95_ms: 12.5 },
      security_scan_results: { findings: [] },
      accessibility_audit: { violations: 0 },
      after_screenshots: ["after.png"],
      demo_urls: ["https://demo.example/2"],
    };
    const response = await stack.call(`exec-sessions/${session.id}/complete`, { body: { attempt: 1, ...evidence } });
    expect(response.status).toBe(200);
    const answer = execSessionAnswer.parse(await response.json());
    expect(answer.session).toEqual(await rowOf("exec_implementation_sessions", session.id));
    expect(answer.session).toMatchObject({
      ...evidence,
      status: "completed",
      implementation_progress: 100,
      quality_score: 81,
    });
    expect(answer.attempt).toBe(1);
    expect(answer.checkpoints).toHaveLength(4);
    expect(await rowOf("strategic_directives_v2", session.sd_id)).toMatchObject({ current_phase: "PLAN_VERIFY" });
    expect(await rowOf("exec_implementation_sessions", bystander.session.id)).toEqual(bystander.session);
  });

  test("needs no body", async () => {
    const { session } = await startSession();
    await completeCheckpoints(stack.database, session.id, 70);
    const response = await stack.call(`exec-sessions/${session.id}/complete`);
    expect(response.status).toBe(200);
    expect(execSessionAnswer.parse(await response.json()).session.status).toBe("completed");
  });

  test("does not complete a session with an incomplete required checkpoint, and lists what is missing", async () => {
    const { session, checkpoints } = await startSession();
    const [missing, ...others] = checkpoints;
    await stack.database.query(
      "update public.exec_quality_checkpoints set is_complete = true where id::text = any($1)",
      [others.map((checkpoint) => checkpoint.id)],
    );
    const response = await stack.call(`exec-sessions/${session.id}/complete`);
    const problem = await expectProblem(response, "gates_incomplete");
    expect(problem.checkpoints).toMatchObject([{ id: missing?.id, is_complete: false }]);
    expect(problem.detail).toContain(missing?.checkpoint_name);
    expect(await rowOf("exec_implementation_sessions", session.id)).toEqual(session);
  });

  test("does not complete a session twice", async () => {
    const { session } = await startSession();
    await completeCheckpoints(stack.database, session.id, 90);
    expect((await stack.call(`exec-sessions/${session.id}/complete`)).status).toBe(200);
    const completed = await rowOf("exec_implementation_sessions", session.id);
    const problem = await expectProblem(await stack.call(`exec-sessions/${session.id}/complete`), "illegal_transition");
    expect(problem).toMatchObject({ current: "completed", event: "complete", allowed: ["reopen"] });
    expect(await rowOf("exec_implementation_sessions", session.id)).toEqual(completed);
  });

  test("does not let an agent of an earlier attempt finish the work of a later one", async () => {
    const { session } = await startSession();
    await completeCheckpoints(stack.database, session.id, 90);
    for (const status of ["paused", "active"]) {
      await stack.database.query("update public.exec_implementation_sessions set status = $2 where id = $1", [
        session.id,
        status,
      ]);
    }
    const late = await stack.call(`exec-sessions/${session.id}/complete`, { body: { attempt: 1 } });
    expect(await expectProblem(late, "stale_attempt")).toMatchObject({ attempt: 2 });
    expect(await rowOf("exec_implementation_sessions", session.id)).toMatchObject({ status: "active" });
    expect((await stack.call(`exec-sessions/${session.id}/complete`, { body: { attempt: 2 } })).status).toBe(200);
  });

  test("names the session that holds the status already", async () => {
    const { session } = await startSession();
    await completeCheckpoints(stack.database, session.id, 90);
    const [other] = await stack.database.query<{ id: string }>(
      `insert into public.exec_implementation_sessions (sd_id, implementation_type, status)
       values ($1, 'UI_COMPONENT', 'completed') returning id`,
      [session.sd_id],
    );
    const problem = await expectProblem(await stack.call(`exec-sessions/${session.id}/complete`), "status_taken");
    expect(problem).toMatchObject({ id: other?.id, current: "completed" });
    expect(await rowOf("exec_implementation_sessions", session.id)).toMatchObject({ status: "active" });
  });

  test("refuses an unknown session", async () => {
    const id = "00000000-0000-0000-0000-000000000000";
    const problem = await expectProblem(await stack.call(`exec-sessions/${id}/complete`), "not_found");
    expect(problem).toMatchObject({ entity: "exec_session", id });
  });
});

test("twenty parallel starts of one directive make one session", async () => {
  const sdId = await createDirective(stack.database);
  const responses = await Promise.all(
    Array.from({ length: 20 }, () =>
      stack.call("exec-sessions", { body: { sd_id: sdId, implementation_type: "UI_COMPONENT" } }),
    ),
  );
  expect(responses.filter((response) => response.status === 201)).toHaveLength(1);
  expect(responses.filter((response) => response.status === 409)).toHaveLength(19);
  const sessions = await stack.database.query("select id from public.exec_implementation_sessions where sd_id = $1", [
    sdId,
  ]);
  expect(sessions).toHaveLength(1);
});
