import { Agent, request } from "node:http";
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
  // One connection for all requests, as a client that keeps it alive has.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = (method: string, path: string, body: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { apikey: stack.secretKey, "content-type": "application/json" };
      const sent = request(`${stack.url}/functions/v1/${path}`, { agent, method, headers, timeout: 3000 }, (answer) => {
        answer.resume().once("end", () => resolve(answer.statusCode));
      });
      sent.once("timeout", () => sent.destroy(new Error("no answer")));
      sent.once("error", reject);
      // In pieces and without a length, so that the function finds out while it reads.
      for (let at = 0; at < body.length; at += 65536) sent.write(body.slice(at, at + 65536));
      sent.end();
    });
  const tooLarge = JSON.stringify({ sd_id: "x".repeat(8 * 1024 * 1024) });
  for (let round = 0; round < 10; round += 1) {
    expect(await send("POST", "exec-sessions", tooLarge)).toBe(413);
    expect(await send("GET", "health", "")).toBe(200);
  }
  agent.destroy();
});

test("listens on 127.0.0.1 alone", async () => {
  const { port } = new URL(stack.url);
  // A server that listened on every address would answer on this one too.
  await expect(fetch(`http://127.0.0.2:${port}/`)).rejects.toThrow();
});
