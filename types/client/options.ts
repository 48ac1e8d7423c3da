/** What can be decided about calls: for all of them when the client is made, or for one where it is made. */

import type { ControlPlaneError } from "./error.ts";

/** How long a call goes on. Here and below `undefined` is as good as left out. */
export interface CallLimits {
  /** How often a write is sent at most; 1 is never again. 5 when left out. */
  attempts?: number | undefined;
  /** Milliseconds that one attempt may take; 35 000 when left out, of `telemetry.analyze` 160 000. */
  attemptTimeoutMs?: number | undefined;
  /**
   * Milliseconds that a call may take, with all its attempts and the waits between them; 90 000 when left out, of
   * `telemetry.analyze` 200 000.
   */
  timeoutMs?: number | undefined;
}

/** What holds for every call of a client. */
export interface ControlPlaneOptions extends CallLimits {
  /** What the caller calls itself: the history adds it to the name of the secret key (`x-leo-actor`). */
  actor?: string | undefined;
  /** Told before each wait: why an attempt failed, and milliseconds until the next. */
  onRetry?: ((failed: ControlPlaneError, waitMs: number) => void) | undefined;
}

/** What holds for one call; its limits instead of the client's. */
export interface CallOptions extends CallLimits {
  /**
   * Recognises the call for 24 hours, over all its attempts; a new one for each call when left out. Give one that
   * outlives the process, such as a job's id, or that of the error, to go on with a call whose outcome is unknown.
   */
  idempotencyKey?: string | undefined;
  /** Gives the call up: it rejects with the signal's reason. What was sent by then may have been carried out. */
  signal?: AbortSignal | undefined;
  /** Finds the call in logs and history (`x-request-id`); a new one for each call when left out. */
  requestId?: string | undefined;
}
