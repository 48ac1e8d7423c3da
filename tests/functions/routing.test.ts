import { describe, expect, test } from "vitest";
import { createRouter } from "../../functions/_shared/routing.ts";

const router = createRouter("things", {
  "GET /": "list",
  "POST /": "create",
  "POST /claim": "claim",
  "PATCH /:id": "change",
  "POST /:id/close": "close",
});

describe("a function's own path", () => {
  test.each(["/functions/v1/things", "/things", "/functions/v1/things/", "/things/"])("begins after %s", (path) => {
    expect(router.match("POST", path).route).toBe("create");
    expect(router.match("POST", `${path.replace(/\/$/, "")}/7/close`)).toMatchObject({
      route: "close",
      pattern: "POST /:id/close",
      params: { id: "7" },
    });
  });

  test("begins after the first of its names, so that an id may be the same", () => {
    expect(router.match("PATCH", "/functions/v1/things/things").params).toEqual({ id: "things" });
  });
});

test("parameters are decoded", () => {
  expect(router.match("PATCH", "/things/a%2Fb%20c").params).toEqual({ id: "a/b c" });
});

test("GET answers HEAD", () => {
  expect(router.match("HEAD", "/things").route).toBe("list");
});

test.each(["/things/1/2/3", "/things/1/open", "/things//close", "/things/%E0%A4%A"])("%s is not found", (path) => {
  expect(() => router.match("POST", path)).toThrow(expect.objectContaining({ code: "not_found" }));
});

test.each([
  ["DELETE", "/things", "GET, POST, HEAD, OPTIONS"],
  ["GET", "/things/claim", "POST, PATCH, OPTIONS"],
  ["HEAD", "/things/1/close", "POST, OPTIONS"],
])("%s %s is not allowed, and the answer says what is", (method, path, allow) => {
  expect(() => router.match(method, path)).toThrow(
    expect.objectContaining({ code: "method_not_allowed", options: { headers: { allow } } }),
  );
});
