import { FunctionsHttpError } from "@supabase/supabase-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { healthAnswer } from "../../types/contracts/health.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { createDirective } from "./support/directives.ts";
import { expectProblem } from "./support/problems.ts";

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack();
});

afterAll(() => stack.stop());

const health = (headers: Record<string, string> = {}) => stack.call("health", { method: "GET", headers });
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe("health", () => {
  test("needs no credentials and tells schema version and pool, and nothing else", async () => {
    const response = await health();
    expect(response.status).toBe(200);
    const body = healthAnswer.strict().parse(await response.json());
    expect(body.status).toBe("ok");
    const [newest] = await stack.database.query<{ version: string }>(
      "select max(version) as version from supabase_migrations.schema_migrations",
    );
    expect(body.database.schema_version).toBe(newest?.version);
  });

  test("answers HEAD without a body", async () => {
    const response = await stack.call("health", { method: "HEAD", headers: {} });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
  });
});

describe("the request id", () => {
  test.each(["a", "run-7:step.3_X", "x".repeat(128)])("is the caller's: %j", async (id) => {
    expect((await health({ "x-request-id": id })).headers.get("x-request-id")).toBe(id);
  });

  test.each(["", "a b", "x".repeat(129), '{"a":1}', "a/b", "a,b"])("is a new one instead of %j", async (id) => {
    const given = (await health({ "x-request-id": id })).headers.get("x-request-id");
    expect(given).toMatch(uuid);
  });

  test("is in refusals too", async () => {
    const response = await stack.call("exec-sessions/nowhere", { headers: { "x-request-id": "mine" } });
    expect(response.headers.get("x-request-id")).toBe("mine");
    expect((await expectProblem(response, "unauthenticated")).request_id).toBe("mine");
  });

  test("reaches the database with actor and event", async () => {
    await stack.database.query("create table public.seen (actor text, event text, request_id text)");
    await stack.database.query(
      `create function public.see() returns trigger language plpgsql as $$
       begin
         insert into public.seen values
           (current_setting('leo.actor'), current_setting('leo.event'), current_setting('leo.request_id'));
         return null;
       end $$`,
    );
    await stack.database.query(
      `create trigger see after insert on public.exec_implementation_sessions
       for each row execute function public.see()`,
    );
    const response = await stack.call("exec-sessions", {
      headers: {
        apikey: stack.secretKey,
        "content-type": "application/json",
        "x-leo-actor": "agent-7",
        "x-request-id": "request-1",
      },
      body: { sd_id: await createDirective(stack.database), implementation_type: "DATABASE_CHANGE" },
    });
    expect(response.status).toBe(201);
    const seen = await stack.database.query("select actor, event, request_id from public.seen");
    expect(seen).toEqual([{ actor: "secret:default/agent-7", event: "start", request_id: "request-1" }]);
  });
});

test("Server-Timing says where the time went, and forbids caching", async () => {
  for (const response of [await health(), await stack.call("exec-sessions"), await stack.call("nowhere")]) {
    const timing = /^auth;dur=([\d.]+), db;dur=([\d.]+), total;dur=([\d.]+)$/.exec(
      response.headers.get("server-timing") ?? "",
    );
    const [auth, db, total] = (timing ?? []).slice(1).map(Number) as [number, number, number];
    expect(auth + db).toBeLessThanOrEqual(total + 0.02);
    expect(response.headers.get("cache-control")).toBe("no-store");
  }
});

