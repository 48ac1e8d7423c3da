import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import type { Client } from "pg";
import { afterEach, describe, expect, inject, test } from "vitest";
import { telemetryRunsAnalyzed } from "../../types/contracts/telemetry-analyzer.ts";
import { insertRun } from "../transitions/telemetry-runs.ts";
import { createDirective } from "./support/directives.ts";
import { type FunctionsUnderTest, startFunctions } from "./support/functions.ts";
import { expectProblem } from "./support/problems.ts";

/** Every limit as long as it can be, so that only the one under test can end what is waited for. */
const PATIENCE = {
  LEO_DB_CONNECT_TIMEOUT_MS: "60000",
  LEO_DB_ACQUIRE_TIMEOUT_MS: "60000",
  LEO_DB_STATEMENT_TIMEOUT_MS: "60000",
  LEO_DB_IDLE_TRANSACTION_TIMEOUT_MS: "600000",
  LEO_DB_CLIENT_CHECK_MS: "0",
  LEO_REQUEST_TIMEOUT_MS: "600000",
  LEO_BODY_TIMEOUT_MS: "600000",
  LEO_AUTH_TIMEOUT_MS: "60000",
};
/** Half a second before the statement has to be begun: that may take as long, and two seconds more. */
const SHORT_REQUEST = { LEO_REQUEST_TIMEOUT_MS: "62500" };
/** A busy machine is no failure. */
const patiently = { timeout: 20_000 };
const someId = "00000000-0000-0000-0000-000000000000";

let functions: FunctionsUnderTest;
let auth: Server | undefined;

afterEach(async () => {
  auth?.closeAllConnections();
  auth?.close();
  auth = undefined;
  await functions.stop();
});

const start = async (env: Record<string, string>, supabaseUrl?: string) => {
  functions = await startFunctions({ env: { ...PATIENCE, ...env }, ...(supabaseUrl ? { supabaseUrl } : {}) });
};

const startSession = (sdId: string) =>
  functions.call("exec-sessions", { body: { sd_id: sdId, implementation_type: "UI_COMPONENT" } });

/** Holds the lock that starting a session of this directive waits for. */
async function holdDirective(): Promise<{ sdId: string; holder: Client }> {
  const sdId = await createDirective(functions.database);
  const holder = await functions.database.connect();
  await holder.query("begin");
  await holder.query("select from public.strategic_directives_v2 where id = $1 for update", [sdId]);
  return { sdId, holder };
}

interface Backend {
  pid: number;
  state: string;
  wait: string | null;
}

const backends = () =>
  functions.database.query<Backend>(
    `select pid, state, wait_event_type as wait from pg_stat_activity
     where application_name = 'leo-functions' and datname = current_database()`,
  );

async function waitingForLock(count: number): Promise<void> {
  await expect.poll(async () => (await backends()).filter(({ wait }) => wait === "Lock").length, patiently).toBe(count);
}

function expectRetryAfter(response: Response): Response {
  expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
  return response;
}

/** The answer's status and text to a request whose body never ends, though a byte of it comes now and then. */
function drip(): Promise<string> {
  const { port } = new URL(functions.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1");
    const dripping = setInterval(() => socket.write(" "), 50);
    socket.write(
      `POST /functions/v1/exec-sessions/${someId}/complete HTTP/1.1\r\nhost: localhost\r\napikey: ${functions.secretKey}\r\n` +
        "content-type: application/json\r\ncontent-length: 1000000\r\n\r\n{",
    );
    socket.once("data", (chunk) => {
      resolve(String(chunk));
      socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => clearInterval(dripping));
  });
}

describe("LEO_REQUEST_TIMEOUT_MS bounds what comes before the statement", () => {
  test("a body that drips in", async () => {
    await start(SHORT_REQUEST);
    expect(await drip()).toMatch(/^HTTP\/1.1 400 .*The body took too long to arrive/s);
  });

  test("an Auth server that says nothing", async () => {
    auth = createServer(() => {});
    await new Promise<void>((resolve) => auth?.listen(0, "127.0.0.1", resolve));
    await start(SHORT_REQUEST, `http://127.0.0.1:${(auth.address() as { port: number }).port}`);
    // Without the id of a key only the Auth server can tell whether it is genuine.
    const [header, claims] = [{ alg: "HS256" }, { sub: someId, exp: 4_000_000_000 }].map((part) =>
      Buffer.from(JSON.stringify(part)).toString("base64url"),
    );
    const headers = {
      apikey: inject("secrets").publishableKey,
      authorization: `Bearer ${header}.${claims}.c2lnbmF0dXJl`,
    };
    const response = await functions.call(`exec-sessions/${someId}/complete`, { headers });
    await expectProblem(expectRetryAfter(response), "auth_unavailable");
  });

  test("the wait for a connection, and what was not begun changes nothing", async () => {
    await start({ ...SHORT_REQUEST, LEO_DB_POOL_SIZE: "1" });
    const { sdId, holder } = await holdDirective();
    const first = startSession(sdId);
    await waitingForLock(1);
    const other = await createDirective(functions.database);
    const problem = await expectProblem(expectRetryAfter(await startSession(other)), "overloaded");
    expect(problem.detail).toContain("Nothing was changed");
    await holder.query("commit");
    expect((await first).status).toBe(201);
    expect((await startSession(other)).status).toBe(201);
  });

  test("a connection that cannot be made", async () => {
    await start(SHORT_REQUEST);
    functions.proxy.freeze();
    const response = await functions.call("health", { method: "GET" });
    functions.proxy.thaw();
    await expectProblem(expectRetryAfter(response), "overloaded");
  });
});

