import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { completeCheckpoints, createDirective } from "../functions/support/directives.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let sdId: string;
let sessionId: string;
let bystanderId: string;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  [sdId, bystanderId] = [await createDirective(database), await createDirective(database)];
  const [session] = await database.query<{ id: string }>(
    `insert into public.exec_implementation_sessions (sd_id, implementation_type)
     values ($1, 'GENERAL_FEATURE') returning id`,
    [sdId],
  );
  if (!session) throw new Error("no session was made");
  sessionId = session.id;
  await completeCheckpoints(database, sessionId, 80);
});

const setStatus = (status: string) =>
  database.query("update public.exec_implementation_sessions set status = $2 where sd_id = $1", [sdId, status]);

/** Gives the directive these values; what is left out is null. */
const setDirective = (values: Partial<Progress>) =>
  database.query(
    `update public.strategic_directives_v2
     set (current_phase, phase_progress, progress_percentage, is_working_on, active_session_id) = ($2, $3, $4, $5, $6)
     where id = $1`,
    [
      sdId,
      values.current_phase,
      values.phase_progress,
      values.progress_percentage,
      values.is_working_on,
      values.active_session_id,
    ],
  );

interface Progress {
  current_phase: string | null;
  phase_progress: number | null;
  progress_percentage: number | null;
  is_working_on: boolean | null;
  active_session_id: string | null;
}

async function directive(id = sdId): Promise<Progress | undefined> {
  const [row] = await database.query<Progress>(
    `select current_phase, phase_progress, progress_percentage, is_working_on, active_session_id
     from public.strategic_directives_v2 where id = $1`,
    [id],
  );
  return row;
}

const inWork: Progress = {
  current_phase: "EXEC_IMPLEMENTATION",
  phase_progress: 80,
  progress_percentage: 55,
  is_working_on: true,
  active_session_id: "agent-7",
};
const verified: Progress = {
  current_phase: "PLAN_VERIFY",
  phase_progress: 0,
  progress_percentage: 70,
  is_working_on: false,
  active_session_id: null,
};

describe("when a session is completed its directive", () => {
  it.each(["LEAD_APPROVAL", "PLAN_PRD", "EXEC_IMPLEMENTATION", "PLAN_VERIFY"])(
    "moves from %s to PLAN_VERIFY",
    async (phase) => {
      await setDirective({ ...inWork, current_phase: phase });
      await setStatus("completed");
      expect(await directive()).toEqual(verified);
    },
  );

  it("moves also where nothing was known of its progress", async () => {
    await setDirective({});
    await setStatus("completed");
    expect(await directive()).toEqual(verified);
  });

  it("keeps a progress of more than 70", async () => {
    await setDirective({ ...inWork, progress_percentage: 85 });
    await setStatus("completed");
    expect(await directive()).toEqual({ ...verified, progress_percentage: 85 });
  });

  it("does not move backwards from LEAD_FINAL", async () => {
    await setDirective({ ...inWork, current_phase: "LEAD_FINAL", progress_percentage: 90 });
    await setStatus("completed");
    expect(await directive()).toEqual({ ...inWork, current_phase: "LEAD_FINAL", progress_percentage: 90 });
  });

  it("says when it was changed", async () => {
    await database.query("update public.strategic_directives_v2 set updated_at = '2020-01-01' where id = $1", [sdId]);
    await setStatus("completed");
    const [row] = await database.query<{ recent: boolean }>(
      "select updated_at > localtimestamp - interval '1 hour' as recent from public.strategic_directives_v2 where id = $1",
      [sdId],
    );
    expect(row).toEqual({ recent: true });
  });

  it("moves alone", async () => {
    const before = await directive(bystanderId);
    await setStatus("completed");
    expect(await directive(bystanderId)).toEqual(before);
  });

  it("moves also for a role that may not write directives", async () => {
    await setDirective(inWork);
    const client = await database.connect();
    await client.query("begin");
    await client.query("revoke all on public.strategic_directives_v2 from service_role");
    await client.query("set local role service_role");
    await client.query("update public.exec_implementation_sessions set status = 'completed' where sd_id = $1", [sdId]);
    await client.query("reset role");
    const { rows } = await client.query("select current_phase from public.strategic_directives_v2 where id = $1", [
      sdId,
    ]);
    await client.query("rollback");
    expect(rows).toEqual([{ current_phase: "PLAN_VERIFY" }]);
  });
});

describe("when a session leaves completed its directive", () => {
  beforeEach(async () => {
    await setDirective(inWork);
    await setStatus("completed");
  });

  it("goes back to EXEC_IMPLEMENTATION", async () => {
    await setStatus("active");
    expect(await directive()).toEqual({ ...verified, current_phase: "EXEC_IMPLEMENTATION" });
  });

  it("goes back to EXEC_IMPLEMENTATION also where an operator overrides it to failed", async () => {
    await database.query("select leo.override_status('exec_session', $1, 'failed', 'was never done')", [sessionId]);
    expect(await directive()).toEqual({ ...verified, current_phase: "EXEC_IMPLEMENTATION" });
  });

  it("does not move backwards from LEAD_FINAL", async () => {
    await setDirective({ ...verified, current_phase: "LEAD_FINAL", progress_percentage: 95 });
    await setStatus("active");
    expect(await directive()).toEqual({ ...verified, current_phase: "LEAD_FINAL", progress_percentage: 95 });
  });

  it("goes back and forth as often as it takes", async () => {
    await setStatus("active");
    await setStatus("completed");
    expect(await directive()).toEqual(verified);
  });
});

describe("a directive stays as it is when its session", () => {
  beforeEach(() => setDirective(inWork));

  it.each(["paused", "failed", "cancelled", "active"])("becomes %s", async (status) => {
    await setStatus(status);
    expect(await directive()).toEqual(inWork);
  });

  it("is changed in another way", async () => {
    await database.query(
      "update public.exec_implementation_sessions set implementation_progress = 50, quality_score = 3 where sd_id = $1",
      [sdId],
    );
    expect(await directive()).toEqual(inWork);
  });

  it("is completed already and changed in another way", async () => {
    await setStatus("completed");
    await setDirective(inWork);
    await database.query(
      "update public.exec_implementation_sessions set status = status, demo_urls = '{x}' where sd_id = $1",
      [sdId],
    );
    expect(await directive()).toEqual(inWork);
  });
});
