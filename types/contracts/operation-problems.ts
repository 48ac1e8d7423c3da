/** Which problems an operation may answer with. */

import { z } from "zod";
import type { Operation } from "./operations.ts";
import { type ProblemCode, problems } from "./problems.ts";

/**
 * Every problem that an operation may answer, in the order of {@link problems}: those that follow from who may call
 * and from what it takes, and those of its own. `method_not_allowed`, and `not_found` of a path that is none, belong
 * to no operation.
 */
export function problemsOf({ callers, method, path, request, machine, refusals = [] }: Operation): ProblemCode[] {
  const codes = new Set<ProblemCode>(["internal", "database_unavailable", "overloaded", ...refusals]);
  const where = (applies: boolean, ...more: ProblemCode[]) => {
    for (const code of applies ? more : []) codes.add(code);
  };
  const ofOneRow = path.includes(":");
  // A label that is none is an invalid request, too.
  where(callers !== "anyone", "unauthenticated", "auth_unavailable", "invalid_request");
  where(callers === "operators", "forbidden");
  where(request !== undefined, "invalid_json", "invalid_request", "payload_too_large", "unsupported_media_type");
  where(request instanceof z.ZodObject && "attempt" in request.shape, "stale_attempt");
  where(method !== "GET", "idempotency_mismatch");
  where(ofOneRow, "not_found");
  where(ofOneRow && machine !== undefined, "illegal_transition");
  return (Object.keys(problems) as ProblemCode[]).filter((code) => codes.has(code));
}
