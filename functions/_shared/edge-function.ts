/** What an `index.ts` calls: it declares routes, everything around them happens here. */

import type { z } from "zod";
import { preflight, responseHeaders } from "./cors.ts";
import { authenticate, type CallerKind } from "./credentials.ts";
import { Exchange } from "./exchange.ts";
import { describeError, writeLog } from "./log.ts";
import { Problem } from "./problem.ts";
import { createRouter, type Router } from "./routing.ts";
import { refuseWhenStopping } from "./stopping.ts";

/** What happens at one method and path. */
export interface Route {
  /** The state machine's event, for history and log. */
  event?: string;
  /** What its body has to be, where it takes one. */
  request?: z.ZodType;
  /** Milliseconds that it may take as a whole, instead of LEO_REQUEST_TIMEOUT_MS. */
  timeoutMs?: number;
  /** Answers, or throws a Problem. */
  handle(exchange: Exchange): Promise<Response>;
}

/** A function: who may call it, and its routes by "METHOD /path/:param" below the function's own path. */
export interface EdgeFunctionDefinition {
  /** The folder's name. */
  name: string;
  /** `anyone`: no credentials needed. */
  callers: CallerKind | "anyone";
  routes: Record<string, Route>;
}

/** The default export of a function, as Supabase and the local server expect it. */
export interface EdgeFunction {
  fetch(request: Request): Promise<Response>;
  /** As declared: what the table of operations in types/contracts is compared with. */
  definition: EdgeFunctionDefinition;
}

/**
 * Makes a function of its routes: preflight, credentials, routing, problems, and on every response request id,
 * timing, CORS and one log line. Never throws: what is not a Problem becomes 500 `internal`.
 */
export function edgeFunction(definition: EdgeFunctionDefinition): EdgeFunction {
  const router = createRouter(definition.name, definition.routes);
  return {
    definition,
    async fetch(request) {
      const exchange = new Exchange(definition.name, request);
      const response = await respond(exchange, definition, router).catch((error) => failure(exchange, error));
      return finish(exchange, response);
    },
  };
}

/** A JSON response. */
export function json(body: unknown, status = 200): Response {
  return Response.json(body, { status });
}

async function respond(exchange: Exchange, definition: EdgeFunctionDefinition, router: Router<Route>) {
  const { request, timing } = exchange;
  const { callers } = definition;
  refuseWhenStopping();
  if (request.method === "OPTIONS") return preflight();
  if (callers !== "anyone") {
    exchange.caller = await timing.measure("auth", () => authenticate(request, callers, exchange.timeToBegin()));
    exchange.log.actor = exchange.caller.actor;
  }
  const { pattern, route, params } = router.match(request.method, new URL(request.url).pathname);
  exchange.params = params;
  exchange.event = route.event;
  if (route.timeoutMs !== undefined) exchange.timeoutMs = route.timeoutMs;
  exchange.log.route = pattern;
  if (route.event !== undefined) exchange.log.event = route.event;
  const response = await route.handle(exchange);
  return request.method === "HEAD" ? new Response(null, response) : response;
}

function failure(exchange: Exchange, error: unknown): Response {
  // Nothing of an unforeseen error is shown; the request id leads to its log line.
  const problem =
    error instanceof Problem
      ? error
      : new Problem("internal", "Quote request_id when you report this.", { cause: error });
  exchange.log.code = problem.code;
  if (problem.status >= 500) exchange.log.error = describeError(problem.options.cause ?? problem);
  return problem.response(exchange.requestId);
}

function finish(exchange: Exchange, response: Response): Response {
  for (const [name, value] of Object.entries(responseHeaders)) response.headers.set(name, value);
  response.headers.set("cache-control", "no-store");
  response.headers.set("x-request-id", exchange.requestId);
  response.headers.set("server-timing", exchange.timing.header());
  if (exchange.log.replayed) response.headers.set("idempotency-replayed", "true");
  exchange.log.status = response.status;
  exchange.log.ms = Math.round(exchange.timing.total * 10) / 10;
  writeLog(exchange.log);
  return response;
}
