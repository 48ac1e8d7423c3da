import { expect } from "vitest";
import { type ProblemBody, type ProblemCode, problemSchema, problems } from "../../../types/contracts/problems.ts";

/** Asserts that a response is this problem, whole and in form, and returns its body. */
export async function expectProblem(response: Response, code: ProblemCode): Promise<ProblemBody> {
  const text = await response.text();
  expect({ status: response.status, text }).toMatchObject({ status: problems[code].status });
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const body = problemSchema.parse(JSON.parse(text));
  expect(body).toMatchObject({ code, status: response.status, title: problems[code].title });
  expect(body.type).toBe(`urn:leo:problem:${code}`);
  expect(body.request_id).toBe(response.headers.get("x-request-id"));
  expect(body.detail).toMatch(/\S/);
  return body;
}
