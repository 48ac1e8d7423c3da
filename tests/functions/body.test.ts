import { describe, expect, test } from "vitest";
import { z } from "zod";
import { parseBody } from "../../functions/_shared/body.ts";

const request = (body: string | ReadableStream<Uint8Array>) =>
  new Request("http://localhost/", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    duplex: "half",
  });

const refusal = (code: string, path: (string | number)[]) =>
  expect.objectContaining({
    code,
    options: { members: { issues: [{ path, message: expect.any(String) }] } },
  });

describe("whatever the contract lets through", () => {
  test.each([
    ['{"a":["\\u0000"]}', ["a", 0]],
    ['{"a":"\\ud800"}', ["a"]],
    ['{"a":1e999}', ["a"]],
    ['{"a":{"__proto__":1}}', ["a", "__proto__"]],
  ])("what cannot be stored is refused: %s", async (body, path) => {
    await expect(parseBody(request(body), z.unknown(), 1_000)).rejects.toEqual(refusal("invalid_request", path));
  });
});

test("a body that breaks off is refused", async () => {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("{"));
      controller.error(new Error("gone"));
    },
  });
  await expect(parseBody(request(body), z.unknown(), 1_000)).rejects.toEqual(refusal("invalid_request", []));
});

test("a body that stops arriving is given up, and its rest is not waited for", async () => {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("{")),
    cancel() {
      cancelled = true;
    },
  });
  await expect(parseBody(request(body), z.unknown(), 20)).rejects.toEqual(refusal("invalid_request", []));
  expect(cancelled).toBe(true);
});

test("a name of JavaScript's own stays an ordinary field", async () => {
  const value = await parseBody(request('{"constructor":{"prototype":1}}'), z.unknown(), 1_000);
  expect(Object.entries(value as object)).toEqual([["constructor", { prototype: 1 }]]);
  expect(({} as Record<string, unknown>).prototype).toBeUndefined();
});
