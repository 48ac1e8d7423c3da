/** A call: attempts, the waits between them, and their end. */

import { attempt, type FunctionsCaller, type PreparedRequest } from "./attempt.ts";
import { ControlPlaneError } from "./error.ts";
import type { ControlPlaneOptions } from "./options.ts";
import { backOff, wait, within } from "./timing.ts";

/** What a call goes by: the client's options under its own. */
export interface CallSettings
  extends Required<Pick<ControlPlaneOptions, "attempts" | "attemptTimeoutMs" | "timeoutMs">> {
  onRetry?: ControlPlaneOptions["onRetry"];
  signal?: AbortSignal;
  requestId: string;
  /** Absent where the request is not to be sent again. */
  idempotencyKey?: string;
}

/**
 * Sends a request until it is answered. Only what may pass is tried again (see `Failure`), and only with an idempotency
 * key, which lets the functions recognise what they did already.
 *
 * @returns the answer
 * @throws ControlPlaneError, or the reason of an abort
 */
export async function call(
  supabase: FunctionsCaller,
  request: PreparedRequest,
  { attempts: most, attemptTimeoutMs, timeoutMs, onRetry, signal, requestId, idempotencyKey }: CallSettings,
): Promise<unknown> {
  const end = performance.now() + timeoutMs;
  for (let attempts = 1; ; attempts += 1) {
    signal?.throwIfAborted();
    const allowed = Math.max(0, Math.min(attemptTimeoutMs, end - performance.now()));
    const result = await within(allowed, signal, (limited) => attempt(supabase, request, limited));
    if ("answer" in result) return result.answer;
    signal?.throwIfAborted();
    const { passing, retryAfterMs, ...failure } = result.failure;
    const error = new ControlPlaneError({ requestId, idempotencyKey, attempts, ...failure });
    const pause = backOff(attempts, retryAfterMs);
    const again = passing && idempotencyKey !== undefined && attempts < most && performance.now() + pause < end;
    if (!again) throw error;
    onRetry?.(error, pause);
    await wait(pause, signal);
  }
}
