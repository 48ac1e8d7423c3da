import { afterAll, beforeAll, expect, test } from "vitest";
import { startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";

let withoutFunctions: TestDataApi;
let stack: TestStack;
beforeAll(async () => {
  [withoutFunctions, stack] = await Promise.all([startDataApiOnly(), startTestStack()]);
});
afterAll(() => Promise.all([withoutFunctions.stop(), stack.stop()]));

test("says 503 and when to come back while there are no edge functions", async () => {
  const response = await fetch(`${withoutFunctions.url}/functions/v1/health`);
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("1");
  expect(await response.json()).toMatchObject({ status: 503, code: "functions_unavailable" });
});

test("says 404 and what it serves for any other path", async () => {
  for (const path of ["/", "/functions", "/rest/v2/companies", "/realtime/v1/websocket", "/_system/config"]) {
    const response = await fetch(`${stack.url}${path}`);
    expect(response.status, path).toBe(404);
    expect(await response.json()).toMatchObject({ code: "not_found", detail: expect.stringContaining("/rest/v1") });
  }
});

test("passes method, path, query, headers and body through to the functions, and their answer back", async () => {
  const response = await fetch(`${stack.url}/functions/v1/exec-sessions?ignored=1`, {
    method: "POST",
    headers: { apikey: stack.secretKey, "content-type": "application/json", "x-request-id": "through-the-gateway" },
    body: JSON.stringify({ sd_id: "SD-NOT-THERE", implementation_type: "UI_COMPONENT" }),
  });
  expect(response.status).toBe(404);
  expect(response.headers.get("content-type")).toContain("application/problem+json");
  expect(response.headers.get("x-request-id")).toBe("through-the-gateway");
  expect(await response.json()).toMatchObject({ code: "not_found", id: "SD-NOT-THERE" });
});

test("goes on serving a connection after an answer that came before the body was read", async () => {
  const headers = { apikey: stack.secretKey, "content-type": "application/json" };
  for (let round = 0; round < 10; round += 1) {
    // fetch keeps the connection and uses it again, as supabase-js does.
    const tooLarge = await fetch(`${stack.url}/functions/v1/exec-sessions`, {
      method: "POST",
      headers,
      body: JSON.stringify({ sd_id: "x".repeat(4 * 1024 * 1024) }),
    });
    expect(tooLarge.status).toBe(413);
    await tooLarge.text();
    const next = await fetch(`${stack.url}/functions/v1/health`, { signal: AbortSignal.timeout(3000) });
    expect(next.status).toBe(200);
  }
});

test("listens on 127.0.0.1 alone", async () => {
  const { port } = new URL(stack.url);
  // A server that listened on every address would answer on this one too.
  await expect(fetch(`http://127.0.0.2:${port}/`)).rejects.toThrow();
});
