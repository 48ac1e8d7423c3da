import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { completeCheckpoints, createDirective } from "../functions/support/directives.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let sdId: string;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  sdId = await createDirective(database);
  const [session] = await database.query<{ id: string }>(
    `insert into public.exec_implementation_sessions (sd_id, implementation_type)
     values ($1, 'GENERAL_FEATURE') returning id`,
    [sdId],
  );
  if (!session) throw new Error("no session was made");
  await completeCheckpoints(database, session.id, 80);
});

async function attemptAfter(...updates: string[]): Promise<number | undefined> {
  for (const update of updates) {
    await database.query(`update public.exec_implementation_sessions set ${update} where sd_id = $1`, [sdId]);
  }
  const [session] = await database.query<{ attempt: number }>(
    "select attempt from public.exec_implementation_sessions where sd_id = $1",
    [sdId],
  );
  return session?.attempt;
}

describe("attempt", () => {
  it("is 1 from the start", async () => {
    expect(await attemptAfter()).toBe(1);
  });

  it.each(["paused", "failed", "cancelled", "completed"])("grows when a %s session becomes active", async (status) => {
    expect(await attemptAfter(`status = '${status}'`)).toBe(1);
    expect(await attemptAfter("status = 'active'")).toBe(2);
  });

  it("counts each time", async () => {
    expect(await attemptAfter("status = 'paused'", "status = 'active'", "status = 'failed'", "status = 'active'")).toBe(
      3,
    );
  });

  it("stays when an active session is set to active again", async () => {
    expect(await attemptAfter("status = 'active'")).toBe(1);
  });

  it.each([
    ["alone", "attempt = 99", 1],
    ["as null", "attempt = null", 1],
    ["while the session is paused", "status = 'paused', attempt = 7", 1],
    ["lower, to let an old agent in again", "attempt = 0", 1],
  ])("cannot be forged by an update that sets it %s", async (_title, update, expected) => {
    expect(await attemptAfter(update)).toBe(expected);
  });

  it("cannot be forged while the session becomes active", async () => {
    expect(await attemptAfter("status = 'paused'", "status = 'active', attempt = 1")).toBe(2);
  });

  it("cannot be chosen by an insert", async () => {
    const otherId = await createDirective(database);
    const [session] = await database.query(
      `insert into public.exec_implementation_sessions (sd_id, implementation_type, status, attempt)
       values ($1, 'GENERAL_FEATURE', 'failed', 12) returning attempt`,
      [otherId],
    );
    expect(session).toEqual({ attempt: 1 });
  });
});
