import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Client } from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { insertRun, runNow } from "../transitions/telemetry-runs.ts";
import { createDirective } from "./support/directives.ts";
import { type FunctionsUnderTest, startFunctions } from "./support/functions.ts";
import { expectProblem } from "./support/problems.ts";

/** A busy machine is no failure. */
const patiently = { timeout: 20_000 };

let functions: FunctionsUnderTest;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await functions.stop();
});

/** Only the end of its connection can end a statement that waits for a lock. */
const ENDLESS = { LEO_DB_STATEMENT_TIMEOUT_MS: "60000" };

const ways = ["SIGTERM", "SIGINT", "stdin"] as const;

function tellToEnd(how: (typeof ways)[number]): Promise<unknown[]> {
  const { child } = functions.functions;
  const ended = once(child, "exit");
  if (how === "stdin") child.stdin?.end();
  else child.kill(how);
  return ended;
}

const startSession = (sdId: string) =>
  functions.call("exec-sessions", { body: { sd_id: sdId, implementation_type: "UI_COMPONENT" } });

/** A session that is being started, and waits for the directive that `holder` has locked. */
async function blockedStart(): Promise<{ sdId: string; holder: Client; answer: Promise<Response> }> {
  const sdId = await createDirective(functions.database);
  const holder = await functions.database.connect();
  await holder.query("begin");
  await holder.query("select from public.strategic_directives_v2 where id = $1 for update", [sdId]);
  const answer = startSession(sdId);
  answer.catch(() => {});
  const waiting = async () => (await backends()).filter(({ wait }) => wait === "Lock").length;
  await expect.poll(waiting, patiently).toBe(1);
  return { sdId, holder, answer };
}

const backends = () =>
  functions.database.query<{ wait: string | null }>(
    `select wait_event_type as wait from pg_stat_activity
     where application_name = 'leo-functions' and datname = current_database()`,
  );

const sessionsOf = (sdId: string) =>
  functions.database.query("select status from public.exec_implementation_sessions where sd_id = $1", [sdId]);

/** Resolves once nobody is let in any more. */
async function refusing(): Promise<void> {
  const knock = () =>
    functions.call("health", { method: "GET" }).then(
      ({ status }) => String(status),
      () => "refused",
    );
  await expect.poll(knock, patiently).toBe("refused");
}

/** A connection of one's own, on which `text` has been sent. */
async function open(text: string): Promise<{ closed: Promise<unknown>; received(): string; send(text: string): void }> {
  const socket = connect(Number(new URL(functions.url).port), "127.0.0.1");
  sockets.push(socket);
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk;
  });
  socket.on("error", () => {});
  const closed = once(socket, "close");
  await new Promise<void>((resolve) => socket.write(text, () => resolve()));
  return { closed, received: () => received, send: (more) => socket.write(more) };
}

const health = "GET /functions/v1/health HTTP/1.1\r\nhost: localhost\r\n\r\n";

describe.each(ways)("on the end of %s", (how) => {
  test("what has begun is finished, nothing new is let in, and it ends with 0 and without a connection", async () => {
    functions = await startFunctions();
    const { sdId, holder, answer } = await blockedStart();
    const ended = tellToEnd(how);
    await refusing();
    await holder.query("commit");
    expect((await answer).status).toBe(201);
    expect(await ended).toEqual([0, null]);
    expect(await sessionsOf(sdId)).toEqual([{ status: "active" }]);
    await expect.poll(backends, patiently).toEqual([]);
  });
});

test("connections on which nothing is asked, or only half a question, keep it from ending no longer", async () => {
  functions = await startFunctions({ env: { LEO_SHUTDOWN_TIMEOUT_MS: "600000" } });
  const silent = await open("");
  const half = await open(health.slice(0, 20));
  const asked = await open(health);
  await expect.poll(asked.received, patiently).toContain("200 OK");
  expect(await tellToEnd("SIGTERM")).toEqual([0, null]);
  await Promise.all([silent.closed, half.closed, asked.closed]);
});

