/** Routes that move a state machine: evidence in, one call to the database, its answer out. */

import type { z } from "zod";
import type { Event, Machine } from "../../types/state-machines.ts";
import { json, type Route } from "./edge-function.ts";

/** The HTTP status of an answer, where it depends on the answer. */
type StatusOf = (answer: Record<string, unknown>) => number;

/**
 * The route of one move.
 *
 * @param event the state machine's, for history and log
 * @param call the database's function in schema `leo`, which holds the rules
 * @param evidence what a request has to bring along
 * @param status of an answer that is no refusal
 */
export function transition(event: string, call: string, evidence: z.ZodType, status: number | StatusOf = 200): Route {
  return {
    event,
    request: evidence,
    async handle(exchange) {
      // The path before the body: what leads nowhere needs no evidence.
      exchange.entityId();
      const answer = await exchange.transition(call, await exchange.body(evidence));
      return json(answer, typeof status === "number" ? status : status(answer));
    },
  };
}

/**
 * The routes `POST <path>/<event>` of those events of a machine that one function of the database decides.
 *
 * @param path of an entity, such as `/:id`
 * @param evidence what a request has to bring along, by event
 */
export function events<M extends Machine>(
  path: string,
  call: string,
  evidence: Partial<Record<Event<M>, z.ZodType>>,
): Record<string, Route> {
  const routes = Object.entries<z.ZodType>(evidence as Record<string, z.ZodType>);
  return Object.fromEntries(
    routes.map(([event, contract]) => [`POST ${path}/${event}`, transition(event, call, contract)]),
  );
}
