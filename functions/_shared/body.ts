import type { z } from "zod";
import { findUnstorable, MAX_BODY_BYTES } from "../../types/contracts/json.ts";
import type { Issue } from "../../types/contracts/problems.ts";
import { invalidRequest, Problem } from "./problem.ts";
import { refuseWhenStopping } from "./stopping.ts";
import { TimeLimitExceeded, withinTime } from "./time-limit.ts";

/** More would help nobody, and a hostile body could ask for a megabyte of them. */
const MAX_ISSUES = 20;
/** Names of fields come from the caller; messages from the contracts, with every value that would do. */
const MAX_NAME_LENGTH = 100;
const MAX_MESSAGE_LENGTH = 500;

/**
 * The body of a request, as its contract has it. An empty body counts as `{}`, so that events which need no
 * evidence need no body, and the contract names what is missing for the others.
 *
 * @throws Problem `invalid_json`, `invalid_request`, `payload_too_large`, `unsupported_media_type`
 */
export async function parseBody<T>(request: Request, contract: z.ZodType<T>, timeoutMs: number): Promise<T> {
  const bytes = await readBytes(request, timeoutMs);
  const value = bytes.length === 0 ? {} : decode(bytes, request.headers);
  const unstorable = findUnstorable(value);
  if (unstorable) throw invalidRequest([shortened(unstorable)]);
  const result = contract.safeParse(value);
  if (!result.success) throw invalidRequest(result.error.issues.flatMap(namedIssues).slice(0, MAX_ISSUES));
  return result.data;
}

async function readBytes(request: Request, timeoutMs: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length")) > MAX_BODY_BYTES) throw tooLarge();
  const reader = request.body?.getReader();
  if (!reader) return new Uint8Array();
  try {
    return await withinTime(timeoutMs, readAll(reader));
  } catch (error) {
    // The rest is not wanted; nobody waits for the answer to this.
    reader.cancel().catch(() => {});
    if (error instanceof Problem) throw error;
    // A server that stops reads no further; that is not the caller's doing.
    refuseWhenStopping();
    const late = error instanceof TimeLimitExceeded;
    throw invalidRequest([{ path: [], message: late ? "The body took too long to arrive" : "The body broke off" }]);
  }
}

/** Counts while it reads: Content-Length may be missing or wrong. */
async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    length += next.value.length;
    if (length > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(next.value);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function decode(bytes: Uint8Array, headers: Headers): unknown {
  requireJson(headers);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Problem("invalid_json", "The body is not UTF-8.");
  }
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message would quote the body.
    throw new Problem("invalid_json", "The body could not be parsed as JSON.");
  }
}

function requireJson(headers: Headers): void {
  const type = headers.get("content-type") ?? "";
  const json = /^application\/([\w.!#$&^-]+\+)?json\s*(;\s*charset\s*=\s*"?utf-?8"?\s*)?(;\s*)?$/i;
  if (!json.test(type.trim())) {
    throw new Problem("unsupported_media_type", "Send the body with Content-Type: application/json.");
  }
  if ((headers.get("content-encoding") ?? "identity") !== "identity") {
    throw new Problem("unsupported_media_type", "Send the body without Content-Encoding.");
  }
}

function tooLarge(): Problem {
  return new Problem("payload_too_large", `A body may have ${MAX_BODY_BYTES} bytes.`);
}

/** One issue per unknown field, at that field, so that its name can be read and its place found. */
function namedIssues(issue: z.core.$ZodIssue): Issue[] {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  if (issue.code === "unrecognized_keys") {
    const keys = issue.keys.slice(0, MAX_ISSUES);
    return keys.map((key) =>
      shortened({ path: [...path, key], message: `Unknown field ${short(JSON.stringify(key), MAX_NAME_LENGTH)}` }),
    );
  }
  return [shortened({ path, message: issue.message })];
}

function shortened({ path, message }: Issue): Issue {
  return {
    path: path.map((part) => (typeof part === "string" ? short(part, MAX_NAME_LENGTH) : part)),
    message: short(message, MAX_MESSAGE_LENGTH),
  };
}

const short = (text: string, length: number) => (text.length > length ? `${text.slice(0, length)}…` : text);
