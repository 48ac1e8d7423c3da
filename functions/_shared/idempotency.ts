import { idempotencyKey } from "../../types/contracts/idempotency.ts";
import { invalidRequest } from "./problem.ts";

/** What the database recognises a repeated request by. */
export interface Idempotency {
  /** As the caller chose it. */
  key: string;
  /** Whose key it is; the same key of another caller is another key. */
  caller: string;
  /** Function, method and path pattern, for people who look at the stored keys. */
  route: string;
  /** SHA-256 of method, path and body, in hexadecimal: tells a repetition from another request. */
  digest: string;
}

/**
 * The caller's Idempotency-Key, or undefined where there is none. @throws Problem `invalid_request`
 */
export function idempotencyKeyOf(request: Request): string | undefined {
  const given = request.headers.get("idempotency-key");
  // The other methods change nothing.
  if (given === null || !["POST", "PATCH"].includes(request.method)) return undefined;
  const result = idempotencyKey.safeParse(given);
  if (result.success) return result.data;
  throw invalidRequest([{ path: ["idempotency-key"], message: "Has to be 1 to 255 printable ASCII characters" }]);
}

/**
 * SHA-256 of a request, in hexadecimal.
 *
 * @param body as its contract reads it, so that spaces and the order of its fields make no other request; within
 *   metrics and free-form objects the order counts
 */
export async function requestDigest(request: Request, body: unknown): Promise<string> {
  const text = `${request.method} ${new URL(request.url).pathname}\n${JSON.stringify(body)}`;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
