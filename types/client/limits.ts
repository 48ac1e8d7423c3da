/** How long a call goes on where neither the client's options nor its own say so. */

import type { Routes } from "../contracts/routes.ts";
import type { CallLimits } from "./options.ts";

type Route = { [G in keyof Routes]: Routes[G][keyof Routes[G]] }[keyof Routes];
type Limits = { [L in keyof CallLimits]-?: number };

/** An attempt has longer than the functions take for a request at most (LEO_REQUEST_TIMEOUT_MS, 30 s), a call two. */
export const usualLimits: Limits = { attempts: 5, attemptTimeoutMs: 35_000, timeoutMs: 90_000 };

/** Of routes for which the functions take longer. */
export const ownLimits: { [R in Route]?: Partial<Limits> } = {
  // 150 s. A second attempt does not analyse again: it is told of the runs that the first one claimed.
  "POST /telemetry-analyzer": { attemptTimeoutMs: 160_000, timeoutMs: 200_000 },
};

/** @param route one of the table of routes */
export function limitsOf(route: string): Limits {
  return { ...usualLimits, ...ownLimits[route as Route] };
}