test("LEO_DB_ACQUIRE_TIMEOUT_MS bounds the wait for a connection", async () => {
  await start({ LEO_DB_ACQUIRE_TIMEOUT_MS: "200", LEO_DB_POOL_SIZE: "1" });
  const { sdId, holder } = await holdDirective();
  const first = startSession(sdId);
  await waitingForLock(1);
  await expectProblem(expectRetryAfter(await startSession(sdId)), "overloaded");
  await holder.query("commit");
  expect((await first).status).toBe(201);
});

test("LEO_BODY_TIMEOUT_MS bounds a body that drips in", async () => {
  await start({ LEO_BODY_TIMEOUT_MS: "200" });
  expect(await drip()).toMatch(/^HTTP\/1.1 400 .*The body took too long to arrive/s);
});

test("LEO_DB_STATEMENT_TIMEOUT_MS bounds a statement: the server undoes it", async () => {
  await start({ LEO_DB_STATEMENT_TIMEOUT_MS: "200" });
  const { sdId } = await holdDirective();
  await expectProblem(expectRetryAfter(await startSession(sdId)), "overloaded");
  expect(await backends()).toEqual([expect.objectContaining({ state: "idle" })]);
});

test("and a server process that is frozen with it, whose connection is used no more", async () => {
  await start({ LEO_DB_STATEMENT_TIMEOUT_MS: "200", LEO_DB_POOL_SIZE: "1" });
  expect((await functions.call("health", { method: "GET" })).status).toBe(200);
  const [frozen] = await backends();
  if (!frozen) throw new Error("the functions have no connection");
  process.kill(frozen.pid, "SIGSTOP");
  try {
    const response = await functions.call("health", { method: "GET" });
    await expectProblem(expectRetryAfter(response), "database_unavailable");
    expect((await functions.call("health", { method: "GET" })).status).toBe(200);
  } finally {
    process.kill(frozen.pid, "SIGCONT");
  }
  await expect.poll(async () => (await backends()).map(({ pid }) => pid), patiently).not.toContain(frozen.pid);
});

describe("functions that are frozen or gone hold nobody up", () => {
  test("LEO_DB_IDLE_TRANSACTION_TIMEOUT_MS ends a transaction that is not gone on with", async () => {
    await start({ LEO_DB_IDLE_TRANSACTION_TIMEOUT_MS: "300" });
    const { database } = functions;
    const run = await insertRun(database, { scope_type: "global" });
    const holder = await database.connect();
    await holder.query("begin");
    await holder.query("lock table public.orchestration_metrics in access exclusive mode");
    // An analysis is a transaction of several statements.
    const answer = functions.call("telemetry-analyzer");
    await waitingForLock(1);
    functions.functions.child.kill("SIGSTOP");
    try {
      await holder.query("commit");
      await expect.poll(async () => (await backends()).filter(({ state }) => state !== "idle"), patiently).toEqual([]);
    } finally {
      functions.functions.child.kill("SIGCONT");
    }
    const { runs } = telemetryRunsAnalyzed.parse(await (await answer).json());
    expect(runs).toMatchObject([{ run_id: run.run_id, status: "FAILED" }]);
  });

  test("LEO_DB_CLIENT_CHECK_MS: a statement whose caller was killed gives its locks back", async () => {
    await start({ LEO_DB_CLIENT_CHECK_MS: "100" });
    const { sdId } = await holdDirective();
    const lost = startSession(sdId).catch(() => undefined);
    await waitingForLock(1);
    functions.functions.child.kill("SIGKILL");
    await lost;
    // The lock that it waits for is never given free.
    await expect.poll(backends, patiently).toEqual([]);
  });
});
