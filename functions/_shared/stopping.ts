/** Whether this process is about to end: what it has begun it finishes, and begins nothing more. */

import { Problem } from "./problem.ts";

let stopping = false;

/** Whether this process is about to end: for work of several steps, which begins no further one. */
export function isStopping(): boolean {
  return stopping;
}

/** Called once by a server that ends in an orderly way. */
export function beginToStop(): void {
  stopping = true;
}

/** @throws Problem `overloaded` once this process is about to end; nothing has happened by then */
export function refuseWhenStopping(): void {
  if (!stopping) return;
  const headers = { "retry-after": "1", connection: "close" };
  throw new Problem("overloaded", "This server is about to stop. Nothing was changed; try again shortly.", { headers });
}
