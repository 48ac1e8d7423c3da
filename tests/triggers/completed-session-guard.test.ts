import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { completeCheckpoints, createDirective } from "../functions/support/directives.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let sessionId: string;
let sdId: string;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  sdId = await createDirective(database);
  sessionId = await insertSession(sdId, "active");
  await completeCheckpoints(database, sessionId, 80);
});

async function insertSession(directive: string, status: string): Promise<string> {
  const [session] = await database.query<{ id: string }>(
    `insert into public.exec_implementation_sessions (sd_id, implementation_type, status, quality_gates)
     values ($1, 'GENERAL_FEATURE', $2, '{lint,tests}') returning id`,
    [directive, status],
  );
  if (!session) throw new Error("no session was made");
  return session.id;
}

const setStatus = (status: string) =>
  database.query("update public.exec_implementation_sessions set status = $2 where id = $1", [sessionId, status]);

const checkpoints = () =>
  database.query<{ checkpoint_name: string; is_required: boolean | null; is_complete: boolean | null }>(
    `select checkpoint_name, is_required, is_complete from public.exec_quality_checkpoints
     where session_id = $1 order by checkpoint_name`,
    [sessionId],
  );

const insertion = `insert into public.exec_quality_checkpoints (session_id, sd_id, checkpoint_name, checkpoint_type)
  select id, sd_id, 'late', 'SECURITY' from public.exec_implementation_sessions where id = $1`;
const changes: [title: string, sql: string][] = [
  ["reopens a checkpoint", "update public.exec_quality_checkpoints set is_complete = false where session_id = $1"],
  ["clears is_complete", "update public.exec_quality_checkpoints set is_complete = null where session_id = $1"],
  ["adds a checkpoint", insertion],
];

describe("a completed session refuses whoever", () => {
  it.each(changes)("%s", async (_title, sql) => {
    await setStatus("completed");
    const before = await checkpoints();
    await expect(database.query(sql, [sessionId])).rejects.toMatchObject({
      code: "PT409",
      message: `session ${sessionId} is completed`,
      detail: expect.stringMatching(/^Its required checkpoint "(lint|late)" would be left incomplete\.$/),
      hint: "Reopen the session first.",
    });
    expect(await checkpoints()).toEqual(before);
  });

  it("moves an incomplete checkpoint into it", async () => {
    await setStatus("completed");
    const otherId = await insertSession(await createDirective(database), "active");
    await expect(
      database.query(
        `update public.exec_quality_checkpoints set session_id = $1, checkpoint_name = 'moved'
         where session_id = $2 and checkpoint_name = 'lint'`,
        [sessionId, otherId],
      ),
    ).rejects.toMatchObject({ code: "PT409" });
  });

  it("reopens checkpoints of many sessions at once, among them one of its own", async () => {
    await setStatus("completed");
    await expect(
      database.query("update public.exec_quality_checkpoints set is_complete = false"),
    ).rejects.toMatchObject({ code: "PT409" });
  });
});

describe("a session at work accepts whoever", () => {
  describe.each(["active", "paused"])("%s:", (status) => {
    it.each(changes)("%s", async (_title, sql) => {
      await setStatus(status);
      await database.query(sql, [sessionId]);
      expect((await checkpoints()).filter(({ is_complete }) => is_complete !== true)).not.toEqual([]);
    });
  });
});

describe("a completed session accepts", () => {
  it("notes and scores of its complete checkpoints", async () => {
    await setStatus("completed");
    const changed = await database.query(
      `update public.exec_quality_checkpoints set score = 90, completion_notes = 'seen'
       where session_id = $1 returning score, completion_notes`,
      [sessionId],
    );
    expect(changed).toEqual([
      { score: 90, completion_notes: "seen" },
      { score: 90, completion_notes: "seen" },
    ]);
  });

  it("a checkpoint that is not required", async () => {
    await setStatus("completed");
    await database.query(
      insertion.replace("checkpoint_type)", "checkpoint_type, is_required)").replace("'SECURITY'", "'SECURITY', false"),
      [sessionId],
    );
    expect(await checkpoints()).toContainEqual({ checkpoint_name: "late", is_required: false, is_complete: false });
  });

  it("the removal of a checkpoint", async () => {
    await setStatus("completed");
    await database.query("delete from public.exec_quality_checkpoints where session_id = $1", [sessionId]);
    expect(await checkpoints()).toEqual([]);
  });

  it("its own import with checkpoints still to be filled in", async () => {
    sessionId = await insertSession(await createDirective(database), "completed");
    expect(await checkpoints()).toEqual([
      { checkpoint_name: "lint", is_required: true, is_complete: false },
      { checkpoint_name: "tests", is_required: true, is_complete: false },
    ]);
    await completeCheckpoints(database, sessionId, 70);
    expect(await checkpoints()).toEqual([
      { checkpoint_name: "lint", is_required: true, is_complete: true },
      { checkpoint_name: "tests", is_required: true, is_complete: true },
    ]);
  });
});
