/** The one list of problem codes, and the shape of a problem (RFC 9457, `application/problem+json`). */

import { z } from "zod";

/**
 * Every code that a function answers with, its HTTP status and its title.
 *
 * What each carries besides is in problem-members.ts.
 *
 * 405 comes with the header Allow, 401 with WWW-Authenticate, 503 with Retry-After.
 */
export const problems = {
  invalid_json: { status: 400, title: "The body is not JSON" },
  invalid_request: { status: 400, title: "The request is not valid" },
  unauthenticated: { status: 401, title: "No valid credential" },
  forbidden: { status: 403, title: "Not allowed for this caller" },
  not_found: { status: 404, title: "Not found" },
  method_not_allowed: { status: 405, title: "Method not allowed" },
  illegal_transition: { status: 409, title: "This event is not possible in the current state" },
  gates_incomplete: { status: 409, title: "Required quality checkpoints are incomplete" },
  session_exists: { status: 409, title: "The strategic directive has a session already" },
  handoff_open: { status: 409, title: "The session has a hand-off already" },
  generation_exists: { status: 409, title: "The period has a generation already" },
  status_taken: { status: 409, title: "Another row holds this status" },
  same_actor: { status: 409, title: "Someone other than the sender has to answer" },
  stale_attempt: { status: 412, title: "Another attempt has begun" },
  payload_too_large: { status: 413, title: "The body is too large" },
  unsupported_media_type: { status: 415, title: "The body has to be JSON" },
  idempotency_mismatch: { status: 422, title: "The idempotency key was used for another request" },
  internal: { status: 500, title: "Something went wrong on the server" },
  database_unavailable: { status: 503, title: "The database cannot be reached" },
  auth_unavailable: { status: 503, title: "The Auth server cannot be reached" },
  overloaded: { status: 503, title: "Too busy at the moment" },
} as const satisfies Record<string, { status: number; title: string }>;

/** A code of the list above. */
export type ProblemCode = keyof typeof problems;

/** What a problem with this code has as its `type`. */
export function problemType(code: string): string {
  return `urn:leo:problem:${code}`;
}

/** True for a code of the list; own keys only, so that "constructor" is none. */
export function isProblemCode(code: unknown): code is ProblemCode {
  return typeof code === "string" && Object.hasOwn(problems, code);
}

/** One thing that is wrong with a request, and where: a field, a path parameter or a header. */
export const issueSchema = z.object({
  /** Names and indexes that lead there; empty for the request as a whole. */
  path: z.array(z.union([z.string(), z.number()])),
  /** What is wrong there, or what is expected. */
  message: z.string(),
});

/** See {@link issueSchema}. */
export type Issue = z.infer<typeof issueSchema>;

/** A problem as a client receives it. */
export const problemSchema = z.looseObject({
  /** Names the kind of problem; there is no page at it. */
  type: z.string(),
  /** The kind of problem in words, the same each time. */
  title: z.string(),
  /** The HTTP status. */
  status: z.int(),
  /** A sentence or two for a person: what is wrong this time, and what to do. */
  detail: z.string(),
  /** What a program tells problems apart by. */
  code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
  /** The same as the header x-request-id: finds the request in the log and in the history. */
  request_id: z.string(),
  issues: z.array(issueSchema).optional(),
});

/** See {@link problemSchema}. */
export type ProblemBody = z.infer<typeof problemSchema>;
