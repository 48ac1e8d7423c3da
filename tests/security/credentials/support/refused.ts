import { expect } from "vitest";
import type { LocalSecrets } from "../../../../local/secrets.ts";
import type { ProblemCode } from "../../../../types/contracts/problems.ts";
import { expectProblem } from "../../../functions/support/problems.ts";
import { findLeaks } from "../../../support/leak-watch-patterns.ts";
import type { Credential } from "./credential.ts";

/** Asserts that a response is this refusal and nothing more, and says nothing of what was sent. */
export async function expectRefused(
  response: Response,
  code: ProblemCode,
  { headers: sent }: Credential,
  secrets: LocalSecrets,
): Promise<void> {
  const shown = `${JSON.stringify([...response.headers])}\n${await response.clone().text()}`;
  const body = await expectProblem(response, code);
  expect(response.headers.get("www-authenticate")).toBe(code === "unauthenticated" ? "Bearer" : null);
  expect(response.headers.get("idempotency-replayed")).toBeNull();
  expect(Object.keys(body).sort()).toEqual(["code", "detail", "request_id", "status", "title", "type"]);
  expect(findLeaks(shown, secrets)).toEqual([]);
  const values = Object.values(sent).flatMap((value) => value.split(/[\s,.=;]+/));
  expect(values.filter((value) => value.length > 10 && shown.includes(value))).toEqual([]);
}
