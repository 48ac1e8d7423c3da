/** One attempt of a call, through supabase-js, and what came of it. */

import type { ProblemOf } from "../contracts/problem-members.ts";
import type { ProblemCode } from "../contracts/problems.ts";
import type { FailedCall } from "./error.ts";

/** What the client needs of supabase-js: a client with a secret key, or one of a signed-in user. */
export interface FunctionsCaller {
  functions: {
    invoke(
      path: string,
      options: {
        method: "GET" | "POST" | "PATCH";
        headers: Record<string, string>;
        body?: string;
        signal: AbortSignal;
      },
    ): PromiseLike<{ data: unknown; error: unknown }>;
  };
}

/** A call as it is sent, the same in every attempt. */
export interface PreparedRequest {
  method: "GET" | "POST" | "PATCH";
  /** Below `/functions/v1/`. */
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/**
 * Statuses that say, where no function says more, that whoever stands before the functions had no answer of theirs: a
 * gateway (502, 504), the one of hosted Supabase (520 to 524), or the functions' host, which ended the worker (546).
 * Whether they carried the request out is as unknown as with a lost answer.
 */
const ofGateways = [502, 504, 520, 521, 522, 523, 524, 546];

/** Why there is no answer that the caller asked for. */
export interface Failure extends Pick<FailedCall, "code" | "status" | "detail" | "problem" | "cause"> {
  /** The same request may succeed later. */
  passing: boolean;
  /** From the header Retry-After. */
  retryAfterMs?: number;
  requestId?: string;
}

/** Sends a request once. Rejects never: what supabase-js throws away is taken from its errors. */
export async function attempt(
  { functions }: FunctionsCaller,
  { path, ...rest }: PreparedRequest,
  signal: AbortSignal,
): Promise<{ answer: unknown } | { failure: Failure }> {
  const { data, error } = await functions.invoke(path, { ...rest, signal });
  if (!error) return isObject(data) ? { answer: data } : { failure: unexpected(200, String(data)) };
  // supabase-js has the response, unread, in `context` where there is one, else the error of fetch.
  const { context } = error as { context?: unknown };
  if (isResponse(context)) return { failure: await refused(context) };
  if (error instanceof SyntaxError) return { failure: unexpected(200, error.message) };
  return { failure: unanswered(signal.aborted ? signal.reason : (context ?? error)) };
}

async function refused(response: Response): Promise<Failure> {
  const { status, headers } = response;
  let text: string;
  try {
    text = await response.text();
  } catch (error) {
    return unanswered(error);
  }
  const later = {
    retryAfterMs: retryAfter(headers.get("retry-after")),
    requestId: headers.get("x-request-id") ?? undefined,
  };
  const problem = problemIn(text);
  if (!problem)
    return { ...unexpected(status, text), ...later, passing: status === 503 || ofGateways.includes(status) };
  return { code: problem.code, status, detail: problem.detail, problem, ...later, passing: status === 503 };
}

function unanswered(cause: unknown): Failure {
  const said = cause instanceof Error ? cause.message : String(cause);
  return { code: "no_answer", status: 0, detail: `No answer came: ${said}`, cause, passing: true };
}

function unexpected(status: number, text: string): Failure {
  const detail = `Something other than the functions answered, with HTTP ${status}: ${text.slice(0, 200)}`;
  return { code: "unexpected_answer", status, detail, passing: false };
}

function problemIn(text: string): ProblemOf<ProblemCode> | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { type, code, detail } = isObject(body) ? body : {};
  // By its type, and not by the codes known here: functions that are newer than this client may have more of them.
  const isOne = typeof detail === "string" && typeof code === "string" && type === `urn:leo:problem:${code}`;
  return isOne ? (body as ProblemOf<ProblemCode>) : undefined;
}

/** Milliseconds, from seconds or a date. */
function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** By what it can do: a client may come with a fetch of its own, whose responses are of another class. */
function isResponse(value: unknown): value is Response {
  return isObject(value) && typeof value.status === "number" && typeof value.text === "function";
}
