/** What holds of every response of the edge functions, whatever was sent. */

import type { LocalSecrets } from "../../../../local/secrets.ts";
import { problemsOf } from "../../../../types/contracts/operation-problems.ts";
import type { Operation } from "../../../../types/contracts/operations.ts";
import { type ProblemCode, problemSchema, problems } from "../../../../types/contracts/problems.ts";
import { findLeaks, readingsOf } from "../../../support/leak-watch-patterns.ts";
import type { Exchange } from "./arena.ts";
import { sqlTexts } from "./hostile-texts.ts";
import { bodyOf, type HttpAnswer, type HttpRequest } from "./http-client.ts";

const SANE_REQUEST_ID = /^[A-Za-z0-9_.:-]{1,128}$/;

/**
 * What is wrong with a response, or undefined.
 *
 * @param operations those that the request may have reached
 */
export function violationOf(
  { request, answer }: Exchange,
  operations: readonly Operation[],
  secrets: LocalSecrets,
): string | undefined {
  return (
    headersViolation(request, answer) ??
    (answer.status >= 200 && answer.status < 300
      ? answerViolation(request, answer, operations)
      : answer.status >= 400 && answer.status < 500
        ? (problemViolation(request, answer) ?? codeViolation(request, answer, operations))
        : `the status is ${answer.status}`) ??
    leakViolation(request, answer, secrets)
  );
}

function headersViolation({ headers: sent }: HttpRequest, { headers }: HttpAnswer): string | undefined {
  const id = headers["x-request-id"];
  if (typeof id !== "string" || !SANE_REQUEST_ID.test(id)) return `x-request-id is ${id}`;
  const given = sent["x-request-id"];
  if (typeof given === "string" && SANE_REQUEST_ID.test(given) && given !== id) return `x-request-id became ${id}`;
  if (headers["access-control-allow-origin"] !== "*") return "access-control-allow-origin is missing";
  if (!headers["access-control-expose-headers"]?.includes("x-request-id")) return "x-request-id is not exposed";
  if (headers["cache-control"] !== "no-store") return "it may be cached";
  return undefined;
}

function answerViolation(
  { method }: HttpRequest,
  { status, headers, text }: HttpAnswer,
  operations: readonly Operation[],
): string | undefined {
  if (method === "OPTIONS" || method === "HEAD") return text === "" ? undefined : `${method} has a body`;
  if (!headers["content-type"]?.startsWith("application/json")) return `the type is ${headers["content-type"]}`;
  const body = parsed(text);
  const fits = operations.some(
    (operation) => operation.status.includes(status) && operation.answer.safeParse(body).success,
  );
  return fits ? undefined : `${status} is not what the contract says of the answer`;
}

function problemViolation({ method }: HttpRequest, { status, headers, text }: HttpAnswer): string | undefined {
  if (headers["content-type"] !== "application/problem+json") return `the type is ${headers["content-type"]}`;
  if (status === 405 && !headers.allow) return "405 without Allow";
  if (status === 401 && !headers["www-authenticate"]) return "401 without WWW-Authenticate";
  if (method === "HEAD") return undefined;
  const problem = problemSchema.safeParse(parsed(text));
  if (!problem.success) return `no problem: ${problem.error.message.slice(0, 300)}`;
  const { code, type, title, request_id, issues } = problem.data;
  const listed = problems[code];
  if (problem.data.status !== status || listed.status !== status) return `${code} with status ${status}`;
  if (title !== listed.title || type !== `urn:leo:problem:${code}`) return `${code} with another title or type`;
  if (request_id !== headers["x-request-id"]) return "another request_id than in the header";
  if (code === "invalid_request" && !issues?.length) return "invalid_request without issues";
  return undefined;
}

/** Of a path that leads somewhere, only what that operation is documented with. */
function codeViolation(
  { method }: HttpRequest,
  { text }: HttpAnswer,
  operations: readonly Operation[],
): string | undefined {
  if (!operations.some((operation) => operation.method === method)) return undefined;
  const { code } = parsed(text) as { code: ProblemCode };
  // Of no operation: the path is that of others.
  if (code === "method_not_allowed") return undefined;
  return operations.some((operation) => problemsOf(operation).includes(code)) ? undefined : `${code} is not documented`;
}

function leakViolation(request: HttpRequest, { headers, text }: HttpAnswer, secrets: LocalSecrets): string | undefined {
  let content: string | undefined;
  // An answer may show what its own request has brought, or an earlier one. Read only where there is something to
  // explain.
  const isContent = (match: string) => {
    content ??= [...readingsOf(bodyOf(request).toString("utf8")), ...sqlTexts].join("\n");
    return content.includes(match);
  };
  const [leak] = [text, JSON.stringify(headers)].flatMap((shown) => findLeaks(shown, secrets, isContent));
  return leak && `it shows ${leak.what}: ${leak.where}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
