import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type ControlPlaneError, createControlPlane } from "../../types/client/index.ts";
import { createDirective } from "../functions/support/directives.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { untilBlocked } from "../transitions/events.ts";
import { failedCall } from "./support/failed-call.ts";
import { observedClient } from "./support/observed-client.ts";

let stack: TestStack;
let directive: string;
/** Ends what keeps the functions' only connection busy. */
let free: () => Promise<void>;

beforeAll(async () => {
  stack = await startTestStack({
    functionsEnv: {
      LEO_DB_POOL_SIZE: "1",
      LEO_DB_ACQUIRE_TIMEOUT_MS: "50",
      LEO_DB_STATEMENT_TIMEOUT_MS: "60000",
    },
  });
  // To open the connection may take longer than callers wait here.
  await vi.waitFor(async () => expect((await stack.call("health", { method: "GET" })).status).toBe(200), 10_000);
});

afterAll(() => stack.stop());

beforeEach(async () => {
  directive = await createDirective(stack.database);
  const locked = await createDirective(stack.database);
  const blocker = await stack.database.connect();
  await blocker.query("begin");
  await blocker.query("select from public.strategic_directives_v2 where id = $1 for update", [locked]);
  const blocked = stack.call("exec-sessions", { body: { sd_id: locked, implementation_type: "UI_COMPONENT" } });
  await untilBlocked(stack.database);
  free = async () => {
    await blocker.query("rollback");
    expect((await blocked).status).toBe(201);
  };
});

afterEach(() => free());

const begun = () => ({ sd_id: directive, implementation_type: "UI_COMPONENT" as const });

const startsOf = async (sdId: string) =>
  (await stack.database.query("select from public.state_transitions where sd_id = $1 and event = 'start'", [sdId]))
    .length;

describe("while every connection is busy", () => {
  test("a write is sent again as the functions ask for, with the same key, and happens once", async () => {
    const { supabase, sent } = observedClient(stack.url, stack.secretKey);
    const failed: { error: ControlPlaneError; waitMs: number }[] = [];
    let freed: Promise<void> | undefined;
    const leo = createControlPlane(supabase, {
      onRetry: (error, waitMs) => {
        failed.push({ error, waitMs });
        freed ??= free();
      },
    });
    const request = begun();
    const answer = leo.sessions.start(request, { attempts: 20 });
    // What is sent again is what the call began with: another body would be idempotency_mismatch.
    request.sd_id = "changed meanwhile";
    const { session } = await answer;
    await freed;
    free = async () => {};

    expect(session.sd_id).toBe(directive);
    expect(failed[0]?.error).toMatchObject({ code: "overloaded", status: 503, attempts: 1 });
    // Retry-After: 1, and something at random.
    expect(failed[0]?.waitMs).toBeGreaterThanOrEqual(1_000);
    expect(failed[0]?.waitMs).toBeLessThan(1_500);
    expect(sent.length).toBeGreaterThan(1);
    expect(new Set(sent.map(({ headers }) => headers.get("idempotency-key"))).size).toBe(1);
    expect(new Set(sent.map(({ headers }) => headers.get("x-request-id"))).size).toBe(1);
    expect(failed[0]?.error.requestId).toBe(sent[0]?.headers.get("x-request-id"));
    expect(await startsOf(directive)).toBe(1);
  });

  test("a call that must be over sooner than it may be tried again says so at once", async () => {
    const leo = createControlPlane(stack.client(stack.secretKey), { timeoutMs: 900 });
    expect(await failedCall(leo.sessions.start(begun()))).toMatchObject({ code: "overloaded", attempts: 1 });
  });

  test("no more attempts are made than are allowed", async () => {
    const leo = createControlPlane(stack.client(stack.secretKey), { attempts: 2 });
    expect(await failedCall(leo.sessions.start(begun()))).toMatchObject({ code: "overloaded", attempts: 2 });
    expect(await startsOf(directive)).toBe(0);
  });

  test("what asks how things are is told so at once", async () => {
    const leo = createControlPlane(stack.client());
    expect(await failedCall(leo.health.check())).toMatchObject({ status: 503, attempts: 1, idempotencyKey: undefined });
  });

  test("nothing is sent of a call that was aborted before", async () => {
    const { supabase, sent } = observedClient(stack.url, stack.secretKey);
    const call = createControlPlane(supabase).sessions.start(begun(), { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
    expect(sent).toEqual([]);
  });
});
