import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { createDirective } from "./support/directives.ts";
import { expectProblem } from "./support/problems.ts";

let stack: TestStack;
let sdId: string;
const someId = "00000000-0000-0000-0000-000000000000";

beforeAll(async () => {
  stack = await startTestStack();
  sdId = await createDirective(stack.database);
});

afterAll(() => stack.stop());

const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
  fetch(`${stack.url}/functions/v1/exec-sessions`, {
    method: "POST",
    headers: { apikey: stack.secretKey, "content-type": "application/json", ...headers },
    body,
  });

const start = (fields: Record<string, unknown>) =>
  post(JSON.stringify({ sd_id: sdId, implementation_type: "UI_COMPONENT", ...fields }));

const complete = (fields: Record<string, unknown>) => stack.call(`exec-sessions/${someId}/complete`, { body: fields });

async function refusedAt(response: Response, path: (string | number)[]): Promise<string> {
  const problem = await expectProblem(response, "invalid_request");
  expect(problem.issues?.map((issue) => issue.path)).toContainEqual(path);
  return problem.issues?.find((issue) => JSON.stringify(issue.path) === JSON.stringify(path))?.message ?? "";
}

async function noSessionWasMade(): Promise<void> {
  const rows = await stack.database.query("select id from public.exec_implementation_sessions where sd_id = $1", [
    sdId,
  ]);
  expect(rows).toEqual([]);
}

describe("a body that is not JSON is refused as invalid_json", () => {
  test.each([
    ["truncated", '{"sd_id": "SD-1", "implementation_type"'],
    ["followed by more", '{"sd_id": "SD-1"} {}'],
    ["blank", "   "],
    ["a single quote", "'"],
    ["NaN", '{"sd_id": NaN}'],
    ["a raw control character", '{"sd_id": "a\u0000b"}'],
    ["not UTF-8", Buffer.from([0x22, 0xc3, 0x28, 0x22])],
    ["an encoded surrogate", Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ["UTF-16", Buffer.from('{"sd_id":"SD-1"}', "utf16le")],
  ])("%s", async (_what, body) => {
    await expectProblem(await post(body), "invalid_json");
  });
});

describe("a body that breaks the contract is refused as invalid_request, at the field", () => {
  test.each([
    ["an array", "[]"],
    ["null", "null"],
    ["a number", "1"],
    ["a string", '"x"'],
  ])("%s instead of an object", async (_what, body) => {
    await refusedAt(await post(body), []);
  });

  test("an unknown field, by its name", async () => {
    expect(await refusedAt(await start({ implementation_kind: "x" }), ["implementation_kind"])).toContain(
      "implementation_kind",
    );
  });

  test("names of JavaScript's own, which are only unknown fields", async () => {
    const response = await post(
      `{"sd_id":"${sdId}","implementation_type":"UI_COMPONENT","constructor":1,"toString":2}`,
    );
    const problem = await expectProblem(response, "invalid_request");
    expect(problem.issues?.map((issue) => issue.path[0])).toEqual(["constructor", "toString"]);
  });

  test.each(["__proto__", "a.b"])("the field %s", async (name) => {
    const response = await post(
      `{"sd_id":"${sdId}","implementation_type":"UI_COMPONENT",${JSON.stringify(name)}:{"x":1}}`,
    );
    await refusedAt(response, [name]);
  });

  test.each([
    ["missing", { sd_id: undefined }],
    ["a number", { sd_id: 7 }],
    ["null", { sd_id: null }],
    ["an object", { sd_id: {} }],
    ["empty", { sd_id: "" }],
    ["blank", { sd_id: " \t" }],
    ["too long", { sd_id: "x".repeat(51) }],
    ["huge", { sd_id: "x".repeat(500_000) }],
    ["with a NUL", { sd_id: "SD\u0000" }],
    ["with half of a surrogate pair", { sd_id: "SD\ud800" }],
    ["with the other half", { sd_id: "\udc00SD" }],
  ])("sd_id %s", async (_what, fields) => {
    await refusedAt(await start(fields), ["sd_id"]);
  });

  test.each([
    ["a wrong type of implementation", { implementation_type: "ui_component" }, ["implementation_type"]],
    ["a name of JavaScript's own as type", { implementation_type: "constructor" }, ["implementation_type"]],
    ["gates that are no array", { quality_gates: "TESTING" }, ["quality_gates"]],
    ["too many gates", { quality_gates: Array(51).fill("x") }, ["quality_gates"]],
    ["a gate that is null", { quality_gates: ["TESTING", null] }, ["quality_gates", 1]],
    ["a gate that is too long", { quality_gates: ["x".repeat(201)] }, ["quality_gates", 0]],
    ["a gate with a NUL", { quality_gates: ["ok", "\u0000"] }, ["quality_gates", 1]],
    ["a checklist that is an array", { pre_impl_checklist: [] }, ["pre_impl_checklist"]],
    [
      "a NUL deep in a checklist",
      { pre_impl_checklist: { a: [{ b: "\u0000" }] } },
      ["pre_impl_checklist", "a", 0, "b"],
    ],
    ["a NUL in a name", { pre_impl_checklist: { "\u0000": 1 } }, ["pre_impl_checklist", "\u0000"]],
    ["a surrogate in a name", { pre_impl_checklist: { "\ud800": 1 } }, ["pre_impl_checklist", "\ud800"]],
    ["a demo that is no web address", { demo_urls: ["javascript:alert(1)"] }, ["demo_urls", 0]],
  ])("%s", async (_what, fields, path) => {
    await refusedAt(await start(fields), path);
  });

  test("a number that no double can hold", async () => {
    const response = await post(
      `{"sd_id":"${sdId}","implementation_type":"UI_COMPONENT","pre_impl_checklist":{"n":1e400}}`,
    );
    await refusedAt(response, ["pre_impl_checklist", "n"]);
  });

  test("nesting of a hundred thousand levels", async () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const response = await post(
      `{"sd_id":"${sdId}","implementation_type":"UI_COMPONENT","pre_impl_checklist":{"x":${deep}}}`,
    );
    const problem = await expectProblem(response, "invalid_request");
    expect(problem.issues?.[0]?.message).toContain("Nested deeper");
  });

  test.each([
    ["coverage below 0", { test_coverage_pct: -1 }, ["test_coverage_pct"]],
    ["coverage above 100", { test_coverage_pct: 101 }, ["test_coverage_pct"]],
    ["coverage with a fraction", { test_coverage_pct: 99.5 }, ["test_coverage_pct"]],
    ["coverage as text", { test_coverage_pct: "99" }, ["test_coverage_pct"]],
    ["an attempt of 0", { attempt: 0 }, ["attempt"]],
    ["an attempt beyond an integer", { attempt: 2_147_483_648 }, ["attempt"]],
    ["an attempt beyond a bigint", { attempt: 1e30 }, ["attempt"]],
    ["results that are no objects", { sub_agent_results: [1] }, ["sub_agent_results", 0]],
  ])("%s", async (_what, fields, path) => {
    await refusedAt(await complete(fields), path);
  });

  test.each([
    "x",
    "1234",
    "00000000-0000-0000-0000-00000000000g",
    "00000000-0000-0000-0000-0000000000000",
    "%00",
    "'%20or%201=1",
  ])("the id %s", async (id) => {
    await refusedAt(await stack.call(`exec-sessions/${id}/complete`), ["id"]);
  });

  test("however many issues there are, it names a few, and shortens long names", async () => {
    const fields = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`${"x".repeat(150)}${i}`, i]));
    const response = await start(fields);
    const text = await response.clone().text();
    await expectProblem(response, "invalid_request");
    expect(text.length).toBeLessThan(10_000);
  });
});