test("a request whose body is still on its way is told to come again", async () => {
  functions = await startFunctions({ env: { LEO_SHUTDOWN_TIMEOUT_MS: "600000" } });
  const request = await open(
    `POST /functions/v1/exec-sessions HTTP/1.1\r\nhost: localhost\r\napikey: ${functions.secretKey}\r\n` +
      "content-type: application/json\r\ncontent-length: 100\r\n\r\n{",
  );
  // Answered after it on a server that reads in order of arrival, so that the other is being read by now.
  expect((await functions.call("health", { method: "GET" })).status).toBe(200);
  expect(await tellToEnd("SIGTERM")).toEqual([0, null]);
  await request.closed;
  expect(request.received()).toMatch(/^HTTP\/1.1 503 /);
  expect(request.received()).toMatch(/^retry-after: \d+\r$/m);
  expect(request.received()).toContain('"code":"overloaded"');
});

describe("what takes longer than LEO_SHUTDOWN_TIMEOUT_MS", () => {
  test("is cut, answered 503, undone, and leaves no session behind", async () => {
    functions = await startFunctions({ env: { ...ENDLESS, LEO_SHUTDOWN_TIMEOUT_MS: "300" } });
    const { sdId, answer } = await blockedStart();
    expect(await tellToEnd("SIGTERM")).toEqual([1, null]);
    await expectProblem(await answer, "database_unavailable");
    await expect.poll(backends, patiently).toEqual([]);
    expect(await sessionsOf(sdId)).toEqual([]);
    expect(functions.log.join("\n")).toContain("LEO_SHUTDOWN_TIMEOUT_MS");
  });

  test("also where several statements make one transaction", async () => {
    functions = await startFunctions({ env: { ...ENDLESS, LEO_SHUTDOWN_TIMEOUT_MS: "300" } });
    const { database } = functions;
    await database.query("select leo.request_telemetry_run('{}', '{}')");
    const holder = await database.connect();
    await holder.query("begin");
    await holder.query("lock table public.orchestration_metrics in access exclusive mode");
    const answer = functions.call("telemetry-analyzer").catch(() => undefined);
    const waiting = async () => (await backends()).filter(({ wait }) => wait === "Lock").length;
    await expect.poll(waiting, patiently).toBe(1);
    expect(await tellToEnd("SIGTERM")).toEqual([1, null]);
    await answer;
    await expect.poll(backends, patiently).toEqual([]);
    expect(await database.query("select status from public.telemetry_analysis_runs")).toEqual([{ status: "RUNNING" }]);
  });
});

test.each(["SIGTERM", "SIGINT"] as const)("a second signal, here %s, ends it at once", async (second) => {
  functions = await startFunctions({ env: { ...ENDLESS, LEO_SHUTDOWN_TIMEOUT_MS: "600000" } });
  const { sdId } = await blockedStart();
  const ended = tellToEnd("SIGTERM");
  await refusing();
  functions.functions.child.kill(second);
  expect(await ended).toEqual([1, null]);
  await expect.poll(backends, patiently).toEqual([]);
  expect(await sessionsOf(sdId)).toEqual([]);
});

test("what takes several steps ends after the one that it is at", async () => {
  functions = await startFunctions();
  const { database } = functions;
  const run = await insertRun(database, { scope_type: "global" });
  const next = await insertRun(database, { scope_type: "user", scope_id: "u" });
  const holder = await database.connect();
  await holder.query("begin");
  await holder.query("lock table public.orchestration_metrics in access exclusive mode");
  const answer = functions.call("telemetry-analyzer");
  await expect.poll(async () => (await backends()).filter(({ wait }) => wait === "Lock").length, patiently).toBe(1);
  const ended = tellToEnd("SIGTERM");
  await refusing();
  await holder.query("rollback");
  expect(await (await answer).json()).toMatchObject({ runs: [{ run_id: run.run_id, status: "SUCCEEDED" }] });
  expect(await ended).toEqual([0, null]);
  expect(await runNow(database, next.run_id)).toEqual(next);
});
