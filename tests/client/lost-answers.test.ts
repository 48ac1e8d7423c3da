import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type ControlPlane, type ControlPlaneError, createControlPlane } from "../../types/client/index.ts";
import { createDirective } from "../functions/support/directives.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { failedCall } from "./support/failed-call.ts";
import { observedClient, type SentRequest } from "./support/observed-client.ts";
import { type Mishap, type RudeProxy, startRudeProxy } from "./support/rude-proxy.ts";

let stack: TestStack;
let proxy: RudeProxy;
let leo: ControlPlane;
let sent: SentRequest[];
let failed: ControlPlaneError[];

beforeAll(async () => {
  stack = await startTestStack();
  proxy = await startRudeProxy(stack.url);
});

afterAll(async () => {
  await proxy.close();
  await stack.stop();
});

beforeEach(() => {
  const client = observedClient(proxy.url, stack.secretKey);
  sent = client.sent;
  failed = [];
  leo = createControlPlane(client.supabase, { onRetry: (error) => failed.push(error) });
});

afterEach(() => {
  expect(proxy.mishaps.splice(0), "every mishap has come to pass").toEqual([]);
});

const begun = async () => ({
  sd_id: await createDirective(stack.database),
  implementation_type: "UI_COMPONENT" as const,
});

const startsOf = async (sdId: string) =>
  (await stack.database.query("select from public.state_transitions where sd_id = $1 and event = 'start'", [sdId]))
    .length;

describe("what was carried out and not answered", () => {
  test.each<Mishap>(["lose the answer", "cut the answer"])(
    "(%s) happens once, and is answered in the end",
    async (mishap) => {
      proxy.mishaps.push(mishap, mishap);
      const request = await begun();
      const { session, attempt } = await leo.sessions.start(request);
      expect(session).toMatchObject({ sd_id: request.sd_id, status: "active" });
      expect(attempt).toBe(1);
      expect(failed).toMatchObject([
        { code: "no_answer", status: 0, attempts: 1, problem: undefined },
        { code: "no_answer", status: 0, attempts: 2 },
      ]);
      expect(new Set(sent.map(({ headers }) => headers.get("idempotency-key"))).size).toBe(1);
      expect(sent).toHaveLength(3);
      expect(await startsOf(request.sd_id)).toBe(1);
    },
  );

  test("of a refusal, is that refusal", async () => {
    const request = await begun();
    const { session } = await leo.sessions.start(request);
    proxy.mishaps.push("cut the answer");
    const error = await failedCall(leo.sessions.start(request));
    expect(error).toMatchObject({ code: "session_exists", attempts: 2 });
    expect(error.is("session_exists") && error.problem.id).toBe(session.id);
  });

  test("can be asked for later by the key that the error carries", async () => {
    proxy.mishaps.push("lose the answer");
    const request = await begun();
    const error = await failedCall(leo.sessions.start(request, { attempts: 1 }));
    expect(error).toMatchObject({ code: "no_answer", status: 0, attempts: 1 });
    expect(error.cause).toBeInstanceOf(Error);
    const { session } = await leo.sessions.start(request, { idempotencyKey: error.idempotencyKey });
    expect(session.sd_id).toBe(request.sd_id);
    expect(await startsOf(request.sd_id)).toBe(1);
  });

  test("of an update, does not take back what somebody else has written since", async () => {
    const { session } = await leo.sessions.start(await begun());
    const mine = { implementation_progress: 40 };
    proxy.mishaps.push("lose the answer");
    const { idempotencyKey } = await failedCall(leo.sessions.update(session.id, mine, { attempts: 1 }));
    await leo.sessions.update(session.id, { implementation_progress: 70 });
    proxy.mishaps.push("lose the answer");
    const updated = await leo.sessions.update(session.id, mine, { idempotencyKey });
    expect(updated.session.implementation_progress).toBe(40);
    expect(failed).toMatchObject([{ code: "no_answer", idempotencyKey, attempts: 1 }]);
    const rows = await stack.database.query(
      "select implementation_progress from public.exec_implementation_sessions where id = $1",
      [session.id],
    );
    expect(rows).toEqual([{ implementation_progress: 70 }]);
  });
});

test("an attempt that takes too long is given up for another one", async () => {
  proxy.mishaps.push("swallow");
  const request = await begun();
  const { session } = await leo.sessions.start(request, { attemptTimeoutMs: 1_000 });
  expect(session.sd_id).toBe(request.sd_id);
  expect(failed).toMatchObject([{ code: "no_answer", cause: { name: "TimeoutError" } }]);
});

test("an abort ends an attempt that is under way, and is not tried again", async () => {
  proxy.mishaps.push("swallow");
  const controller = new AbortController();
  const call = leo.telemetry.sweep({}, { signal: controller.signal });
  const outcome = expect(call).rejects.toThrow("no longer wanted");
  await vi.waitFor(() => expect(proxy.mishaps).toEqual([]));
  controller.abort(new Error("no longer wanted"));
  await outcome;
  expect(sent).toHaveLength(1);
});

