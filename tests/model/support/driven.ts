import { operations } from "../../../types/contracts/operations.ts";
import { stateMachines } from "../../../types/state-machines.ts";
import type { Database } from "./database.ts";

/** Events of all machines that no request has carried out in this database yet, as `machine event`. */
export async function undriven(database: Database): Promise<string[]> {
  const found = await database.query<{ machine: string; event: string }>(
    "select distinct machine, event from public.state_transitions where request_id is not null",
  );
  const seen = new Set(found.map(({ machine, event }) => `${machine} ${event}`));
  const events = Object.entries(stateMachines).flatMap(([machine, { events }]) =>
    events.map((event) => `${machine} ${event}`),
  );
  return events.filter((event) => !seen.has(event));
}

/** Operations of the HTTP API that are not among these, by function, method and path. */
export const operationsWithout = (done: Set<string>): string[] =>
  operations.map((found) => `${found.function} ${found.method} ${found.path}`).filter((name) => !done.has(name));
