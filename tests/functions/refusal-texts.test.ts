import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { createDirective } from "./support/directives.ts";

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack.stop());

const json = { "content-type": "application/json" };

async function detailOf(body: object, headers?: Record<string, string>): Promise<string> {
  const answer = await stack.call("exec-sessions", { body, ...(headers ? { headers: { ...json, ...headers } } : {}) });
  return ((await answer.json()) as { detail: string }).detail;
}

test("an invalid request is told what to change first, with every value that would do", async () => {
  const detail = await detailOf({ sd_id: "SD-1", implementation_type: "APP", by: "me" });
  expect(detail).toMatch(/^implementation_type: .*UI_COMPONENT.*GENERAL_FEATURE.* \(and 1 more in issues\)$/);
});

test("a secret key that is none of the project's is called that, also where supabase-js sends it twice", async () => {
  const apikey = `sb_secret_${"x".repeat(32)}`;
  const told = "The secret key in the header apikey is none of this project's.";
  expect(await detailOf({}, { apikey })).toBe(told);
  expect(await detailOf({}, { apikey, authorization: `Bearer ${apikey}` })).toBe(told);
  expect(await detailOf({}, { authorization: `Bearer ${apikey}` })).toContain(
    "Send the secret key in the header apikey",
  );
});

test("an attempt that is none is named beside the present one, before what the problem carries", async () => {
  const sd_id = await createDirective(stack.database);
  const started = await stack.call("exec-sessions", { body: { sd_id, implementation_type: "API_ENDPOINT" } });
  const { session } = (await started.json()) as { session: { id: string } };
  const answer = await stack.call(`exec-sessions/${session.id}/complete`, { body: { attempt: 7 } });
  const problem = (await answer.json()) as Record<string, unknown>;
  expect(problem.detail).toBe("The session is in attempt 1, not in the one that you sent.");
  expect(Object.keys(problem)).toEqual(["type", "title", "status", "detail", "code", "request_id", "attempt"]);
});
