import type { Operation } from "../../../../types/contracts/operations.ts";
import type { Arena, Exchange } from "./arena.ts";
import type { HttpClient, HttpRequest } from "./http-client.ts";
import { violationOf } from "./invariants.ts";
import { shownExchange, shownRequest } from "./shown.ts";

/** Sends a request to the functions, or through another client. @throws Finding */
export type Send = (request: HttpRequest, client?: HttpClient) => Promise<Exchange>;

/** A request that had no response, or one that is not what every response has to be. */
export class Finding extends Error {
  override name = "Finding";
}

/**
 * A way to send requests.
 *
 * @param operations those that they may reach
 * @param exchanges to which each request is added that was answered
 */
export function sender(arena: Arena, operations: readonly Operation[], exchanges: Exchange[]): Send {
  return async (request, client = arena.functions) => {
    const named = withRequestId(request);
    const answer = await client.send(named).catch((error: Error) => {
      throw new Finding(`no answer: ${error.message}\n${shownRequest(named)}`);
    });
    const exchange = { request: named, answer };
    exchanges.push(exchange);
    const violation = violationOf(exchange, operations, arena.stack.secrets);
    if (violation) throw new Finding(`${violation}\n${shownExchange(exchange)}`);
    return exchange;
  };
}

let requests = 0;

/** Every request has an id of its own, so that what it changes is known; where one is tried out, that is kept. */
function withRequestId(request: HttpRequest): HttpRequest {
  requests += 1;
  const { "x-request-id": given, ...headers } = request.headers;
  if (given === undefined) return { ...request, headers: { ...headers, "x-request-id": `hostile-${requests}` } };
  if (typeof given !== "string" || !/^[\w.:-]{1,100}$/.test(given)) return request;
  return { ...request, headers: { ...headers, "x-request-id": `${given}.${requests}` } };
}
