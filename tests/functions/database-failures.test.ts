import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { healthAnswer } from "../../types/contracts/health.ts";
import { createDirective } from "./support/directives.ts";
import { type FunctionsUnderTest, startFunctions } from "./support/functions.ts";
import { expectProblem } from "./support/problems.ts";

let functions: FunctionsUnderTest;

beforeAll(async () => {
  functions = await startFunctions({
    env: {
      LEO_DB_POOL_SIZE: "2",
      LEO_DB_CONNECT_TIMEOUT_MS: "500",
      LEO_DB_ACQUIRE_TIMEOUT_MS: "800",
      LEO_DB_STATEMENT_TIMEOUT_MS: "400",
    },
  });
});

afterAll(() => functions.stop());

const start = (sdId: string) =>
  functions.call("exec-sessions", { body: { sd_id: sdId, implementation_type: "UI_COMPONENT" } });

const unknownSession = "00000000-0000-0000-0000-000000000000";
const completeUnknown = () => functions.call(`exec-sessions/${unknownSession}/complete`);

describe("while the database is down", () => {
  afterEach(() => functions.proxy.comeBack());

  test("answers 503 with Retry-After, and recovers by itself however many calls have failed", async () => {
    await expectProblem(await completeUnknown(), "not_found");
    await functions.proxy.goDown();
    // More failures than the pool has places: none of them may cost a place.
    for (let i = 0; i < 6; i += 1) {
      const response = await completeUnknown();
      expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
      await expectProblem(response, "database_unavailable");
    }
    const health = await functions.call("health", { method: "GET", headers: {} });
    expect(health.headers.get("retry-after")).toMatch(/^\d+$/);
    await expectProblem(health, "database_unavailable");

    await functions.proxy.comeBack();
    await expectProblem(await completeUnknown(), "not_found");
    expect((await functions.call("health", { method: "GET" })).status).toBe(200);
  });
});

describe("when connections are lost", () => {
  test("a restart of the server costs at most one call", async () => {
    await Promise.all([completeUnknown(), completeUnknown(), completeUnknown()]);
    functions.proxy.cutConnections();
    const statuses: number[] = [];
    for (let i = 0; i < 5; i += 1) statuses.push((await completeUnknown()).status);
    expect(statuses.filter((status) => status === 503).length).toBeLessThanOrEqual(1);
    expect(statuses.slice(1)).toEqual([404, 404, 404, 404]);
  });

  test("a session of the functions that is ended by an administrator costs at most one call", async () => {
    await completeUnknown();
    await functions.database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'leo-functions' and datname = current_database()`,
    );
    const statuses: number[] = [];
    for (let i = 0; i < 4; i += 1) statuses.push((await completeUnknown()).status);
    expect(statuses.slice(1)).toEqual([404, 404, 404]);
  });

  test("says that the outcome is unknown when the answer is lost, and sends the statement only once", async () => {
    const sdId = await createDirective(functions.database);
    const blocker = await functions.database.connect();
    await blocker.query("begin");
    await blocker.query("select from public.strategic_directives_v2 where id = $1 for update", [sdId]);
    functions.proxy.takeStatements();
    const waiting = start(sdId);
    await lockWaiters(1);
    functions.proxy.cutConnections();
    const problem = await expectProblem(await waiting, "database_unavailable");
    expect(problem.detail).toContain("read the row before you try again");
    await blocker.query("rollback");
    expect(functions.proxy.takeStatements()).toHaveLength(1);
    await expectProblem(await completeUnknown(), "not_found");
  });
});

describe("while the database does not answer", () => {
  test("gives up connecting in time, keeps no sockets, and recovers", async () => {
    functions.proxy.cutConnections();
    functions.proxy.freeze();
    // The first may still meet a connection that was cut; the others find none and have to open one.
    for (let i = 0; i < 3; i += 1) await expectProblem(await completeUnknown(), "database_unavailable");
    await expect.poll(() => functions.proxy.openConnections()).toBe(0);
    functions.proxy.thaw();
    await expectProblem(await completeUnknown(), "not_found");
  });

  test("gives up on a connection that went silent, and does not use it again", async () => {
    await expectProblem(await completeUnknown(), "not_found");
    functions.proxy.freeze();
    const problem = await expectProblem(await completeUnknown(), "database_unavailable");
    expect(problem.detail).toContain("read the row before you try again");
    await expect.poll(() => functions.proxy.openConnections()).toBe(0);
    functions.proxy.thaw();
    await expectProblem(await completeUnknown(), "not_found");
  });
});

describe("while the database is busy", () => {
  test("a statement that waits too long for a lock is undone by the server and answers 503 overloaded", async () => {
    const sdId = await createDirective(functions.database);
    const blocker = await functions.database.connect();
    await blocker.query("begin");
    await blocker.query("select from public.strategic_directives_v2 where id = $1 for update", [sdId]);
    const response = await start(sdId);
    expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
    await expectProblem(response, "overloaded");
    await blocker.query("rollback");
    const sessions = await functions.database.query(
      "select id from public.exec_implementation_sessions where sd_id = $1",
      [sdId],
    );
    expect(sessions).toEqual([]);
    expect((await start(sdId)).status).toBe(201);
  });

  test("callers beyond the pool wait a bounded time, never open more connections, and none is lost", async () => {
    const sdId = await createDirective(functions.database);
    const blocker = await functions.database.connect();
    await blocker.query("begin");
    await blocker.query("select from public.strategic_directives_v2 where id = $1 for update", [sdId]);
    const responses = await Promise.all(Array.from({ length: 12 }, () => start(sdId)));
    await blocker.query("rollback");
    for (const response of responses) await expectProblem(response, "overloaded");
    expect(functions.proxy.openConnections()).toBeLessThanOrEqual(2);
    const after = await Promise.all(Array.from({ length: 20 }, completeUnknown));
    expect(after.map((response) => response.status)).toEqual(Array(20).fill(404));
    const health = await functions.call("health", { method: "GET" });
    expect(healthAnswer.parse(await health.json()).pool).toMatchObject({ size: 2, busy: 0, waiting: 0, opening: 0 });
  });
});

test("logs what went wrong underneath, with nothing that gives access", async () => {
  await functions.proxy.goDown();
  await completeUnknown();
  await functions.proxy.comeBack();
  const line = functions.log.at(-1) ?? "";
  expect(JSON.parse(line)).toMatchObject({ level: "error", code: "database_unavailable", status: 503 });
  expect(JSON.parse(line).error.name).toMatch(/\w/);
  const { password } = new URL(functions.database.url);
  expect(functions.log.join("\n")).not.toContain(password);
});

/** Waits until so many statements of the functions wait for a lock. */
async function lockWaiters(count: number): Promise<void> {
  await expect
    .poll(async () => {
      const [row] = await functions.database.query<{ count: number }>(
        `select count(*)::integer as count from pg_stat_activity
         where application_name = 'leo-functions' and datname = current_database() and wait_event_type = 'Lock'`,
      );
      return row?.count;
    })
    .toBe(count);
}
