import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { completeCheckpoints } from "../functions/support/directives.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { complete, startedSession } from "./events.ts";

let database: TestDatabase;
let id: string;
let sdId: string;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  ({ id, sdId } = await startedSession(database, { implementation_type: "API_ENDPOINT" }));
});

/** Sets columns of the session's checkpoints of one type, or of all. */
const setCheckpoints = (values: string, type?: string) =>
  database.query(
    `update public.exec_quality_checkpoints set ${values}
     where session_id = $1 and checkpoint_type = coalesce($2, checkpoint_type)`,
    [id, type],
  );

const rowsOf = async (sessionId: string) => ({
  session: await database.query("select * from public.exec_implementation_sessions where id = $1", [sessionId]),
  checkpoints: await database.query("select * from public.exec_quality_checkpoints where session_id = $1 order by id", [
    sessionId,
  ]),
  directive: await database.query(
    `select sd.* from public.strategic_directives_v2 sd
     join public.exec_implementation_sessions s on s.sd_id = sd.id where s.id = $1`,
    [sessionId],
  ),
});

describe("complete", () => {
  it("completes a session whose required checkpoints are complete, and its directive with it", async () => {
    const bystander = await startedSession(database);
    const before = await rowsOf(bystander.id);
    await completeCheckpoints(database, id, 80);
    const answer = await complete(database, id, { attempt: 1 });
    const [row] = await database.query<{ session: object; recent: boolean }>(
      `select to_jsonb(s) as session, completed_at = updated_at and completed_at > now() - interval '1 minute' as recent
       from public.exec_implementation_sessions s where id = $1`,
      [id],
    );
    expect(answer.session).toEqual(row?.session);
    expect(row?.recent).toBe(true);
    expect(answer).toMatchObject({
      session: { status: "completed", implementation_progress: 100, attempt: 1 },
      attempt: 1,
      from: "active",
    });
    expect(answer.checkpoints).toHaveLength(5);
    expect(
      await database.query(
        "select current_phase, progress_percentage from public.strategic_directives_v2 where id = $1",
        [sdId],
      ),
    ).toEqual([{ current_phase: "PLAN_VERIFY", progress_percentage: 70 }]);
    expect(await rowsOf(bystander.id)).toEqual(before);
  });

  it("keeps the evidence that it is given, and what the session had where none is given", async () => {
    await completeCheckpoints(database, id, 80);
    await database.query(
      `update public.exec_implementation_sessions
       set performance_metrics = '{"p95": 12}', demo_urls = '{https://example.test/old}' where id = $1`,
      [id],
    );
    const evidence = {
      sub_agent_results: [{ agent: "reviewer", verdict: null }],
      test_coverage_pct: 91,
      security_scan_results: { high: 0 },
      accessibility_audit: { violations: [] },
      after_screenshots: ["https://example.test/after.png"],
    };
    const { session } = await complete(database, id, {
      ...evidence,
      demo_urls: null,
      status: "failed",
      sd_id: "other",
    });
    expect(session).toMatchObject({
      ...evidence,
      performance_metrics: { p95: 12 },
      demo_urls: ["https://example.test/old"],
      status: "completed",
      sd_id: sdId,
    });
  });

  it("does not wait for a waived checkpoint", async () => {
    await completeCheckpoints(database, id, 80);
    await setCheckpoints("is_required = false, is_complete = false, score = 0", "PERFORMANCE");
    expect((await complete(database, id)).session).toMatchObject({ status: "completed" });
  });
});

