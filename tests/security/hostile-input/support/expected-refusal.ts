import type { z } from "zod";
import { findUnstorable, MAX_BODY_BYTES } from "../../../../types/contracts/json.ts";
import type { ProblemCode } from "../../../../types/contracts/problems.ts";
import type { Exchange } from "./arena.ts";
import { bodyOf } from "./http-client.ts";

/** As what a body has to be refused, sent as JSON, or undefined where its contract takes it. */
function expectedRefusal(contract: z.ZodType, body: Uint8Array): ProblemCode | undefined {
  if (body.length > MAX_BODY_BYTES) return "payload_too_large";
  let value: unknown = {};
  try {
    if (body.length > 0) value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return "invalid_json";
  }
  return findUnstorable(value) || !contract.safeParse(value).success ? "invalid_request" : undefined;
}

/** What is wrong with how a body was judged that was sent as JSON, to a row that may be there. */
export function misjudgement(contract: z.ZodType, { request, answer }: Exchange): string | undefined {
  const expected = expectedRefusal(contract, bodyOf(request));
  const { code, rejected } = JSON.parse(answer.text);
  if (expected === undefined) {
    const atTheEdge = ["invalid_json", "payload_too_large", "unsupported_media_type"].includes(code);
    return atTheEdge ? `${code}, though its contract takes it` : undefined;
  }
  // Metrics are judged row by row: the others of the same request may have been taken.
  if (expected === "invalid_request" && answer.status === 200 && rejected > 0) return undefined;
  return code === expected ? undefined : `not refused as ${expected}`;
}