test("everything that is missing is named at once", async () => {
  const response = await stack.call("exec-sessions");
  const problem = await expectProblem(response, "invalid_request");
  expect(problem.issues?.map((issue) => issue.path[0])).toEqual(["sd_id", "implementation_type"]);
});

test("bodies as large as allowed are read, larger ones refused", async () => {
  const filled = (bytes: number) => {
    const empty = JSON.stringify({ sd_id: "", implementation_type: "UI_COMPONENT" });
    return JSON.stringify({ sd_id: "x".repeat(bytes - empty.length), implementation_type: "UI_COMPONENT" });
  };
  await refusedAt(await post(filled(1_048_576)), ["sd_id"]);
  await expectProblem(await post(filled(1_048_577)), "payload_too_large");
  await expectProblem(await post("x".repeat(3_000_000)), "payload_too_large");
});

describe("a body of another kind is refused as unsupported_media_type", () => {
  const body = '{"sd_id":"SD-1","implementation_type":"UI_COMPONENT"}';

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonp",
    "application/json; charset=utf-16",
    "application/json, text/plain",
    "json",
  ])("%s", async (type) => {
    await expectProblem(await post(body, { "content-type": type }), "unsupported_media_type");
  });

  test("none", async () => {
    const response = await fetch(`${stack.url}/functions/v1/exec-sessions`, {
      method: "POST",
      headers: { apikey: stack.secretKey },
      body: Buffer.from(body),
    });
    await expectProblem(response, "unsupported_media_type");
  });

  test("compressed", async () => {
    await expectProblem(await post(gzipSync(body), { "content-encoding": "gzip" }), "unsupported_media_type");
  });

  test.each([
    "application/json",
    "Application/JSON; Charset=UTF-8",
    'application/json;charset="utf-8"',
    "application/merge-patch+json",
  ])("but %s is read", async (type) => {
    await refusedAt(await post("{}", { "content-type": type }), ["sd_id"]);
  });
});

describe("routes", () => {
  test.each([
    "exec-sessions/no/where",
    `exec-sessions/${someId}/explode`,
    `exec-sessions/${someId}/complete/again`,
    "exec-sessions//complete",
    "exec-sessions/%E0%A4%A/complete",
  ])("POST %s is not found", async (path) => {
    await expectProblem(await stack.call(path), "not_found");
  });

  test.each([
    ["GET", "exec-sessions", "POST, OPTIONS"],
    ["PUT", "exec-sessions", "POST, OPTIONS"],
    ["POST", `exec-sessions/${someId}`, "PATCH, OPTIONS"],
    ["GET", `exec-sessions/${someId}/complete`, "POST, OPTIONS"],
    ["PATCH", "telemetry-runs/claim", "POST, OPTIONS"],
    ["DELETE", `exec-sessions/${someId}/complete`, "POST, OPTIONS"],
    ["POST", "health", "GET, HEAD, OPTIONS"],
  ])("%s %s is not allowed", async (method, path, allow) => {
    const response = await stack.call(path, { method });
    expect(response.headers.get("allow")).toBe(allow);
    await expectProblem(response, "method_not_allowed");
  });

  test("a slash at the end changes nothing", async () => {
    await refusedAt(await stack.call("exec-sessions/"), ["sd_id"]);
    await expectProblem(await stack.call(`exec-sessions/${someId}/complete/?x=1`), "not_found");
  });
});

test("none of it has made a session", noSessionWasMade);