describe("the scores of a completed session", () => {
  const scores = async () => {
    const { session } = await complete(database, id);
    return {
      quality: session?.quality_score,
      code: session?.code_quality_score,
      performance: session?.performance_score,
      security: session?.security_score,
      accessibility: session?.ux_accessibility_score,
    };
  };

  it("are the rounded means of its checkpoints, by type and over all that are required", async () => {
    await completeCheckpoints(database, id, 80);
    await setCheckpoints("score = 91", "CODE_QUALITY");
    await setCheckpoints("score = 70", "PERFORMANCE");
    await setCheckpoints("score = 60", "SECURITY");
    // (91 + 80 + 60 + 70 + 80) / 5 = 76.2
    expect(await scores()).toEqual({ quality: 76, code: 91, performance: 70, security: 60, accessibility: 0 });
  });

  it("are rounded half up", async () => {
    await setCheckpoints("is_required = false");
    await setCheckpoints("is_required = true, is_complete = true, score = 80", "CODE_QUALITY");
    await setCheckpoints("is_required = true, is_complete = true, score = 81", "TESTING");
    expect(await scores()).toMatchObject({ quality: 81 });
  });

  it("stay as they were for a type that the session has no checkpoint of", async () => {
    await completeCheckpoints(database, id, 80);
    await database.query("update public.exec_implementation_sessions set ux_accessibility_score = 55 where id = $1", [
      id,
    ]);
    expect(await scores()).toMatchObject({ accessibility: 55, security: 80 });
  });

  it("leave out checkpoints without a score", async () => {
    await completeCheckpoints(database, id, 80);
    await setCheckpoints("score = null", "SECURITY");
    await setCheckpoints("score = 40", "TESTING");
    await database.query("update public.exec_implementation_sessions set security_score = 33 where id = $1", [id]);
    // (80 + 40 + 80 + 80) / 4
    expect(await scores()).toEqual({ quality: 70, code: 80, performance: 80, security: 33, accessibility: 0 });
  });

  it("leave out a waived checkpoint that was never passed", async () => {
    await completeCheckpoints(database, id, 80);
    await setCheckpoints("is_required = false, is_complete = false, score = 0", "PERFORMANCE");
    await database.query("update public.exec_implementation_sessions set performance_score = 66 where id = $1", [id]);
    expect(await scores()).toMatchObject({ quality: 80, performance: 66 });
  });

  it("count an optional checkpoint that was passed by its type, not in the whole", async () => {
    await completeCheckpoints(database, id, 80);
    await setCheckpoints("is_required = false, score = 20", "PERFORMANCE");
    expect(await scores()).toMatchObject({ quality: 80, performance: 20 });
  });

  it("stay as they were where there is no checkpoint at all", async () => {
    await database.query("delete from public.exec_quality_checkpoints where session_id = $1", [id]);
    await database.query("update public.exec_implementation_sessions set quality_score = 44 where id = $1", [id]);
    expect(await scores()).toMatchObject({ quality: 44, code: 0 });
  });
});

describe("complete is refused and changes nothing", () => {
  /** Asks to complete the session, and makes sure that a refusal left no trace. */
  async function refusal(request?: object) {
    const before = await rowsOf(id);
    const answer = await complete(database, id, request);
    expect(await rowsOf(id)).toEqual(before);
    expect(Object.keys(answer)).toEqual(["refusal"]);
    return answer.refusal;
  }

  it("if there is no such session", async () => {
    const nobody = randomUUID();
    expect(await complete(database, nobody)).toEqual({
      refusal: { code: "not_found", entity: "exec_session", id: nobody },
    });
  });

  it("while required checkpoints are incomplete, and names them", async () => {
    await completeCheckpoints(database, id, 80);
    await setCheckpoints("is_complete = false", "SECURITY");
    await setCheckpoints("is_complete = null", "TESTING");
    await setCheckpoints("is_complete = false, is_required = null", "DOCUMENTATION");
    await setCheckpoints("is_complete = false, is_required = false", "PERFORMANCE");
    const refused = await refusal();
    expect(refused).toMatchObject({ code: "gates_incomplete" });
    const rows = await database.query<{ checkpoint: object }>(
      `select to_jsonb(c) as checkpoint from public.exec_quality_checkpoints c
       where session_id = $1 and checkpoint_type in ('DOCUMENTATION', 'SECURITY', 'TESTING') order by checkpoint_name`,
      [id],
    );
    expect(refused?.checkpoints).toEqual(rows.map(({ checkpoint }) => checkpoint));
  });

  it.each([
    ["paused", ["cancel", "fail", "resume"]],
    ["completed", ["reopen"]],
    ["failed", ["retry"]],
    ["cancelled", ["retry"]],
  ])("if the session is %s", async (current, allowed) => {
    await completeCheckpoints(database, id, 80);
    await database.query("update public.exec_implementation_sessions set status = $2 where id = $1", [id, current]);
    expect(await refusal()).toEqual({ code: "illegal_transition", current, event: "complete", allowed });
  });

  it("if another attempt has begun", async () => {
    await completeCheckpoints(database, id, 80);
    for (const status of ["paused", "active"]) {
      await database.query("update public.exec_implementation_sessions set status = $2 where id = $1", [id, status]);
    }
    expect(await refusal({ attempt: 1 })).toEqual({ code: "stale_attempt", attempt: 2 });
    expect(await complete(database, id, { attempt: 2 })).toMatchObject({
      session: { status: "completed" },
      attempt: 2,
    });
  });

  it("if another session of the directive is completed", async () => {
    await completeCheckpoints(database, id, 80);
    const [other] = await database.query<{ id: string }>(
      `insert into public.exec_implementation_sessions (sd_id, implementation_type, status)
       values ($1, 'UI_COMPONENT', 'completed') returning id`,
      [sdId],
    );
    expect(await refusal()).toEqual({
      code: "status_taken",
      id: other?.id,
      status: "completed",
      use: "reopen",
      allowed: ["reopen"],
    });
  });
});
