import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { completeCheckpoints, createDirective } from "../functions/support/directives.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { context, start, startedSession } from "./events.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const sessionsOf = (sdId: string) =>
  database.query<Record<string, unknown>>("select * from public.exec_implementation_sessions where sd_id = $1", [sdId]);

describe("start", () => {
  it("makes an active session with its checkpoints and answers with all of it", async () => {
    const sdId = await createDirective(database);
    const answer = await start(database, { sd_id: sdId, implementation_type: "AUTHENTICATION" });
    const [row] = await database.query<Record<string, unknown>>(
      "select to_jsonb(s) as session from public.exec_implementation_sessions s where sd_id = $1",
      [sdId],
    );
    expect(answer).toEqual({
      session: row?.session,
      checkpoints: [
        expect.objectContaining({
          checkpoint_name: "CODE_QUALITY",
          session_id: answer.session?.id,
          is_complete: false,
        }),
        expect.objectContaining({ checkpoint_name: "SECURITY" }),
        expect.objectContaining({ checkpoint_name: "TESTING" }),
      ],
      attempt: 1,
    });
    expect(answer.session).toMatchObject({ status: "active", completed_at: null, attempt: 1 });
  });

  it("leaves the table's defaults where nothing is given", async () => {
    const [viaFunction, viaInsert] = [await createDirective(database), await createDirective(database)];
    await start(database, { sd_id: viaFunction, implementation_type: "UI_COMPONENT", orchestrator: null });
    await database.query(
      "insert into public.exec_implementation_sessions (sd_id, implementation_type) values ($1, 'UI_COMPONENT')",
      [viaInsert],
    );
    const stamps = { id: 0, sd_id: 0, started_at: 0, created_at: 0, updated_at: 0 };
    const [[started], [inserted]] = [await sessionsOf(viaFunction), await sessionsOf(viaInsert)];
    expect({ ...started, ...stamps }).toEqual({ ...inserted, ...stamps });
  });

  it("writes everything that is given", async () => {
    const sdId = await createDirective(database);
    await database.query("insert into public.product_requirements_v2 (id, title, sd_id) values ($1, 'PRD', $1)", [
      sdId,
    ]);
    const request = {
      sd_id: sdId,
      prd_id: sdId,
      implementation_type: "DATABASE_CHANGE",
      quality_gates: ["Migration test", "Lint"],
      pre_impl_checklist: { read: true, nested: { nothing: null } },
      before_screenshots: ["https://example.test/before.png"],
      demo_urls: ["https://example.test/demo"],
      orchestrator: "hand",
      session_version: "2.0",
    };
    const answer = await start(database, request);
    expect(answer.session).toMatchObject(request);
    expect(answer.checkpoints?.map(({ checkpoint_name }) => checkpoint_name)).toEqual(["Lint", "Migration test"]);
  });

  it("does not let the caller choose what the event decides", async () => {
    const sdId = await createDirective(database);
    const { session } = await start(database, {
      sd_id: sdId,
      implementation_type: "UI_COMPONENT",
      status: "completed",
      attempt: 5,
      quality_score: 100,
      "id) values (default": "x",
    });
    expect(session).toMatchObject({ status: "active", attempt: 1, quality_score: 0 });
  });

  it("takes a document of no directive for one of this directive", async () => {
    const sdId = await createDirective(database);
    await database.query("insert into public.product_requirements_v2 (id, title) values ($1, 'PRD')", [`PRD-${sdId}`]);
    const request = { sd_id: sdId, prd_id: `PRD-${sdId}`, implementation_type: "UI_COMPONENT" };
    expect((await start(database, request)).session).toMatchObject({ prd_id: `PRD-${sdId}` });
  });
});

describe("start is refused and changes nothing", () => {
  it("if there is no such directive", async () => {
    expect(await start(database, { sd_id: "SD-none", implementation_type: "UI_COMPONENT" })).toEqual({
      refusal: { code: "not_found", entity: "strategic_directive", id: "SD-none" },
    });
  });

  it.each([
    ["paused", "resume", ["cancel", "fail", "resume"]],
    ["completed", "reopen", ["reopen"]],
    ["failed", "retry", ["retry"]],
    ["cancelled", "retry", ["retry"]],
    ["active", null, ["cancel", "complete", "fail", "pause"]],
  ])("if the directive has a session that is %s: %s it", async (status, use, allowed) => {
    const { sdId, id } = await startedSession(database);
    await completeCheckpoints(database, id, 80);
    await database.query("update public.exec_implementation_sessions set status = $2 where id = $1", [id, status]);
    const before = await sessionsOf(sdId);
    expect(await start(database, { sd_id: sdId, implementation_type: "UI_COMPONENT" })).toEqual({
      refusal: { code: "session_exists", id, status, use, allowed },
    });
    expect(await sessionsOf(sdId)).toEqual(before);
  });

  it.each([
    ["an open one before those that have ended", { cancelled: 1, paused: 3, failed: 2 }, "paused"],
    ["an active one before a paused one", { paused: 1, active: 2 }, "active"],
    ["a completed one before a failed one", { failed: 1, completed: 2 }, "completed"],
    ["the newest of those that can be retried", { failed: 2, cancelled: 1 }, "cancelled"],
    ["the newest, the other way round", { failed: 1, cancelled: 2 }, "failed"],
  ])("and of several sessions names %s", async (_title, daysAgo, status) => {
    const sdId = await createDirective(database);
    for (const [each, days] of Object.entries(daysAgo)) {
      await database.query(
        `insert into public.exec_implementation_sessions (sd_id, implementation_type, status, started_at)
         values ($1, 'UI_COMPONENT', $2, now() - make_interval(days => $3))`,
        [sdId, each, days],
      );
    }
    expect((await start(database, { sd_id: sdId, implementation_type: "UI_COMPONENT" })).refusal).toMatchObject({
      code: "session_exists",
      status,
    });
  });

  it.each([
    ["does not exist", "PRD-none"],
    ["is of another directive", "PRD-foreign"],
  ])("if the product requirement document %s", async (_title, prdId) => {
    const [sdId, foreignId] = [await createDirective(database), await createDirective(database)];
    await database.query(
      `insert into public.product_requirements_v2 (id, title, sd_id) values ('PRD-foreign', 'PRD', $1)
       on conflict (id) do nothing`,
      [foreignId],
    );
    expect(await start(database, { sd_id: sdId, prd_id: prdId, implementation_type: "UI_COMPONENT" })).toEqual({
      refusal: {
        code: "invalid_request",
        issues: [{ path: ["prd_id"], message: expect.stringContaining("product requirement document") }],
      },
    });
    expect(await sessionsOf(sdId)).toEqual([]);
  });
});

it("tells triggers who makes the move, until the transaction ends", async () => {
  const client = await database.connect();
  const settings = async () => {
    const { rows } = await client.query(`
      select current_setting('leo.actor', true) as actor, current_setting('leo.event', true) as event,
        current_setting('leo.request_id', true) as request_id, current_setting('leo.reason', true) as reason`);
    return rows[0];
  };
  await client.query("begin");
  await client.query("select set_config('leo.reason', 'left by an earlier event', true)");
  await start(client, { sd_id: "SD-none" });
  expect(await settings()).toEqual({
    actor: context.actor,
    event: "start",
    request_id: context.request_id,
    reason: "",
  });
  await client.query('select leo.set_context(\'{"reason": "because"}\')');
  expect(await settings()).toEqual({ actor: "", event: "", request_id: "", reason: "because" });
  await client.query("rollback");
  expect(Object.values(await settings()).filter(Boolean)).toEqual([]);
});