test.each([
  ["as it begins", (abort: () => void) => abort()],
  ["later", (abort: () => void) => setImmediate(abort)],
])("an abort ends the wait for the next attempt (%s)", async (_when, soon) => {
  // An hour: a wait that went on would be noticed.
  proxy.mishaps.push({ status: 503, type: "text/plain", body: "later", retryAfter: "3600" });
  const controller = new AbortController();
  const impatient = createControlPlane(observedClient(proxy.url, stack.secretKey).supabase, {
    timeoutMs: 7_200_000,
    onRetry: () => soon(() => controller.abort(new Error("no longer wanted"))),
  });
  await expect(impatient.telemetry.sweep({}, { signal: controller.signal })).rejects.toThrow("no longer wanted");
});

test("a call whose time is over ends in the middle of an attempt", async () => {
  proxy.mishaps.push("swallow");
  const error = await failedCall(leo.telemetry.sweep({}, { timeoutMs: 200 }));
  expect(error).toMatchObject({ code: "no_answer", attempts: 1, cause: { name: "TimeoutError" } });
});

test("a call may go on for ever", async () => {
  const forever = { attemptTimeoutMs: Number.POSITIVE_INFINITY, timeoutMs: Number.POSITIVE_INFINITY };
  expect(await leo.telemetry.sweep({}, forever)).toMatchObject({ skipped: 0 });
  expect(failed).toEqual([]);
});

test("where nobody listens, the call ends after the attempts that are allowed", async () => {
  const other = await startRudeProxy(stack.url);
  await other.close();
  const nobody = createControlPlane(observedClient(other.url, stack.secretKey).supabase, { attempts: 2 });
  const error = await failedCall(nobody.telemetry.sweep());
  expect(error).toMatchObject({ code: "no_answer", status: 0, attempts: 2 });
});

describe("what somebody else answers", () => {
  test("is told from a problem of the functions, and not tried again", async () => {
    proxy.mishaps.push({ status: 500, type: "text/html", body: "<h1>Out of order</h1>" });
    const error = await failedCall(leo.telemetry.sweep());
    expect(error).toMatchObject({ code: "unexpected_answer", status: 500, attempts: 1, problem: undefined });
    expect(error.detail).toContain("Out of order");
  });

  // It is a lost answer: with the key, what was carried out is not carried out again.
  test.each([502, 504, 520, 522, 524, 546])(
    "is tried again where it is a gateway without an answer (%i)",
    async (status) => {
      proxy.mishaps.push({ status, type: "text/html", body: "<h1>No answer from upstream</h1>", carriedOut: true });
      const request = await begun();
      const { session } = await leo.sessions.start(request);
      expect(session.sd_id).toBe(request.sd_id);
      expect(failed).toMatchObject([{ code: "unexpected_answer", status, attempts: 1 }]);
      expect(await startsOf(request.sd_id)).toBe(1);
    },
  );

  test("is not tried again where the request is no write", async () => {
    proxy.mishaps.push({ status: 502, type: "text/html", body: "<h1>Bad gateway</h1>" });
    expect(await failedCall(leo.health.check())).toMatchObject({ status: 502, attempts: 1 });
  });

  test("is tried again where it is 503, at once where it says since when", async () => {
    const past = new Date(Date.now() - 60_000).toUTCString();
    proxy.mishaps.push({ status: 503, type: "text/plain", body: "starting" });
    proxy.mishaps.push({ status: 503, type: "text/plain", body: "starting", retryAfter: past });
    expect(await leo.telemetry.sweep()).toMatchObject({ skipped: 0 });
    expect(failed).toMatchObject([
      { code: "unexpected_answer", status: 503 },
      { code: "unexpected_answer", attempts: 2 },
    ]);
  });

  test.each([
    ["text/html", "<h1>Sign in to this network</h1>"],
    ["application/json", "{"],
    ["application/json", "null"],
  ])("is no answer of the functions either with 200 (%s: %s)", async (type, body) => {
    proxy.mishaps.push({ status: 200, type, body });
    expect(await failedCall(leo.telemetry.sweep())).toMatchObject({ code: "unexpected_answer", attempts: 1 });
  });

  test("is no problem of ours with a code of its own", async () => {
    const body = JSON.stringify({ code: "not_found", detail: "no function" });
    proxy.mishaps.push({ status: 404, type: "application/problem+json", body });
    expect(await failedCall(leo.telemetry.sweep())).toMatchObject({ code: "unexpected_answer", status: 404 });
  });
});

describe("mistakes of the caller are no failed calls", () => {
  test("an id that would lead elsewhere", async () => {
    for (const id of ["", ".", ".."]) await expect(leo.sessions.pause(id)).rejects.toThrow(TypeError);
    expect(sent).toEqual([]);
  });

  test("an id with a path in it stays within its place", async () => {
    expect(await failedCall(leo.sessions.pause("../exec-handoffs?x=#"))).toMatchObject({ code: "invalid_request" });
    expect(sent[0]?.pathname).toBe("/functions/v1/exec-sessions/..%2Fexec-handoffs%3Fx%3D%23/pause");
  });

  test("a body that is no JSON", async () => {
    const metadata = { big: 1n };
    await expect(leo.telemetry.request({ metadata })).rejects.toThrow(/BigInt/);
  });

  test("a key that no header can hold", async () => {
    await expect(leo.telemetry.sweep({}, { idempotencyKey: "line\nfeed" })).rejects.toThrow(TypeError);
    expect(sent).toEqual([]);
  });
});
