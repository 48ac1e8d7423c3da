import { join } from "node:path";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { describe, expect, test } from "vitest";
import { readCommentsOf } from "../../local/openapi/comments.ts";
import { pathOf } from "../../local/openapi/paths.ts";
import { namedSchemas } from "../../local/openapi/schemas.ts";
import { repositoryRoot } from "../../local/paths.ts";
import { problemsOf } from "../../types/contracts/operation-problems.ts";
import { operations } from "../../types/contracts/operations.ts";
import { problems } from "../../types/contracts/problems.ts";
import { document, misfits } from "../support/documented.ts";

interface Described {
  operationId: string;
  summary: string;
  responses: Record<string, unknown>;
  requestBody?: { required: boolean };
}

const described = (path: string, method: string) => document.paths[path]?.[method.toLowerCase()] as Described;

test("a public linter finds nothing to say of the document", async () => {
  const config = await createConfig({ extends: ["recommended-strict"] });
  const found = await lintFromString({ source: JSON.stringify(document), config });
  const lines = found.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer ?? ""}`);
  // Nothing that a caller does can be wrong there.
  const health = lines.filter((line) => line.startsWith("operation-4xx-response") && line.includes("~1health"));
  expect(lines).toEqual(health);
  expect(health).toHaveLength(1);
});

test("the linter does find what is wrong", async () => {
  const config = await createConfig({ extends: ["recommended-strict"] });
  const broken = structuredClone(document);
  broken.components.schemas = {};
  expect(await lintFromString({ source: JSON.stringify(broken), config })).not.toEqual([]);
});

describe("every operation is there", () => {
  test("once, and no other", () => {
    const found = Object.values(document.paths).flatMap((methods) => Object.values(methods) as Described[]);
    expect(found.map(({ operationId }) => operationId).sort()).toEqual(operations.map(({ name }) => name).sort());
  });

  test.each(operations)("$name with every status that it may have", (operation) => {
    const { summary, responses, requestBody } = described(pathOf(operation), operation.method);
    const refusals = problemsOf(operation).map((code) => problems[code].status);
    const expected = new Set([...operation.status, ...refusals].map(String));
    expect(Object.keys(responses).sort()).toEqual([...expected].sort());
    expect(summary).toMatch(/^[A-Z].*[^.]$/);
    expect(requestBody?.required ?? false).toBe(operation.request ? !operation.request.safeParse({}).success : false);
  });
});

test("every field of a row and of a request is described, but for those that name what they are", () => {
  const fields = Object.entries(document.components.schemas).flatMap(([name, { properties = {} }]) =>
    Object.entries(properties).map(([field, schema]) => ({ field: `${name}.${field}`, schema })),
  );
  const silent = fields.filter(({ schema }) => schema.description === undefined && schema.$ref === undefined);
  expect(fields.length).toBeGreaterThan(250);
  expect(silent.map(({ field }) => field)).toEqual([]);
});

test("a comment on a field that there is not is an error", async () => {
  const comments = await readCommentsOf(join(repositoryRoot, "types", "contracts"));
  const file = comments.find(({ path }) => path === "exec-sessions.ts");
  file?.constants.get("startExecSession")?.members.set("sd", { text: "Gone.", members: new Map(), bases: [] });
  expect(() => namedSchemas({ comments, tables: [] })).toThrow("startExecSession.sd describes no field");
});

test("a value that does not fit is told", () => {
  expect(misfits("MoveExecSession", { attempt: 1, reason: "why" })).toEqual([]);
  expect(misfits("MoveExecSession", { attempt: 0 })).toEqual([expect.stringContaining("/attempt must be >= 1")]);
  expect(misfits("MoveExecSession", { why: "?" })).toEqual([expect.stringContaining("additional properties")]);
  expect(misfits("Uuid", "no")).toEqual([expect.stringContaining("format")]);
  expect(misfits("Nothing", {})).toEqual(["there is no schema Nothing"]);
});