describe("browsers", () => {
  test("may send what supabase-js sends and our own headers, and read ours", async () => {
    const response = await fetch(`${stack.url}/functions/v1/exec-sessions`, {
      method: "OPTIONS",
      headers: {
        origin: "https://dashboard.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,apikey,content-type,idempotency-key,x-client-info,x-leo-actor",
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    const allowed = response.headers.get("access-control-allow-headers")?.split(", ");
    for (const name of ["authorization", "apikey", "content-type", "x-client-info"]) expect(allowed).toContain(name);
    for (const name of ["idempotency-key", "x-leo-actor", "x-request-id"]) expect(allowed).toContain(name);
    expect(response.headers.get("access-control-allow-methods")).toContain("PATCH");
  });

  test("can read every answer, refusals included", async () => {
    for (const response of [await health(), await stack.call("exec-sessions"), await stack.call("nowhere")]) {
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      const exposed = response.headers.get("access-control-expose-headers")?.split(", ");
      for (const name of ["x-request-id", "server-timing", "retry-after"]) expect(exposed).toContain(name);
    }
  });
});

describe("supabase-js", () => {
  test("starts a session by functions.invoke with a secret key", async () => {
    const sd_id = await createDirective(stack.database);
    const { data, error } = await stack.client(stack.secretKey).functions.invoke("exec-sessions", {
      body: { sd_id, implementation_type: "GENERAL_FEATURE" },
    });
    expect(error).toBeNull();
    expect(data).toMatchObject({ attempt: 1, session: { sd_id, status: "active" } });
  });

  test("starts a session as an operator, by the user's token", async () => {
    const sd_id = await createDirective(stack.database);
    const sub = "11111111-1111-1111-1111-111111111111";
    const token = await stack.mintToken({ sub, app_metadata: { leo_role: "operator" } });
    const { data, error } = await stack.client(stack.publishableKey, token).functions.invoke("exec-sessions", {
      body: { sd_id, implementation_type: "GENERAL_FEATURE" },
    });
    expect(error).toBeNull();
    expect(data.session.sd_id).toBe(sd_id);
  });

  test("finds the problem in the error's response", async () => {
    const { error } = await stack.client().functions.invoke("exec-sessions", { body: {} });
    expect(error).toBeInstanceOf(FunctionsHttpError);
    await expectProblem((error as FunctionsHttpError).context, "unauthenticated");
  });
});

describe("the log", () => {
  const lineOf = async (response: Response) => {
    const id = response.headers.get("x-request-id") ?? "";
    const lines = stack.functionsLog.filter((line) => line.includes(id));
    expect(lines).toHaveLength(1);
    return JSON.parse(lines[0] ?? "");
  };

  test("has one line for a transition that says who did what", async () => {
    const sd_id = await createDirective(stack.database);
    const response = await stack.call("exec-sessions", { body: { sd_id, implementation_type: "UI_COMPONENT" } });
    expect(await lineOf(response)).toEqual({
      level: "info",
      request_id: response.headers.get("x-request-id"),
      function: "exec-sessions",
      method: "POST",
      route: "POST /",
      actor: "secret:default",
      event: "start",
      to: "active",
      status: 201,
      ms: expect.any(Number),
    });
  });

  test("has one line for a refusal that says why", async () => {
    const response = await stack.call(`exec-sessions/00000000-0000-0000-0000-000000000000/complete?secret=x`);
    expect(await lineOf(response)).toMatchObject({ route: "POST /:id/complete", code: "not_found", status: 404 });
  });

  test("holds no key, token, password, body or query", async () => {
    const token = await stack.mintToken({ sub: "11111111-1111-1111-1111-111111111111" });
    await stack.call("exec-sessions?apikey=in-the-query", {
      headers: { apikey: stack.secretKey, authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: { sd_id: "in-the-body", implementation_type: "UI_COMPONENT" },
    });
    const log = stack.functionsLog.join("\n");
    const { publishableKey, databasePassword, jwtSecret, secretKeys } = stack.secrets;
    const secrets = [token, publishableKey, databasePassword, jwtSecret, ...Object.values(secretKeys)];
    for (const secret of [...secrets, "in-the-query", "in-the-body", "postgresql://"]) {
      expect(log).not.toContain(secret);
    }
  });
});

test("a mistake of ours shows nothing but the request id, and is found in the log by it", async () => {
  const sd_id = await createDirective(stack.database);
  await stack.database.query("alter function leo.start_exec_session(jsonb, jsonb) rename to start_exec_session_gone");
  const response = await stack.call("exec-sessions", { body: { sd_id, implementation_type: "UI_COMPONENT" } });
  await stack.database.query("alter function leo.start_exec_session_gone(jsonb, jsonb) rename to start_exec_session");
  const body = await expectProblem(response, "internal");
  expect(Object.keys(body).sort()).toEqual(["code", "detail", "request_id", "status", "title", "type"]);
  expect(JSON.stringify(body)).not.toMatch(/start_exec_session|select|42883/);
  const line = stack.functionsLog.find((entry) => entry.includes(body.request_id));
  const logged = JSON.parse(line ?? "{}");
  expect(logged).toMatchObject({
    level: "error",
    code: "internal",
    error: { name: "PostgresError", sqlstate: "42883" },
  });
  expect(line).not.toMatch(/\.ts:\d+|select leo/);
  const again = await stack.call("exec-sessions", { body: { sd_id, implementation_type: "UI_COMPONENT" } });
  expect(again.status).toBe(201);
});
